"""Deleting a Knowledge."""

from dataclasses import dataclass

from dify_hex.application.knowledge.job_requests import delete_knowledge
from dify_hex.application.knowledge.work import KnowledgeWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import KnowledgeId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteKnowledgeCommand:
    """Which one; `expected_version` None deletes whatever it is now."""

    knowledge_id: KnowledgeId
    expected_version: int | None = None


class DeleteKnowledge:
    """Deletes a Knowledge with everything that it holds.

    - Nobody finds it any more, and its name can be used again, at once.
    - Documents, segments, their places in the indexes and the files that were brought for them are
      removed by a job in the background.
    - Apps that use it go on without it.
    """

    def __init__(self, *, begin: BeginWork[KnowledgeWork], clock: Clock) -> None:
        self._begin = begin
        self._clock = clock

    async def execute(self, actor: Actor, command: DeleteKnowledgeCommand) -> None:
        """Delete it.

        Raises:
            KnowledgeNotFound: there is none.
            StaleVersion: it is not as the caller has seen it.
        """
        actor.require(Permission.KNOWLEDGE_DELETE)
        now, by = self._clock.now(), actor.caller_id
        async with self._begin(actor.tenant_id) as work:
            knowledge = await work.knowledge.get(command.knowledge_id)
            knowledge.expect_version(command.expected_version)
            knowledge.delete(now=now, by=by)
            await work.jobs.enqueue(delete_knowledge(knowledge.id, by=by), now=now)
            await work.commit()
