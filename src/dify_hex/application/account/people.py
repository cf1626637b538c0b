"""Telling people from machines."""

from dataclasses import dataclass

from dify_hex.application.shared.actor import Actor
from dify_hex.domain.account.errors import PeopleOnly
from dify_hex.domain.shared.ids import AccountId, SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The person behind a request."""

    account_id: AccountId
    session_id: SessionId


def person_behind(actor: Actor) -> Person:
    """The signed-in person who asks.

    Raises:
        PeopleOnly: it is a machine with a key.
    """
    if actor.account_id is None or actor.session_id is None:
        raise PeopleOnly
    return Person(account_id=actor.account_id, session_id=actor.session_id)
