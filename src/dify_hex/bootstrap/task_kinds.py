"""The kinds of tasks that whoever steers or sweeps them has to know."""

from dify_hex.application.knowledge.task_kinds import KNOWLEDGE_TASKS
from dify_hex.application.task.kinds import TaskKinds

TASK_KINDS = TaskKinds(KNOWLEDGE_TASKS)
