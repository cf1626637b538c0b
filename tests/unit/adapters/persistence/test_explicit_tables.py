"""The explicit tables of the persistence adapter leave nothing out."""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

import pytest
from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase

import dify_hex.domain
from dify_hex.adapters import persistence
from dify_hex.adapters.persistence.base import Base
from dify_hex.adapters.persistence.constraints import CONSTRAINT_ERRORS
from dify_hex.adapters.persistence.event_codec import UnknownEvent, decode_event
from dify_hex.adapters.persistence.event_types import EVENT_TYPES
from dify_hex.adapters.persistence.metadata import METADATA, ROW_MODULES
from dify_hex.domain.shared.events import DomainEvent


def modules_of(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(found.name)


def test_every_domain_event_is_known_by_its_name() -> None:
    events = {
        member
        for module in modules_of(dify_hex.domain)
        for member in vars(module).values()
        if isinstance(member, type)
        and issubclass(member, DomainEvent)
        and member is not DomainEvent
        and "name" in vars(member)
    }
    assert events == set(EVENT_TYPES.values())
    assert len({event.name for event in events}) == len(events)


def test_an_event_of_an_unknown_name_is_refused() -> None:
    with pytest.raises(UnknownEvent):
        decode_event("nothing.happened", "{}")


def test_every_module_of_rows_is_gathered_for_migrations() -> None:
    modules = {
        module
        for module in modules_of(persistence)
        for member in vars(module).values()
        if isinstance(member, type)
        and issubclass(member, DeclarativeBase)
        and hasattr(member, "__tablename__")
        and member.__module__ == module.__name__
    }
    assert modules == set(ROW_MODULES)
    assert METADATA is Base.metadata


def test_every_rule_of_uniqueness_has_its_error() -> None:
    rules: list[UniqueConstraint | Index] = []
    for table in METADATA.tables.values():
        rules += [rule for rule in table.constraints if isinstance(rule, UniqueConstraint)]
        rules += [index for index in table.indexes if index.unique]
    unknown = {
        rule.name
        for rule in rules
        # No two random secrets have the same hash, and no sequence gives a number twice.
        if rule.name not in CONSTRAINT_ERRORS and not str(rule.name).endswith(("_hash", "_number"))
    }
    assert unknown == set()


@pytest.mark.parametrize("constraint", sorted(CONSTRAINT_ERRORS))
def test_the_error_of_a_constraint_can_be_made_from_nothing(constraint: str) -> None:
    assert CONSTRAINT_ERRORS[constraint]().message
