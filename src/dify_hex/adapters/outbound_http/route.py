"""The way to one server: whose request, which checked addresses, under which name, how secure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What two requests must have in common before they may share a connection.

    Its key takes the host's place where the pool compares origins. So nobody gets a connection
    that was opened for another tenant, to another address, or without TLS being verified.
    """

    tenant: str
    name: str
    addresses: tuple[str, ...]
    is_verified: bool

    @property
    def key(self) -> str:
        """The route in one word of printable ASCII."""
        trust = "verified" if self.is_verified else "unverified"
        return "|".join((self.tenant, trust, self.name, *self.addresses))

    @classmethod
    def read(cls, key: str) -> "Route":
        """The route that has the key."""
        tenant, trust, name, *addresses = key.split("|")
        return cls(
            tenant=tenant,
            name=name,
            addresses=tuple(addresses),
            is_verified=trust == "verified",
        )
