"""The document-extractor node: the text of files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.value_type import ValueType


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentExtractorConfig(NodeConfig):
    """Which file; with `is_array_file`, which list of them."""

    type: ClassVar[str] = "document-extractor"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = False

    variable_selector: Selector
    is_array_file: bool = False

    def outputs(self) -> Mapping[str, ValueType]:
        """The text, or a list of the texts."""
        return {"text": ValueType.STRINGS if self.is_array_file else ValueType.STRING}

    def references(self) -> Iterable[Reference]:
        """The file or the files."""
        kind = ValueType.FILES if self.is_array_file else ValueType.FILE
        yield Reference(self.variable_selector, "variable_selector", frozenset({kind}))
