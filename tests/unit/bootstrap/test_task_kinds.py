"""Whoever steers tasks knows every kind that a worker does."""

import pytest

from dify_hex.application.knowledge.indexing.delete_content import (
    DeleteDocumentContent,
    DeleteKnowledgeContent,
)
from dify_hex.application.knowledge.indexing.index_document import IndexDocument
from dify_hex.application.knowledge.indexing.reembed_knowledge import ReembedKnowledge
from dify_hex.application.shared.actor import Actor, PermissionDenied
from dify_hex.application.shared.jobs import JobHandler
from dify_hex.bootstrap.containers.job_handlers import JobHandlersContainer
from dify_hex.bootstrap.task_kinds import TASK_KINDS
from dify_hex.domain.account.permissions import Role, permissions_of
from tests.builders.task import TENANT, a_task

HANDLERS: list[type[JobHandler]] = [
    DeleteDocumentContent,
    DeleteKnowledgeContent,
    IndexDocument,
    ReembedKnowledge,
]


def test_these_are_all() -> None:
    assert len(JobHandlersContainer.handlers.args) == len(HANDLERS)


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda each: each.kind)
def test_an_operator_steers_none_that_changes_documents(handler: type[JobHandler]) -> None:
    operator = Actor(tenant_id=TENANT, permissions=permissions_of(Role.OPERATOR))
    admin = Actor(tenant_id=TENANT, permissions=permissions_of(Role.ADMIN))
    task = a_task(kind=handler.kind)

    with pytest.raises(PermissionDenied):
        TASK_KINDS.require_steering(operator, task)
    TASK_KINDS.require_steering(admin, task)


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda each: each.kind)
def test_all_but_indexing_is_owed(handler: type[JobHandler]) -> None:
    assert TASK_KINDS.is_owed(a_task(kind=handler.kind)) is (handler is not IndexDocument)
