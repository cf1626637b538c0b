"""Finding everything that keeps a configuration from being published."""

from dify_hex.application.workflow.ports import TemplateRenderer
from dify_hex.domain.app.configuration import Configuration
from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.prompt_template import TemplateReading
from dify_hex.domain.workflow.errors import InvalidTemplate


class ConfigurationInspector:
    """Asks the configuration for its faults, after having its prompt read."""

    def __init__(self, *, templates: TemplateRenderer) -> None:
        self._templates = templates

    def faults(self, configuration: Configuration) -> list[Fault]:
        """Everything that is wrong, in the order of the fields."""
        return configuration.faults(self._read(configuration.prompt.text))

    def _read(self, text: str) -> TemplateReading:
        try:
            return TemplateReading(names=self._templates.check(text))
        except InvalidTemplate as error:
            return TemplateReading(problem=_sentence(error))


def _sentence(error: InvalidTemplate) -> str:
    reason, line = error.details.get("reason"), error.details.get("line")
    where = "" if line is None else f" (line {line})"
    return f"The prompt cannot be used: {reason}{where}." if reason else error.message
