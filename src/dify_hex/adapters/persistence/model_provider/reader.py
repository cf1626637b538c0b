"""Looking at model providers and their models, straight from SQL."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select

from dify_hex.adapters.persistence.model_provider.mapper import connection_of, models_of
from dify_hex.adapters.persistence.model_provider.rows import ModelProviderRow
from dify_hex.adapters.persistence.transactions import Reads
from dify_hex.application.model_provider.ports import ModelProviderReader
from dify_hex.application.model_provider.read_models import (
    CallableProvider,
    ModelProviderDetail,
    UsableModel,
)
from dify_hex.domain.model_provider.errors import ModelProviderNotFound
from dify_hex.domain.model_provider.model import ModelType
from dify_hex.domain.shared.ids import ModelProviderId, TenantId
from dify_hex.domain.shared.paging import Page, PageRequest

#: Everything that is shown; the sealed credential is not among it.
_DETAIL = (
    ModelProviderRow.id,
    ModelProviderRow.name,
    ModelProviderRow.kind,
    ModelProviderRow.base_url,
    ModelProviderRow.credential_hint,
    ModelProviderRow.models,
    ModelProviderRow.enabled,
    ModelProviderRow.version,
    ModelProviderRow.created_at,
    ModelProviderRow.updated_at,
)
_CALLABLE = (
    ModelProviderRow.id,
    ModelProviderRow.kind,
    ModelProviderRow.base_url,
    ModelProviderRow.credential,
    ModelProviderRow.credential_hint,
    ModelProviderRow.models,
    ModelProviderRow.enabled,
)
_SORTABLE = {"created_at": ModelProviderRow.created_at, "name": ModelProviderRow.name}


class SqlModelProviderReader(ModelProviderReader):
    """Looks at a tenant's model providers."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def list_providers(
        self, tenant_id: TenantId, page: PageRequest, *, q: str | None = None
    ) -> Page[ModelProviderDetail]:
        """A page of the tenant's providers; sorts by `created_at` and `name`."""
        wanted = [ModelProviderRow.tenant_id == tenant_id]
        if q:
            wanted.append(func.strpos(ModelProviderRow.name, q.lower()) > 0)
        order = [
            _SORTABLE[key.name].desc() if key.descending else _SORTABLE[key.name].asc()
            for key in page.sort
        ]
        descending = bool(page.sort) and page.sort[-1].descending
        statement = (
            select(*_DETAIL)
            .where(*wanted)
            .order_by(*order, ModelProviderRow.id.desc() if descending else ModelProviderRow.id)
            .limit(page.limit)
            .offset(page.offset)
        )
        total = select(func.count()).select_from(ModelProviderRow).where(*wanted)
        async with self._reads(tenant_id) as connection:
            count = (await connection.execute(total)).scalar_one()
            rows = (await connection.execute(statement)).all()
        return Page(
            items=[_detail(row) for row in rows], total=count, page=page.page, limit=page.limit
        )

    async def get_provider(
        self, tenant_id: TenantId, provider_id: ModelProviderId
    ) -> ModelProviderDetail:
        """The provider of that id."""
        statement = select(*_DETAIL).where(
            ModelProviderRow.tenant_id == tenant_id, ModelProviderRow.id == provider_id
        )
        async with self._reads(tenant_id) as connection:
            row = (await connection.execute(statement)).one_or_none()
        if row is None:
            raise ModelProviderNotFound
        return _detail(row)

    async def find_callable(self, tenant_id: TenantId, name: str) -> CallableProvider | None:
        """What a call of the provider of that name needs."""
        statement = select(*_CALLABLE).where(
            ModelProviderRow.tenant_id == tenant_id, ModelProviderRow.name == name
        )
        async with self._reads(tenant_id) as connection:
            row = (await connection.execute(statement)).one_or_none()
        if row is None:
            return None
        return CallableProvider(
            id=ModelProviderId(row.id),
            kind=row.kind,
            connection=connection_of(row.base_url, row.credential, row.credential_hint),
            models=models_of(row.models),
            enabled=row.enabled,
        )

    async def list_usable_models(
        self, tenant_id: TenantId, *, type: ModelType | None = None
    ) -> Sequence[UsableModel]:
        """The models of all enabled providers, by provider and name."""
        statement = (
            select(ModelProviderRow.name, ModelProviderRow.models)
            .where(ModelProviderRow.tenant_id == tenant_id, ModelProviderRow.enabled)
            .order_by(ModelProviderRow.name)
        )
        async with self._reads(tenant_id) as connection:
            rows = (await connection.execute(statement)).all()
        return [
            UsableModel(
                provider=row.name,
                name=model.name,
                type=model.type,
                context_window=model.context_window,
                max_output=model.max_output,
            )
            for row in rows
            for model in models_of(row.models)
            if type is None or model.type is type
        ]


def _detail(row: Row[*tuple[Any, ...]]) -> ModelProviderDetail:
    return ModelProviderDetail(
        id=ModelProviderId(row.id),
        name=row.name,
        kind=row.kind,
        base_url=row.base_url,
        credential_hint=row.credential_hint,
        models=models_of(row.models),
        enabled=row.enabled,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
