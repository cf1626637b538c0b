"""Requests that nobody would think of: no 5xx, and nothing that the document does not foresee."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    negative_data_rejection,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok

from dify_hex.domain.account.permissions import Role
from tests.contract.running_api import RunningApi
from tests.contract.world import World

#: Ending one's own session, or changing its password, would shut the other requests out.
_NOT_CALLED = ["log_out", "change_password"]
_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


_SETTINGS = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="session")
def world(torn_world: World) -> World:
    return torn_world


@pytest.fixture(scope="session")
def operations(api: RunningApi) -> list[APIOperation[Any, Any, Any, Any]]:
    schema = schemathesis.openapi.from_dict(api.document)
    schema.config.update(base_url=api.url)
    schema.config.checks.negative_data_rejection.expected_statuses = ["4xx"]
    chosen = schema.exclude(operation_id=_NOT_CALLED)
    return [found.ok() for found in chosen.get_all_operations() if isinstance(found, Ok)]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_any_request_gets_an_answer_that_is_foreseen(
    operations: list[APIOperation[Any, Any, Any, Any]], world: World, mode: GenerationMode
) -> None:
    headers = {"authorization": f"Bearer {world.tokens[Role.OWNER]}"}
    failures = []
    for operation in operations:

        @_SETTINGS
        @given(case=operation.as_strategy(generation_mode=mode))
        def try_it(case: Case[Any]) -> None:
            case.call_and_validate(headers=headers, checks=_CHECKS)

        try:
            try_it()
        except Unsatisfiable:
            # Nothing can be wrong with a request that takes nothing.
            continue
        except (FailureGroup, Failure) as failure:
            failures.append(f"{operation.label}\n{failure}")
    assert not failures, "\n\n".join(failures)
