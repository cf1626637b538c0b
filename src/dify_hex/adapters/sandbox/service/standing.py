"""Which walls stand on this machine, and whether they suffice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

#: Without these no code runs, unless the operator names what is done without.
MINIMUM = ("seccomp", "landlock", "rlimits", "network")
#: Either of these keeps code from the network.
_AGAINST_NETWORK = frozenset({"network namespace", "seccomp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The walls as the newest jailed process found them."""

    up: Sequence[str] = ()
    #: Why others are down, by name.
    down: Mapping[str, str] = field(default_factory=dict)
    accepted: Sequence[str] = ()

    @property
    def lacking(self) -> list[str]:
        """Walls of the minimum that are neither up nor accepted as missing."""
        present = set(self.up)
        if present & _AGAINST_NETWORK:
            present.add("network")
        return [wall for wall in MINIMUM if wall not in present and wall not in self.accepted]

    def as_json(self) -> dict[str, object]:
        """For callers and logs."""
        return {"up": list(self.up), "down": dict(self.down), "lacking": self.lacking}
