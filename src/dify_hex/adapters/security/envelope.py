"""Credentials sealed in envelopes: each has a data key of its own, wrapped by the master key's."""

import os
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dify_hex.adapters.security.master_key import KEY_BYTES, Keyring, MasterKey
from dify_hex.application.model_provider.ports import SecretBox
from dify_hex.domain.model_provider.errors import ModelCredentialUnreadable
from dify_hex.domain.shared.values.secret_text import SecretText

_PURPOSE = "credential-envelope"
_FORMAT = b"\x01"
_KEY_ID_BYTES = 12
_NONCE_BYTES = 12
_TAG_BYTES = 16
_HEADER_END = len(_FORMAT) + _KEY_ID_BYTES
_WRAPPED_END = _HEADER_END + _NONCE_BYTES + KEY_BYTES + _TAG_BYTES
_SHORTEST = _WRAPPED_END + _NONCE_BYTES + _TAG_BYTES


class EnvelopeSecretBox(SecretBox):
    """AES-256-GCM twice: a fresh key seals the secret, and a key of the ring seals that one.

    The blob names the key of the ring it was sealed with, so that the current key can be replaced
    while older blobs still open. Header and context are authenticated with both layers.
    """

    def __init__(self, keyring: Keyring) -> None:
        self._current = keyring.current.id
        self._wrapping = {key.id: _wrapping_key(key) for key in keyring.keys}

    def seal(self, secret: SecretText, *, context: str) -> bytes:
        """The secret, encrypted and bound to `context`; never the same bytes twice."""
        header = _FORMAT + self._current.encode("ascii")
        bound_to = _bound_to(header, context)
        data_key = AESGCM.generate_key(8 * KEY_BYTES)
        wrapped = _encrypt(self._wrapping[self._current], data_key, bound_to)
        return header + wrapped + _encrypt(AESGCM(data_key), secret.reveal().encode(), bound_to)

    def open(self, blob: bytes, *, context: str) -> SecretText:
        """The secret again.

        Raises:
            ModelCredentialUnreadable: it was sealed with another key or for another context, or
                the blob was changed.
        """
        envelope = _Envelope.of(blob)
        wrapping = self._wrapping.get(envelope.key_id)
        if wrapping is None:
            raise ModelCredentialUnreadable
        bound_to = _bound_to(envelope.header, context)
        try:
            data_key = _decrypt(wrapping, envelope.wrapped, bound_to)
            return SecretText(_decrypt(AESGCM(data_key), envelope.sealed, bound_to).decode())
        except InvalidTag:
            raise ModelCredentialUnreadable from None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Envelope:
    """The parts of a blob."""

    header: bytes
    wrapped: bytes
    sealed: bytes

    @classmethod
    def of(cls, blob: bytes) -> Self:
        if len(blob) < _SHORTEST or not blob.startswith(_FORMAT):
            raise ModelCredentialUnreadable
        return cls(
            header=blob[:_HEADER_END],
            wrapped=blob[_HEADER_END:_WRAPPED_END],
            sealed=blob[_WRAPPED_END:],
        )

    @property
    def key_id(self) -> str:
        return self.header[len(_FORMAT) :].decode("ascii", "replace")


def _wrapping_key(key: MasterKey) -> AESGCM:
    return AESGCM(key.derive(_PURPOSE))


def _bound_to(header: bytes, context: str) -> bytes:
    return header + context.encode()


def _encrypt(key: AESGCM, text: bytes, bound_to: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + key.encrypt(nonce, text, bound_to)


def _decrypt(key: AESGCM, sealed: bytes, bound_to: bytes) -> bytes:
    return key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to)
