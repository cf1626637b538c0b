"""The shape of the table that routes ask by type; free of any framework, as workers load it too."""

from collections.abc import Callable, Mapping

#: A type, and what makes a fresh instance of it.
UseCaseIndex = Mapping[type, Callable[[], object]]
