"""Tokens of forms: where the form is, and a proof that it was said here; nothing is stored."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from hashlib import sha256
from uuid import UUID

from dify_hex.adapters.security.master_key import Keyring
from dify_hex.application.workflow.form_ports import FormPlace, FormTokens
from dify_hex.domain.shared.ids import FormId, TenantId
from dify_hex.domain.workflow.errors import FormNotFound

_ID, _PROOF = 16, 32


class HmacFormTokens(FormTokens):
    """HMAC-SHA-256 under a key derived for nothing else; older master keys still prove theirs."""

    def __init__(self, keyring: Keyring) -> None:
        self._keys = tuple(key.derive("form-token") for key in keyring.keys)

    def issue(self, place: FormPlace) -> str:
        """86 characters for an address: both ids and the proof."""
        said = place.tenant_id.bytes + place.form_id.bytes
        return urlsafe_b64encode(said + _proof(self._keys[0], said)).rstrip(b"=").decode()

    def read(self, token: str) -> FormPlace:
        """The place, once the proof is right."""
        try:
            raw = urlsafe_b64decode(token.encode("ascii") + b"==")
        except (NotBase64, ValueError):
            raise FormNotFound from None
        said, proof = raw[: 2 * _ID], raw[2 * _ID :]
        if len(proof) != _PROOF:
            raise FormNotFound
        if not any(hmac.compare_digest(_proof(key, said), proof) for key in self._keys):
            raise FormNotFound
        return FormPlace(TenantId(UUID(bytes=said[:_ID])), FormId(UUID(bytes=said[_ID:])))


def _proof(key: bytes, said: bytes) -> bytes:
    return hmac.new(key, said, sha256).digest()
