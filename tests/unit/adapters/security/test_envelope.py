"""Sealed credentials open for their own provider and key, and for nothing else."""

from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.adapters.security.envelope import EnvelopeSecretBox
from dify_hex.adapters.security.master_key import Keyring, load_keyring
from dify_hex.domain.model_provider.errors import ModelCredentialUnreadable
from dify_hex.domain.shared.values.secret_text import SecretText

KEY = SecretText("sk-abcdefghijklmnopwxyz")
CONTEXT = "model-provider:tenant:provider"
OLD, NEW = bytes(range(32)), bytes(range(32, 64))


def keyring(folder: Path, *secrets: bytes) -> Keyring:
    path = folder / "keys"
    path.write_bytes(b"".join(urlsafe_b64encode(secret) + b"\n" for secret in secrets))
    path.chmod(0o600)
    return load_keyring(path)


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> EnvelopeSecretBox:
    return EnvelopeSecretBox(keyring(tmp_path_factory.mktemp("old"), OLD))


def test_a_sealed_secret_opens_in_its_context(old: EnvelopeSecretBox) -> None:
    blob = old.seal(KEY, context=CONTEXT)

    assert old.open(blob, context=CONTEXT) == KEY
    assert KEY.reveal().encode() not in blob


def test_the_same_secret_is_never_sealed_the_same_way(old: EnvelopeSecretBox) -> None:
    assert old.seal(KEY, context=CONTEXT) != old.seal(KEY, context=CONTEXT)


def test_a_blob_in_the_row_of_another_provider_does_not_open(old: EnvelopeSecretBox) -> None:
    blob = old.seal(KEY, context=CONTEXT)

    with pytest.raises(ModelCredentialUnreadable):
        old.open(blob, context="model-provider:tenant:another")


def test_what_an_older_key_sealed_still_opens_after_a_rotation(
    old: EnvelopeSecretBox, tmp_path: Path
) -> None:
    rotated = EnvelopeSecretBox(keyring(tmp_path, NEW, OLD))

    assert rotated.open(old.seal(KEY, context=CONTEXT), context=CONTEXT) == KEY
    with pytest.raises(ModelCredentialUnreadable):
        old.open(rotated.seal(KEY, context=CONTEXT), context=CONTEXT)


@given(text=st.text(max_size=200))
def test_any_text_comes_back(old: EnvelopeSecretBox, text: str) -> None:
    secret = SecretText(text)

    assert old.open(old.seal(secret, context=CONTEXT), context=CONTEXT) == secret


@given(data=st.data())
def test_a_blob_with_any_bit_changed_does_not_open(
    old: EnvelopeSecretBox, data: st.DataObject
) -> None:
    blob = bytearray(old.seal(KEY, context=CONTEXT))
    place = data.draw(st.integers(0, len(blob) - 1))
    blob[place] ^= 1 << data.draw(st.integers(0, 7))

    with pytest.raises(ModelCredentialUnreadable):
        old.open(bytes(blob), context=CONTEXT)


@given(data=st.data())
def test_a_blob_that_was_cut_or_made_longer_does_not_open(
    old: EnvelopeSecretBox, data: st.DataObject
) -> None:
    blob = old.seal(KEY, context=CONTEXT)
    cut = blob[: data.draw(st.integers(0, len(blob) - 1))]
    longer = blob + data.draw(st.binary(min_size=1, max_size=40))

    for changed in (cut, longer):
        with pytest.raises(ModelCredentialUnreadable):
            old.open(changed, context=CONTEXT)


@given(noise=st.binary(max_size=200))
def test_noise_does_not_open(old: EnvelopeSecretBox, noise: bytes) -> None:
    with pytest.raises(ModelCredentialUnreadable):
        old.open(noise, context=CONTEXT)


def test_a_credential_of_another_format_does_not_open(old: EnvelopeSecretBox) -> None:
    blob = old.seal(KEY, context=CONTEXT)

    with pytest.raises(ModelCredentialUnreadable):
        old.open(b"\x02" + blob[1:], context=CONTEXT)
