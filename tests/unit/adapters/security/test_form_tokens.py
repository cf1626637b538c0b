"""Tokens of forms prove themselves, and nothing is stored."""

import secrets

import pytest

from dify_hex.adapters.security.form_tokens import HmacFormTokens
from dify_hex.adapters.security.master_key import Keyring, MasterKey
from dify_hex.application.shared.identity import new_id
from dify_hex.application.workflow.form_ports import FormPlace
from dify_hex.domain.shared.ids import FormId, TenantId
from dify_hex.domain.workflow.errors import FormNotFound

OLD, NEW = (MasterKey(name, secrets.token_bytes(32)) for name in ("old", "new"))
PLACE = FormPlace(TenantId(new_id()), FormId(new_id()))


def test_a_token_leads_to_its_form() -> None:
    tokens = HmacFormTokens(Keyring((NEW,)))

    token = tokens.issue(PLACE)

    assert len(token) == 86
    assert tokens.read(token) == PLACE


def test_a_token_outlives_the_change_of_keys() -> None:
    token = HmacFormTokens(Keyring((OLD,))).issue(PLACE)

    assert HmacFormTokens(Keyring((NEW, OLD))).read(token) == PLACE
    with pytest.raises(FormNotFound):
        HmacFormTokens(Keyring((NEW,))).read(token)


@pytest.mark.parametrize("change", [0, 30, 85])
def test_a_token_that_was_changed_leads_nowhere(change: int) -> None:
    tokens = HmacFormTokens(Keyring((NEW,)))
    token = tokens.issue(PLACE)
    other = "A" if token[change] not in "ABCD" else "w"

    with pytest.raises(FormNotFound):
        tokens.read(token[:change] + other + token[change + 1 :])


@pytest.mark.parametrize("token", ["", "a", "ä" * 86, "A" * 40, "A" * 87])
def test_nonsense_leads_nowhere(token: str) -> None:
    with pytest.raises(FormNotFound):
        HmacFormTokens(Keyring((NEW,))).read(token)
