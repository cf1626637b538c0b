"""The unit of work on PostgreSQL: one transaction, its repositories, its outbox."""

from collections.abc import Sequence
from functools import cached_property
from types import TracebackType
from typing import Self

from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from dify_hex.adapters.persistence.account.repository import (
    SqlAccountRepository,
    SqlApiKeyRepository,
    SqlMembershipRepository,
    SqlOneTimeLinkRepository,
    SqlSessionRepository,
    SqlTenantRepository,
)
from dify_hex.adapters.persistence.app.draft_values import SqlDraftValues
from dify_hex.adapters.persistence.app.repository import (
    SqlAppRepository,
    SqlAppVersionRepository,
)
from dify_hex.adapters.persistence.app.run_retentions import SqlRunRetentions
from dify_hex.adapters.persistence.app.secrets import SqlAppSecretRepository
from dify_hex.adapters.persistence.constraints import CONSTRAINT_ERRORS
from dify_hex.adapters.persistence.conversation.repository import (
    SqlConversationRepository,
    SqlFeedbackRepository,
    SqlMessageRepository,
)
from dify_hex.adapters.persistence.errors import translated, translating
from dify_hex.adapters.persistence.event_codec import encode_event
from dify_hex.adapters.persistence.file.repository import SqlFileRepository
from dify_hex.adapters.persistence.idempotency import SqlStreamClaims
from dify_hex.adapters.persistence.knowledge.keywords import SqlKeywordIndex
from dify_hex.adapters.persistence.knowledge.repository import (
    SqlDocumentRepository,
    SqlKnowledgeRepository,
)
from dify_hex.adapters.persistence.knowledge.segment_repository import SqlSegmentRepository
from dify_hex.adapters.persistence.knowledge.segments import SqlSegmentStore
from dify_hex.adapters.persistence.knowledge.vectors import SqlVectorIndex
from dify_hex.adapters.persistence.model_provider.repository import SqlModelProviderRepository
from dify_hex.adapters.persistence.outbox_rows import ConsumedEventRow, OutboxEventRow
from dify_hex.adapters.persistence.scope import WorkScope
from dify_hex.adapters.persistence.task.jobs import SqlJobs
from dify_hex.adapters.persistence.task.repository import SqlTaskRepository
from dify_hex.adapters.persistence.task.schedules import SqlScheduleRepository
from dify_hex.adapters.persistence.tracker import Tracker
from dify_hex.adapters.persistence.transactions import TenantTransaction
from dify_hex.adapters.persistence.workflow.repository import SqlGraphDocuments, SqlNewRuns
from dify_hex.application.conversation.repeated_turns import RepeatedTurns
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.jobs import JobAnnouncer, JobInvitation, SilentAnnouncer
from dify_hex.application.shared.outbox import ConsumingWork
from dify_hex.domain.shared.events import DomainEvent
from dify_hex.domain.shared.ids import EventId, TenantId

_STORE_EVENTS = insert(OutboxEventRow)
_MARK_CONSUMED = (
    upsert(ConsumedEventRow).on_conflict_do_nothing().returning(ConsumedEventRow.event_id)
)
_NOBODY: JobAnnouncer = SilentAnnouncer()


class SqlUnitOfWork(ConsumingWork):
    """One transaction of one tenant, with every repository; each slice sees its own narrow part.

    A repository is made when it is first asked for. To add one, add a `cached_property` that
    returns `Sql<Aggregate>Repository(self._scope)`.
    """

    def __init__(
        self, engine: AsyncEngine, tenant_id: TenantId, *, announcer: JobAnnouncer = _NOBODY
    ) -> None:
        self._tenant_id = tenant_id
        self._transaction = TenantTransaction(engine, tenant_id)
        self._announcer = announcer
        self._invitations: list[JobInvitation] = []
        self._connection: AsyncConnection
        self._scope: WorkScope

    @cached_property
    def accounts(self) -> SqlAccountRepository:
        """Accounts that are members of the tenant."""
        return SqlAccountRepository(self._scope)

    @cached_property
    def api_keys(self) -> SqlApiKeyRepository:
        """Keys of the tenant."""
        return SqlApiKeyRepository(self._scope)

    @cached_property
    def app_secrets(self) -> SqlAppSecretRepository:
        """Sealed secrets of the tenant's apps."""
        return SqlAppSecretRepository(self._scope)

    @cached_property
    def app_versions(self) -> SqlAppVersionRepository:
        """Published versions of the tenant's apps."""
        return SqlAppVersionRepository(self._scope)

    @cached_property
    def apps(self) -> SqlAppRepository:
        """Apps of the tenant."""
        return SqlAppRepository(self._scope)

    @cached_property
    def conversations(self) -> SqlConversationRepository:
        """Conversations of the tenant's end users."""
        return SqlConversationRepository(self._scope)

    @cached_property
    def documents(self) -> SqlDocumentRepository:
        """Documents of the tenant's Knowledge."""
        return SqlDocumentRepository(self._scope)

    @cached_property
    def draft_values(self) -> SqlDraftValues:
        """The last values of the tenant's drafts."""
        return SqlDraftValues(self._scope)

    @cached_property
    def feedback(self) -> SqlFeedbackRepository:
        """What the tenant's end users think of answers."""
        return SqlFeedbackRepository(self._scope)

    @cached_property
    def files(self) -> SqlFileRepository:
        """Files of the tenant."""
        return SqlFileRepository(self._scope)

    @cached_property
    def graph_documents(self) -> SqlGraphDocuments:
        """The exact graphs of the tenant's versions and runs."""
        return SqlGraphDocuments(self._scope)

    @cached_property
    def knowledge(self) -> SqlKnowledgeRepository:
        """Knowledge of the tenant."""
        return SqlKnowledgeRepository(self._scope)

    @cached_property
    def jobs(self) -> SqlJobs:
        """Takes the tenant's jobs; workers are invited to them after the commit."""
        return SqlJobs(self._scope, self._invitations.append)

    @cached_property
    def keywords(self) -> SqlKeywordIndex:
        """What finds the tenant's segments by their words."""
        return SqlKeywordIndex(self._scope)

    @cached_property
    def memberships(self) -> SqlMembershipRepository:
        """Who belongs to the tenant, and as what."""
        return SqlMembershipRepository(self._scope)

    @property
    def message_turns(self) -> RepeatedTurns:
        """The messages that runs answer."""
        return RepeatedTurns(self)

    @cached_property
    def messages(self) -> SqlMessageRepository:
        """Messages of the tenant's end users."""
        return SqlMessageRepository(self._scope)

    @cached_property
    def model_providers(self) -> SqlModelProviderRepository:
        """Model providers of the tenant."""
        return SqlModelProviderRepository(self._scope)

    @cached_property
    def one_time_links(self) -> SqlOneTimeLinkRepository:
        """Links into the tenant."""
        return SqlOneTimeLinkRepository(self._scope)

    @cached_property
    def segments(self) -> SqlSegmentStore:
        """The segments of the tenant's documents."""
        return SqlSegmentStore(self._scope, self.vectors, self.keywords)

    @cached_property
    def schedules(self) -> SqlScheduleRepository:
        """What asks for the tenant's background jobs by the calendar."""
        return SqlScheduleRepository(self._scope)

    @cached_property
    def run_retentions(self) -> SqlRunRetentions:
        """How long the runs of the tenant's apps are kept."""
        return SqlRunRetentions(self._scope)

    @cached_property
    def sessions(self) -> SqlSessionRepository:
        """Sessions in the tenant."""
        return SqlSessionRepository(self._scope)

    @cached_property
    def single_segments(self) -> SqlSegmentRepository:
        """Segments of the tenant's documents, one at a time."""
        return SqlSegmentRepository(self._scope)

    @cached_property
    def stream_claims(self) -> SqlStreamClaims:
        """Claims on idempotency keys of the tenant."""
        return SqlStreamClaims(self._scope)

    @cached_property
    def tasks(self) -> SqlTaskRepository:
        """The tenant's background jobs."""
        return SqlTaskRepository(self._scope)

    @cached_property
    def tenants(self) -> SqlTenantRepository:
        """The tenant itself."""
        return SqlTenantRepository(self._scope)

    @cached_property
    def vectors(self) -> SqlVectorIndex:
        """What finds the tenant's segments by their meaning."""
        return SqlVectorIndex(self._scope)

    @cached_property
    def workflow_runs(self) -> SqlNewRuns:
        """New runs of the tenant."""
        return SqlNewRuns(self._scope)

    async def __aenter__(self) -> Self:
        with translating():
            self._connection = await self._transaction.begin()
        session = AsyncSession(self._connection, autoflush=False, expire_on_commit=False)
        self._scope = WorkScope(
            tenant_id=self._tenant_id, session=session, tracker=Tracker(session)
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._scope.session.sync_session.expunge_all()
        await self._transaction.close()
        meaning = translated(error, CONSTRAINT_ERRORS) if error is not None else None
        if meaning is not None:
            raise meaning from error

    async def commit(self) -> None:
        """Write back what changed, store its events, and commit.

        When the answer is lost, what was added is looked for once the database is back: it is
        there, and all is well, or nothing was kept.
        """
        with translating(CONSTRAINT_ERRORS):
            events = self._scope.tracker.write_back()
            await self._scope.session.flush()
            await self._store(events)
            await self._transaction.end(self._scope.tracker.trace)
        if self._invitations:
            self._announcer.announce(self._invitations)

    async def mark_consumed(self, handler_name: str, event_id: EventId) -> bool:
        """Record that the handler has had its effect; False when it had it before."""
        recorded = await self._connection.scalar(
            _MARK_CONSUMED,
            {"handler": handler_name, "event_id": event_id, "tenant_id": self._tenant_id},
        )
        return recorded is not None

    async def _store(self, events: Sequence[DomainEvent]) -> None:
        if events:
            await self._connection.execute(
                _STORE_EVENTS,
                [
                    {
                        "id": new_id(),
                        "tenant_id": event.tenant_id,
                        "name": event.name,
                        "payload": encode_event(event),
                        "occurred_at": event.occurred_at,
                    }
                    for event in events
                ],
            )


class BeginSqlWork:
    """Opens units of work on one engine."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    def __call__(self, tenant_id: TenantId) -> SqlUnitOfWork:
        """A unit of work of the tenant, not yet entered."""
        return SqlUnitOfWork(self._engine, tenant_id)
