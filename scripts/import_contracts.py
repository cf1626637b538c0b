"""Two kinds of import contract about foreign packages, which import-linter does not have."""

import sys
from collections.abc import Iterable, Iterator, Sequence

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output
from importlinter.domain.helpers import module_expressions_to_modules
from importlinter.domain.imports import ModuleExpression

Violation = tuple[str, str, int]
"""Importer, imported, line."""


class StandardLibraryOnly(Contract):
    """The given packages import the standard library, less some of it, and named exceptions.

    Options: `source_modules`; `allowed_packages`, the third-party exceptions; `forbidden_modules`,
    top-level modules of the standard library that are refused.
    """

    type_name = "standard_library_only"

    source_modules = fields.SetField(subfield=fields.ModuleExpressionField())
    allowed_packages = fields.SetField(subfield=fields.StringField(), required=False)
    forbidden_modules = fields.SetField(subfield=fields.StringField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002 - interface
        """Fails with every foreign import that is not on the list."""
        forbidden = _strings(self.forbidden_modules)
        allowed = (sys.stdlib_module_names - forbidden) | _strings(self.allowed_packages)
        ours = {module.split(".")[0] for module in graph.modules if "." in module}
        violations = [
            (importer, imported, line)
            for importer in _packages(graph, self.source_modules)
            for imported, line in _imports_of(graph, importer)
            if imported.split(".")[0] not in allowed | ours
        ]
        return _verdict(violations)

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Prints one line for each import."""
        _render(check)


class Confined(Contract):
    """The given foreign packages are imported by some of our packages and by nobody else.

    Options: `packages`, top-level names; `allowed_importers`. A package nobody imports is fine.
    """

    type_name = "confined"

    packages = fields.SetField(subfield=fields.StringField())
    allowed_importers = fields.SetField(subfield=fields.ModuleExpressionField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002 - interface
        """Fails with every import of one of the packages from elsewhere."""
        packages = _strings(self.packages)
        allowed = set(_packages(graph, self.allowed_importers))
        violations = [
            (importer, imported, line)
            for importer in sorted(graph.modules - allowed)
            if not graph.is_module_squashed(importer)
            for imported, line in _imports_of(graph, importer)
            if imported.split(".")[0] in packages
        ]
        return _verdict(violations)

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Prints one line for each import."""
        _render(check)


def _strings(values: object) -> set[str]:
    return {str(value) for value in values} if isinstance(values, Iterable) else set()


def _packages(graph: ImportGraph, expressions: object) -> Sequence[str]:
    if not isinstance(expressions, Iterable):
        return ()
    wanted = [item for item in expressions if isinstance(item, ModuleExpression)]
    modules = module_expressions_to_modules(graph, wanted, as_packages=True)
    return sorted(module.name for module in modules)


def _imports_of(graph: ImportGraph, importer: str) -> Iterator[tuple[str, int]]:
    for imported in sorted(graph.find_modules_directly_imported_by(importer)):
        for detail in graph.get_import_details(importer=importer, imported=imported):
            yield imported, detail["line_number"]


def _verdict(violations: Sequence[Violation]) -> ContractCheck:
    return ContractCheck(kept=not violations, metadata={"violations": violations})


def _render(check: ContractCheck) -> None:
    for importer, imported, line in check.metadata["violations"]:
        output.print_error(f"{importer} imports {imported} (line {line})", bold=False)
    output.new_line()
