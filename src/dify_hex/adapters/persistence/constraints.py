"""Which domain error a violated constraint means: the one table of it."""

from dify_hex.adapters.persistence.account.rows import (
    ACCOUNT_EMAIL_UNIQUE,
    MEMBERSHIP_UNIQUE,
    TENANT_SLUG_UNIQUE,
)
from dify_hex.adapters.persistence.app.rows import (
    APP_NAME_UNIQUE,
    APP_SLUG_UNIQUE,
    APP_VERSION_NUMBER_UNIQUE,
)
from dify_hex.adapters.persistence.conversation.rows import FEEDBACK_UNIQUE
from dify_hex.adapters.persistence.knowledge.rows import (
    DOCUMENT_CONTENT_UNIQUE,
    KNOWLEDGE_NAME_UNIQUE,
)
from dify_hex.adapters.persistence.model_provider.rows import MODEL_PROVIDER_NAME_UNIQUE
from dify_hex.adapters.persistence.task.rows import SCHEDULE_NAME_UNIQUE, TASK_KEY_UNIQUE
from dify_hex.domain.account.errors import AlreadyMember, EmailTaken, TenantSlugTaken
from dify_hex.domain.app.errors import AppNameTaken, AppSlugTaken
from dify_hex.domain.knowledge.errors import DocumentExists, KnowledgeNameTaken
from dify_hex.domain.model_provider.errors import ModelProviderNameTaken
from dify_hex.domain.shared.errors import DomainError, StaleVersion
from dify_hex.domain.task.errors import TaskKeyBusy

#: Constraint or unique-index name (a constant beside its row class) to the error it means. The
#: error is made without arguments. A constraint that is not here is a bug when it is violated.
CONSTRAINT_ERRORS: dict[str, type[DomainError]] = {
    ACCOUNT_EMAIL_UNIQUE: EmailTaken,
    MEMBERSHIP_UNIQUE: AlreadyMember,
    TENANT_SLUG_UNIQUE: TenantSlugTaken,
    APP_NAME_UNIQUE: AppNameTaken,
    APP_SLUG_UNIQUE: AppSlugTaken,
    APP_VERSION_NUMBER_UNIQUE: StaleVersion,
    MODEL_PROVIDER_NAME_UNIQUE: ModelProviderNameTaken,
    FEEDBACK_UNIQUE: StaleVersion,
    TASK_KEY_UNIQUE: TaskKeyBusy,
    SCHEDULE_NAME_UNIQUE: StaleVersion,
    KNOWLEDGE_NAME_UNIQUE: KnowledgeNameTaken,
    DOCUMENT_CONTENT_UNIQUE: DocumentExists,
}
