"""What a model call consumed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one or several model calls, and how long the first token took.

    `estimated` says that the provider did not report figures and they were counted here.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    first_token_seconds: float | None = None
    estimated: bool = False

    @property
    def total_tokens(self) -> int:
        """Prompt and completion together."""
        return self.prompt_tokens + self.completion_tokens

    def plus(self, other: "Usage") -> "Usage":
        """Both together; the first token is that of whichever came first."""
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            first_token_seconds=(
                other.first_token_seconds
                if self.first_token_seconds is None
                else self.first_token_seconds
            ),
            estimated=self.estimated or other.estimated,
        )
