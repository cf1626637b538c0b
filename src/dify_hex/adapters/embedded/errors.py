"""What keeps an embedded part from running, in words for the person who started it."""


class EmbeddedPartFailed(RuntimeError):
    """An embedded part cannot run; the message says which one, why, and what to do."""


class HomeInUse(EmbeddedPartFailed):
    """Another process already runs its parts on this data folder."""
