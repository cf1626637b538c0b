"""Which domain error a violated constraint means: the one table of it."""

from collections.abc import Mapping

from dify_hex.domain.shared.errors import DomainError

#: Constraint or unique-index name (a constant beside its row class) to the error it means. The
#: error is made without arguments. A constraint that is not here is a bug when it is violated.
CONSTRAINT_ERRORS: Mapping[str, type[DomainError]] = {}
