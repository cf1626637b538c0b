"""The kinds of tasks that Knowledge asks for, as whoever steers tasks has to know them."""

from dify_hex.application.knowledge.job_requests import (
    DELETE_DOCUMENT,
    DELETE_KNOWLEDGE,
    INDEX_DOCUMENT,
    REEMBED_KNOWLEDGE,
)
from dify_hex.application.task.kinds import TaskKind
from dify_hex.domain.account.permissions import Permission

KNOWLEDGE_TASKS = (
    TaskKind(name=INDEX_DOCUMENT, permission=Permission.KNOWLEDGE_WRITE),
    TaskKind(name=DELETE_DOCUMENT, permission=Permission.KNOWLEDGE_WRITE, is_owed=True),
    TaskKind(name=DELETE_KNOWLEDGE, permission=Permission.KNOWLEDGE_DELETE, is_owed=True),
    TaskKind(name=REEMBED_KNOWLEDGE, permission=Permission.KNOWLEDGE_WRITE, is_owed=True),
)
