"""The object graph holds together: everything in it can be made, nothing connects while it is."""

import gc
import resource
from pathlib import Path

import pytest
from pydantic import SecretStr

from dify_hex.bootstrap.assembly import make_container, process_name
from dify_hex.bootstrap.container import Container
from dify_hex.bootstrap.http import make_app
from dify_hex.bootstrap.lifespan import run_loops, worker_loops
from dify_hex.bootstrap.process import raise_file_limit, settle_memory
from dify_hex.bootstrap.settings import Settings
from dify_hex.bootstrap.use_case_index import use_case_index

NOWHERE = "postgresql://app:pa55word@127.0.0.1:1/nowhere"


@pytest.fixture
async def container(tmp_path: Path) -> Container:
    settings = Settings(
        home=tmp_path,
        database_url=SecretStr(NOWHERE),
        database_admin_url=SecretStr(NOWHERE),
        database_system_url=SecretStr(NOWHERE),
        redis_url=SecretStr("redis://127.0.0.1:1/0"),
    )
    return make_container(settings, "api")


async def test_everything_that_routes_ask_for_can_be_made(container: Container) -> None:
    index = use_case_index(container)

    assert len(index) > 30
    for wanted, make in index.items():
        assert wanted in type(make()).__mro__, wanted


async def test_a_use_case_is_fresh_for_each_request(container: Container) -> None:
    index = use_case_index(container)
    repeated = [
        wanted.__name__
        for wanted, make in index.items()
        if hasattr(wanted, "execute") and wanted.__name__.startswith("Create") and make() is make()
    ]

    assert not repeated


async def test_every_loop_of_the_worker_can_be_made(container: Container) -> None:
    names = [loop.name for loop in (*run_loops(container), *worker_loops(container))]

    assert len(names) == len(set(names))
    assert {"lease-keeper", "run-claimer", "outbox-relay", "journal-partitions"} <= set(names)
    assert {"job-workers", "job-heartbeats", "lost-jobs"} <= set(names)


async def test_the_application_of_all_slices_holds_together(container: Container) -> None:
    app = make_app(container)

    document = app.state.openapi()

    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len(operations) > 40
    assert all("x-permission" in operation for operation in operations)
    assert all(operation.get("description") for operation in operations)
    assert all(operation["tags"] for operation in operations)


async def test_a_post_that_creates_or_runs_obeys_idempotency_keys(container: Container) -> None:
    document = make_app(container).state.openapi()

    forgotten = [
        operation["operationId"]
        for template, path in document["paths"].items()
        for method, operation in path.items()
        # Doing one of these twice is doing it once, whatever a header says.
        if method == "post"
        and not template.endswith(("/stop", "/pause", "/resume", "/cancel"))
        and {"201", "202"} & operation["responses"].keys()
        # A key belongs to a caller, whom a public route does not know.
        and operation["x-permission"] != "public"
        and all(p["name"] != "Idempotency-Key" for p in operation.get("parameters", ()))
    ]

    assert not forgotten


def test_two_processes_have_two_names() -> None:
    assert process_name("api") != process_name("api")
    assert process_name("worker").startswith("dify-hex worker ")


def test_a_process_may_open_as_many_files_as_it_is_let() -> None:
    limit = raise_file_limit()

    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (limit, limit)


def test_what_stays_until_the_end_is_not_looked_through_again() -> None:
    before = gc.get_threshold()
    try:
        settle_memory()
        assert gc.get_freeze_count() > 1000
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
