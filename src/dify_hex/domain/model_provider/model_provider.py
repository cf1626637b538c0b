"""A vendor or server of models as one tenant has configured it."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from dify_hex.domain.model_provider.errors import (
    ModelBaseUrlInvalid,
    ModelCredentialRequired,
    ModelExists,
    ModelProviderBuiltIn,
    ModelProviderNameInvalid,
    TooManyModels,
)
from dify_hex.domain.model_provider.events import (
    ModelAdded,
    ModelProviderCreated,
    ModelProviderDeleted,
    ModelProviderDisabled,
    ModelProviderEnabled,
    ModelProviderEvent,
    ModelProviderReconnected,
    ModelProviderRenamed,
    ModelRemoved,
)
from dify_hex.domain.model_provider.kinds import BUILT_IN_PROVIDER, ProviderKind
from dify_hex.domain.model_provider.model import Model
from dify_hex.domain.model_provider.state import Connection, ProviderState
from dify_hex.domain.shared.aggregate import Aggregate
from dify_hex.domain.shared.ids import ModelProviderId, TenantId

MAX_MODELS = 200
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,49}")


class ModelProvider(Aggregate):
    """A provider of a tenant.

    Its name, by which apps refer to it, is its own among the tenant's providers and never that of
    the built-in one. A credential is given for one address: whoever changes the address gives the
    credential again, so that a stored key cannot be led to a server of someone else's.
    """

    def __init__(
        self,
        *,
        id: ModelProviderId,
        tenant_id: TenantId,
        kind: ProviderKind,
        state: ProviderState,
        version: int,
    ) -> None:
        super().__init__(version=version)
        self.id = id
        self.tenant_id = tenant_id
        self.kind = kind
        self._state = state

    @classmethod
    def create(
        cls,
        *,
        id: ModelProviderId,
        tenant_id: TenantId,
        kind: ProviderKind,
        name: str,
        connection: Connection,
        models: Iterable[Model],
        now: datetime,
        by: UUID | None,
    ) -> "ModelProvider":
        """A new, enabled provider.

        Raises:
            ModelProviderNameInvalid, ModelProviderBuiltIn: the name cannot be had.
            ModelBaseUrlInvalid, ModelCredentialRequired: its kind needs what is missing.
            ModelExists, TooManyModels: the models cannot stand together.
        """
        provider = cls(
            id=id,
            tenant_id=tenant_id,
            kind=kind,
            version=0,
            state=ProviderState(
                name=_checked_name(name),
                connection=_checked_connection(kind, connection),
                models=_checked_models(models),
                enabled=True,
                created_at=now,
                created_by=by,
                updated_at=now,
                updated_by=by,
            ),
        )
        provider._changed(
            ModelProviderCreated(
                tenant_id=tenant_id, occurred_at=now, provider_id=id, kind=kind.name
            )
        )
        return provider

    @property
    def state(self) -> ProviderState:
        """Everything the provider remembers; a value, so looking changes nothing."""
        return self._state

    def rename(self, name: str, *, now: datetime, by: UUID | None) -> None:
        """Give it another name; apps that use the old one have to be changed.

        Raises:
            ModelProviderNameInvalid, ModelProviderBuiltIn: the name cannot be had.
        """
        old_name = self._state.name
        if _checked_name(name) != old_name:
            self._become(
                replace(self._state, name=name, updated_at=now, updated_by=by),
                ModelProviderRenamed(
                    tenant_id=self.tenant_id,
                    occurred_at=now,
                    provider_id=self.id,
                    old_name=old_name,
                    new_name=name,
                ),
            )

    def reconnect(self, connection: Connection, *, now: datetime, by: UUID | None) -> None:
        """Replace address and credential.

        Raises:
            ModelBaseUrlInvalid: its kind needs an address.
            ModelCredentialRequired: its kind needs a credential, or the address changed while the
                credential stayed.
        """
        before = self._state.connection
        if connection == before:
            return
        moved = connection.base_url != before.base_url
        if (
            moved
            and connection.credential is not None
            and (connection.credential == before.credential)
        ):
            raise ModelCredentialRequired(kind=self.kind.name)
        self._become(
            replace(
                self._state,
                connection=_checked_connection(self.kind, connection),
                updated_at=now,
                updated_by=by,
            ),
            ModelProviderReconnected(
                tenant_id=self.tenant_id, occurred_at=now, provider_id=self.id
            ),
        )

    def offer(self, models: Iterable[Model], *, now: datetime, by: UUID | None) -> None:
        """Offer exactly these models; the same ones again change nothing.

        Raises:
            ModelExists: two of them have one name.
            TooManyModels: there are more than there may be.
        """
        before, after = self._state.models, _checked_models(models)
        if after == before:
            return
        happened = [
            *(self._model_event(ModelRemoved, gone, now) for gone in before if gone not in after),
            *(self._model_event(ModelAdded, new, now) for new in after if new not in before),
        ]
        self._become(replace(self._state, models=after, updated_at=now, updated_by=by), *happened)

    def disable(self, *, now: datetime, by: UUID | None) -> None:
        """Let its models be used no longer; a second time changes nothing."""
        if self._state.enabled:
            self._become(
                replace(self._state, enabled=False, updated_at=now, updated_by=by),
                ModelProviderDisabled(
                    tenant_id=self.tenant_id, occurred_at=now, provider_id=self.id
                ),
            )

    def enable(self, *, now: datetime, by: UUID | None) -> None:
        """Let its models be used again; a second time changes nothing."""
        if not self._state.enabled:
            self._become(
                replace(self._state, enabled=True, updated_at=now, updated_by=by),
                ModelProviderEnabled(
                    tenant_id=self.tenant_id, occurred_at=now, provider_id=self.id
                ),
            )

    def delete(self, *, now: datetime) -> None:
        """Say that it goes, before its repository forgets it."""
        self._changed(
            ModelProviderDeleted(tenant_id=self.tenant_id, occurred_at=now, provider_id=self.id)
        )

    def _become(self, state: ProviderState, *happened: ModelProviderEvent) -> None:
        self._state = state
        self._changed(*happened)

    def _model_event(
        self, kind: type[ModelAdded] | type[ModelRemoved], model: Model, now: datetime
    ) -> ModelAdded | ModelRemoved:
        return kind(
            tenant_id=self.tenant_id, occurred_at=now, provider_id=self.id, model=model.name
        )


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ModelProviderNameInvalid(name=name)
    if name == BUILT_IN_PROVIDER:
        raise ModelProviderBuiltIn(name=name)
    return name


def _checked_connection(kind: ProviderKind, connection: Connection) -> Connection:
    if kind.needs_base_url and connection.base_url is None:
        raise ModelBaseUrlInvalid(reason="required")
    if kind.needs_key and connection.credential is None:
        raise ModelCredentialRequired(kind=kind.name)
    return connection


def _checked_models(models: Iterable[Model]) -> tuple[Model, ...]:
    ordered = tuple(sorted(models, key=lambda model: model.name))
    if len(ordered) > MAX_MODELS:
        raise TooManyModels(limit=MAX_MODELS)
    for one, next_one in pairwise(ordered):
        if one.name == next_one.name:
            raise ModelExists(model=one.name)
    return ordered
