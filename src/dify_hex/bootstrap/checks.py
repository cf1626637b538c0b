"""What `/health` asks: database, schema, Redis, object storage, and the model server."""

from collections.abc import Mapping

from dify_hex.adapters.persistence.errors import translating
from dify_hex.adapters.persistence.knowledge.vector_preparation import vectors_are_kept
from dify_hex.application.shared.code_failures import SandboxRefuses
from dify_hex.bootstrap.container import Container
from dify_hex.bootstrap.schema import head_revision, revision_is_head
from dify_hex.domain.knowledge.segment_errors import KnowledgeVectorsUnavailable
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.entrypoints.http.health import Check, Health


def health_of(container: Container) -> Health:
    """The checks of one process over its own connections."""
    shared = container.shared()

    async def database() -> None:
        with translating():
            await shared.pool().fetchval("SELECT 1", timeout=2)

    async def migrations() -> None:
        with translating():
            if not await revision_is_head(shared.pool()):
                raise Unavailable(f"the schema is not at {head_revision()}: run `dify-hex migrate`")

    async def redis() -> None:
        await shared.redis().ping()

    async def storage() -> None:
        # Whether there is such a file does not matter: the answer does.
        await container.objects().files().exists("t/health")

    async def vectors() -> None:
        with translating():
            if not await vectors_are_kept(shared.pool()):
                raise KnowledgeVectorsUnavailable(dependency="database")

    return Health(
        required={"database": database, "migrations": migrations, "redis": redis},
        optional={
            "storage": storage,
            "vectors": vectors,
            **_model_check(container),
            **_sandbox_check(container),
        },
    )


def _model_check(container: Container) -> Mapping[str, Check]:
    shared = container.shared()
    endpoints = shared.endpoints()
    url = endpoints.model_url
    if url is None:
        return {}
    key = endpoints.model_api_key
    headers = {"authorization": f"Bearer {key.get_secret_value()}"} if key else {}

    async def model() -> None:
        answer = await shared.http_client().get(f"{url.rstrip('/')}/models", headers=headers)
        if answer.status_code != 200:
            raise Unavailable(f"the model server answers {answer.status_code}")

    return {"model": model}


def _sandbox_check(container: Container) -> Mapping[str, Check]:
    if container.shared().endpoints().sandbox_url is None:
        return {}

    async def sandbox() -> Mapping[str, object]:
        standing = await container.sandbox().client().standing()
        if lacking := standing["walls"]["lacking"]:
            raise SandboxRefuses(f"no code runs: this machine lacks {', '.join(lacking)}")
        return {"walls": standing["walls"]["up"], "missing": standing["walls"]["down"]}

    return {"sandbox": sandbox}
