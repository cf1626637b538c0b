"""What the engine, the validation and the codec ask of every node type's configuration."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import ClassVar

from dify_hex.domain.workflow.faults import ConfigFault
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.value_type import ValueType

#: The exit that every node has; branching nodes name others.
DEFAULT_HANDLE = "source"


class NodeConfig(ABC):
    """One node type's settings: a frozen value that knows what it needs and what it puts out.

    A `pure` type has no effect outside the run, so that it may be computed again after a crash;
    of some types, single nodes are not (`is_pure`).
    """

    type: ClassVar[str]
    schema_version: ClassVar[int]
    pure: ClassVar[bool]
    #: Whether other nodes may name this one as their parent, to be run inside it.
    opens_scope: ClassVar[bool] = False
    #: Whether a secret may be used here: its value goes where the node's author sends it.
    accepts_secrets: ClassVar[bool] = False
    #: Whether the node may put out more than it declares, because others decide what that is.
    open_outputs: ClassVar[bool] = False

    @property
    def is_pure(self) -> bool:
        """Whether this node, as it is configured, follows from the run's values alone."""
        return self.pure

    @abstractmethod
    def outputs(self) -> Mapping[str, ValueType]:
        """What other nodes can select, by name."""

    @abstractmethod
    def references(self) -> Iterable[Reference]:
        """The values that this node needs."""

    def handles(self) -> tuple[str, ...]:
        """The exits by which a run can leave the node."""
        return (DEFAULT_HANDLE,)

    def scope_variables(self) -> Mapping[str, ValueType]:
        """What the nodes inside can select of the container that runs them, by name."""
        return {}

    def inner_references(self) -> Iterable[Reference]:
        """The values that a container takes from among the nodes inside it."""
        return ()

    def assigns(self) -> Iterable[Reference]:
        """The variables, of the conversation or of a loop, that this node gives other values.

        `accepts` are the types of variable that what is done to it works on.
        """
        return ()

    def faults(self) -> Iterable[ConfigFault]:
        """Everything that keeps this configuration from running."""
        return ()
