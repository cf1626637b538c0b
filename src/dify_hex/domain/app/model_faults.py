"""What can be wrong with the choice of a model and its parameters."""

from collections.abc import Iterator

from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.model_config import ModelConfig, ModelParameters

MAX_NAME_LENGTH = 200
MAX_OUTPUT_TOKENS = 1_000_000
MAX_STOP_SEQUENCES = 16

#: Where each sampling setting may lie, both ends included.
_RANGES: dict[str, tuple[float, float]] = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "max_tokens": (1, MAX_OUTPUT_TOKENS),
    "presence_penalty": (-2, 2),
    "frequency_penalty": (-2, 2),
}


def model_faults(model: ModelConfig, path: str) -> Iterator[Fault]:
    """Everything that is wrong with a model's name and parameters."""
    for field, value in (("provider", model.provider), ("model", model.model)):
        if not value.strip() or len(value) > MAX_NAME_LENGTH:
            yield Fault(
                code="model_not_chosen",
                path=f"{path}.{field}",
                message="Choose a model: its provider and its name, as GET /v1/models lists them.",
            )
    yield from _parameter_faults(model.parameters, f"{path}.parameters")


def _parameter_faults(parameters: ModelParameters, path: str) -> Iterator[Fault]:
    for field, value in _ranged(parameters):
        lowest, highest = _RANGES[field]
        # Written so that a NaN is refused, too.
        if value is not None and not lowest <= value <= highest:
            yield Fault(
                code="model_parameter_out_of_range",
                path=f"{path}.{field}",
                message=f"Use a value from {lowest} to {highest}.",
            )
    if len(parameters.stop) > MAX_STOP_SEQUENCES or not all(parameters.stop):
        yield Fault(
            code="model_stop_invalid",
            path=f"{path}.stop",
            message=f"Use at most {MAX_STOP_SEQUENCES} stop sequences, none of them empty.",
        )


def _ranged(parameters: ModelParameters) -> Iterator[tuple[str, float | None]]:
    yield "temperature", parameters.temperature
    yield "top_p", parameters.top_p
    yield "max_tokens", parameters.max_tokens
    yield "presence_penalty", parameters.presence_penalty
    yield "frequency_penalty", parameters.frequency_penalty
