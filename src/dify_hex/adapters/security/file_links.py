"""Links to files, signed with a key that is derived for nothing else."""

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256

from dify_hex.adapters.security.master_key import Keyring, MasterKey
from dify_hex.application.file.ports import FileLink, FileLinkSigner


class HmacFileLinkSigner(FileLinkSigner):
    """HMAC-SHA-256 over everything that a link says; older master keys still prove theirs."""

    def __init__(self, keyring: Keyring) -> None:
        self._keys = tuple(map(_derived, keyring.keys))

    def sign(self, link: FileLink) -> str:
        """A signature of the link, fit for an address."""
        return _signature(self._keys[0], link)

    def is_genuine(self, link: FileLink, signature: str) -> bool:
        """Whether the link was signed here."""
        given = signature.encode()
        return any(hmac.compare_digest(_signature(key, link).encode(), given) for key in self._keys)


def _derived(key: MasterKey) -> bytes:
    return key.derive("file-link")


def _signature(key: bytes, link: FileLink) -> str:
    said = f"{link.tenant_id}.{link.file_id}.{int(link.expires_at.timestamp())}"
    digest = hmac.new(key, said.encode(), sha256).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
