"""Links to files: signed by one key, proven by that and by older ones."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from dify_hex.adapters.security.file_links import HmacFileLinkSigner
from dify_hex.adapters.security.master_key import Keyring, MasterKey
from dify_hex.application.file.ports import FileLink
from dify_hex.domain.shared.ids import FileId, TenantId

OLD, NEW = MasterKey("old", b"o" * 32), MasterKey("new", b"n" * 32)
LINK = FileLink(
    tenant_id=TenantId(UUID(int=1)),
    file_id=FileId(UUID(int=2)),
    expires_at=datetime(2026, 11, 21, 12, tzinfo=UTC),
)


def test_a_signature_is_short_and_fit_for_an_address() -> None:
    signature = HmacFileLinkSigner(Keyring((OLD,))).sign(LINK)

    assert len(signature) == 43
    assert signature.replace("-", "").replace("_", "").isalnum()


def test_a_link_outlives_a_change_of_keys_as_long_as_the_old_one_is_there() -> None:
    signature = HmacFileLinkSigner(Keyring((OLD,))).sign(LINK)

    assert HmacFileLinkSigner(Keyring((NEW, OLD))).is_genuine(LINK, signature)
    assert not HmacFileLinkSigner(Keyring((NEW,))).is_genuine(LINK, signature)


def test_everything_that_a_link_says_is_signed() -> None:
    signer = HmacFileLinkSigner(Keyring((OLD,)))
    signature = signer.sign(LINK)

    assert signer.is_genuine(LINK, signature)
    for other in (
        replace(LINK, tenant_id=TenantId(UUID(int=3))),
        replace(LINK, file_id=FileId(UUID(int=3))),
        replace(LINK, expires_at=LINK.expires_at.replace(year=2027)),
    ):
        assert not signer.is_genuine(other, signature)
