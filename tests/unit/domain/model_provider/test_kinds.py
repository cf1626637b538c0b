"""The table of kinds: every row can be used, and nothing else can."""

import pytest

from dify_hex.domain.model_provider.addresses import checked_base_url
from dify_hex.domain.model_provider.errors import ModelProviderKindUnknown
from dify_hex.domain.model_provider.kinds import KINDS, kind_named


def test_a_kind_is_found_by_its_name() -> None:
    assert kind_named("openai").label == "OpenAI"


def test_an_unknown_kind_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ModelProviderKindUnknown) as refused:
        kind_named("local")
    assert refused.value.details == {"kind": "local", "known": [*KINDS]}


@pytest.mark.parametrize("name", KINDS)
def test_whoever_speaks_openais_protocol_has_an_address_or_asks_for_one(name: str) -> None:
    kind = KINDS[name]
    assert not kind.speaks_openai or (kind.base_url is None) == kind.needs_base_url


@pytest.mark.parametrize("name", KINDS)
def test_a_kinds_own_address_is_in_its_stored_form(name: str) -> None:
    url = KINDS[name].base_url
    assert url is None or checked_base_url(url, private_allowed=True) == url
