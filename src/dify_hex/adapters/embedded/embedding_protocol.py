"""What the embedding model's process is told, and what it is called, without loading it."""

from dataclasses import dataclass

MODEL = "use-multilingual"
#: Numbers of a vector.
DIMENSION = 512
#: Tokens that it is fit for; longer texts are embedded whole, but mean little.
WINDOW = 8192


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Instructions:
    """Where to listen, for whom, and how long to stay when nobody asks."""

    listen: int
    api_key: str
    idle_seconds: float
    threads: int
    parent: int
    uid: int | None
    gid: int | None
