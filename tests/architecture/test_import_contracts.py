"""Every import contract holds, and each is seen to catch what it forbids."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.architecture.planting import ROOT, bare_copy, run, write

CONTRACTS = {
    contract["id"]: contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"][
        "importlinter"
    ]["contracts"]
}


@dataclass(frozen=True, slots=True)
class Plant:
    """Modules (path in the package, one line of code) which together break one contract."""

    contract: str
    modules: tuple[tuple[str, str], ...]


def plant(contract: str, *modules: tuple[str, str]) -> Plant:
    return Plant(contract, modules)


PLANTS = (
    plant("layers", ("application/app/seed.py", "import dify_hex.adapters.redis")),
    plant("layers", ("domain/app/seed.py", "import dify_hex.application.app")),
    plant("layers", ("adapters/redis/seed.py", "import dify_hex.entrypoints.http")),
    plant("layers", ("entrypoints/http/seed.py", "import dify_hex.adapters.redis")),
    plant("layers", ("adapters/redis/seed.py", "import dify_hex.bootstrap")),
    plant("layers", ("elsewhere/seed.py", "")),
    plant("domain-slices", ("domain/app/seed.py", "import dify_hex.domain.account")),
    plant("domain-slices", ("domain/shared/seed.py", "import dify_hex.domain.account")),
    plant("domain-slices", ("domain/newcomer/seed.py", "")),
    plant("application-slices", ("application/account/seed.py", "import dify_hex.application.app")),
    plant("application-slices", ("application/newcomer/seed.py", "")),
    plant("adapters", ("adapters/redis/seed.py", "import dify_hex.adapters.persistence")),
    plant("entrypoints", ("entrypoints/worker/seed.py", "import dify_hex.entrypoints.http")),
    plant(
        "protocols",
        ("entrypoints/http/openai_v1/seed.py", "import dify_hex.entrypoints.http.v1.apps"),
    ),
    plant("pure-domain", ("domain/app/seed.py", "import pydantic")),
    plant("pure-domain", ("domain/app/seed.py", "from asyncio import Lock")),
    plant("pure-domain", ("domain/app/seed.py", "import os.path")),
    plant("pure-domain", ("domain/app/seed.py", "import logging")),
    plant("pure-domain", ("domain/app/seed.py", "import socket")),
    plant("pure-domain", ("domain/app/seed.py", "from time import time")),
    plant("plain-application", ("application/app/seed.py", "import fastapi")),
    plant("plain-application", ("application/app/seed.py", "import structlog")),
    plant("plain-application", ("application/app/seed.py", "import logging")),
    plant("database-driver", ("adapters/redis/seed.py", "from sqlalchemy import text")),
    plant("database-driver", ("entrypoints/http/seed.py", "import asyncpg")),
    plant("object-storage", ("adapters/persistence/seed.py", "import obstore")),
    plant("json-schema", ("adapters/dsl/seed.py", "import jsonschema")),
    plant("text-analysis", ("adapters/persistence/seed.py", "import rjieba")),
    plant("text-analysis", ("application/app/seed.py", "import snowballstemmer")),
    plant("document-readers", ("application/knowledge/seed.py", "import kreuzberg")),
    plant("document-readers", ("adapters/dsl/seed.py", "from charset_normalizer import from_path")),
    plant("litellm", ("adapters/openai/seed.py", "def late() -> None:\n    import litellm")),
    plant("redis-driver", ("adapters/persistence/seed.py", "import redis.asyncio")),
    plant("redis-driver", ("entrypoints/http/seed.py", "from arq import cron")),
    plant("calendar", ("application/task/seed.py", "from croniter import croniter")),
    plant("web-framework", ("entrypoints/worker/seed.py", "import fastapi")),
    plant(
        "web-framework", ("adapters/redis/seed.py", "from sse_starlette import EventSourceResponse")
    ),
    plant("http-clients", ("adapters/redis/seed.py", "import httpx")),
    plant("http-clients", ("application/workflow/nodes/seed.py", "from httpcore import Request")),
    plant("http-clients", ("entrypoints/http/seed.py", "def late() -> None:\n    import aiohttp")),
    plant("injector", ("entrypoints/http/seed.py", "from dependency_injector import containers")),
    plant("embedded-binaries", ("bootstrap/seed.py", "import xllamacpp")),
    plant("jail", ("adapters/sandbox/jail/seed.py", "import orjson")),
    plant("jail", ("adapters/sandbox/jail/seed.py", "import subprocess")),
    plant(
        "service-of-the-sandbox",
        ("adapters/sandbox/service/seed.py", "import dify_hex.domain.app"),
    ),
    plant(
        "rows",
        ("adapters/persistence/app/rows.py", ""),
        ("bootstrap/seed.py", "import dify_hex.adapters.persistence.app.rows"),
    ),
    plant(
        "engine",
        ("application/workflow/nodes/seed.py", ""),
        ("application/workflow/engine/seed.py", "import dify_hex.application.workflow.nodes.seed"),
    ),
    plant(
        "node-executors",
        ("application/workflow/nodes/seed.py", "import dify_hex.application.workflow.nodes.other"),
        ("application/workflow/nodes/other.py", ""),
    ),
    plant(
        "node-configurations",
        ("domain/workflow/nodes/seed.py", "import dify_hex.domain.workflow.nodes.other"),
        ("domain/workflow/nodes/other.py", ""),
    ),
    plant(
        "acyclic",
        ("domain/app/seed.py", "import dify_hex.domain.app.other"),
        ("domain/app/other.py", "import dify_hex.domain.app.seed"),
    ),
)


def test_the_real_tree_keeps_every_contract(tmp_path: Path) -> None:
    outcome = run("lint-imports", "--cache-dir", str(tmp_path), folder=ROOT)

    assert outcome.code == 0, outcome.text


@pytest.mark.parametrize("planted", PLANTS, ids=lambda planted: planted.contract)
def test_a_violation_is_caught_by_its_contract(planted: Plant, tmp_path: Path) -> None:
    folder = bare_copy(tmp_path)
    for path, code in planted.modules:
        write(folder, f"src/dify_hex/{path}", f"{code}\n")

    outcome = run("lint-imports", "--no-cache", "--contract", planted.contract, folder=folder)

    assert outcome.code == 1, outcome.text
    said = " ".join(outcome.text.split())
    assert f"{CONTRACTS[planted.contract]} BROKEN" in said
    assert "seed" in said or "newcomer" in said or "elsewhere" in said


def test_an_unharmed_bare_copy_keeps_every_contract(tmp_path: Path) -> None:
    outcome = run("lint-imports", "--no-cache", folder=bare_copy(tmp_path))

    assert outcome.code == 0, outcome.text


def test_every_contract_has_a_violation_planted_against_it() -> None:
    assert {planted.contract for planted in PLANTS} == set(CONTRACTS)


def test_every_contract_is_named_by_a_sentence() -> None:
    assert all(len(name.split()) >= 4 for name in CONTRACTS.values())
