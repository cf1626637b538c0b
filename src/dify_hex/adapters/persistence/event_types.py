"""Every domain event by its public name: how the outbox finds the class of a stored event."""

from dify_hex.domain.account.events import (
    AccountLocked,
    AccountLoggedIn,
    ApiKeyCreated,
    ApiKeyRevoked,
    LoggedOutEverywhere,
    MemberAdded,
    MemberRemoved,
    MembershipRoleChanged,
    PasswordChanged,
    SessionReuseDetected,
    SessionRevoked,
    TenantCreated,
    TenantRenamed,
    TenantStatusChanged,
)
from dify_hex.domain.app.events import (
    AppArchived,
    AppCreated,
    AppDeleted,
    AppPublished,
    AppUnarchived,
)
from dify_hex.domain.conversation.events import (
    ConversationDeleted,
    FeedbackGiven,
    FeedbackWithdrawn,
)
from dify_hex.domain.knowledge.events import (
    DocumentAdded,
    DocumentDeleted,
    DocumentIndexed,
    DocumentIndexingFailed,
    KnowledgeConfigured,
    KnowledgeCreated,
    KnowledgeDeleted,
)
from dify_hex.domain.model_provider.events import (
    ModelAdded,
    ModelProviderCreated,
    ModelProviderDeleted,
    ModelProviderDisabled,
    ModelProviderEnabled,
    ModelProviderReconnected,
    ModelProviderRenamed,
    ModelRemoved,
)
from dify_hex.domain.shared.events import DomainEvent
from dify_hex.domain.task.events import TaskFailed
from dify_hex.domain.workflow.events import (
    WorkflowRunFailed,
    WorkflowRunFinished,
    WorkflowRunPaused,
)

_EVENTS: tuple[type[DomainEvent], ...] = (
    AccountLocked,
    AccountLoggedIn,
    ApiKeyCreated,
    ApiKeyRevoked,
    LoggedOutEverywhere,
    MemberAdded,
    MemberRemoved,
    MembershipRoleChanged,
    PasswordChanged,
    SessionReuseDetected,
    SessionRevoked,
    TenantCreated,
    TenantRenamed,
    TenantStatusChanged,
    AppArchived,
    AppCreated,
    AppDeleted,
    AppPublished,
    AppUnarchived,
    ConversationDeleted,
    FeedbackGiven,
    FeedbackWithdrawn,
    DocumentAdded,
    DocumentDeleted,
    DocumentIndexed,
    DocumentIndexingFailed,
    KnowledgeConfigured,
    KnowledgeCreated,
    KnowledgeDeleted,
    ModelAdded,
    ModelProviderCreated,
    ModelProviderDeleted,
    ModelProviderDisabled,
    ModelProviderEnabled,
    ModelProviderReconnected,
    ModelProviderRenamed,
    ModelRemoved,
    TaskFailed,
    WorkflowRunFailed,
    WorkflowRunFinished,
    WorkflowRunPaused,
)

EVENT_TYPES: dict[str, type[DomainEvent]] = {event.name: event for event in _EVENTS}
