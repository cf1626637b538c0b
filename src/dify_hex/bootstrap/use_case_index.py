"""What routes may ask for by type, from every slice; checked when the process starts."""

from dify_hex.bootstrap.container import Container
from dify_hex.bootstrap.containers.account import account_use_cases
from dify_hex.bootstrap.containers.app import app_use_cases
from dify_hex.bootstrap.containers.app_runs import app_run_use_cases
from dify_hex.bootstrap.containers.app_supplies import app_supply_use_cases
from dify_hex.bootstrap.containers.conversation import conversation_use_cases
from dify_hex.bootstrap.containers.drafts import draft_use_cases
from dify_hex.bootstrap.containers.file import file_use_cases
from dify_hex.bootstrap.containers.knowledge import knowledge_use_cases
from dify_hex.bootstrap.containers.model_provider import model_use_cases
from dify_hex.bootstrap.containers.reading import reading_use_cases
from dify_hex.bootstrap.containers.retrieval import retrieval_use_cases
from dify_hex.bootstrap.containers.run_branches import run_branch_use_cases
from dify_hex.bootstrap.containers.run_control import run_control_use_cases
from dify_hex.bootstrap.containers.run_history import run_history_use_cases
from dify_hex.bootstrap.containers.run_storage import run_storage_use_cases
from dify_hex.bootstrap.containers.segment import segment_use_cases
from dify_hex.bootstrap.containers.task import task_use_cases
from dify_hex.bootstrap.containers.workflow import workflow_use_cases
from dify_hex.bootstrap.index import UseCaseIndex


def use_case_index(container: Container) -> UseCaseIndex:
    """One table of all slices: a type, and the provider that makes it."""
    return {
        **account_use_cases(container.account()),
        **app_use_cases(container.apps()),
        **app_run_use_cases(container.app_runs()),
        **app_supply_use_cases(container.supplies()),
        **conversation_use_cases(container.conversation()),
        **draft_use_cases(container.drafts()),
        **file_use_cases(container.files()),
        **knowledge_use_cases(container.knowledge()),
        **model_use_cases(container.models()),
        **reading_use_cases(container.reading()),
        **retrieval_use_cases(container.retrieval()),
        **run_branch_use_cases(container.run_branches()),
        **run_control_use_cases(container.run_control()),
        **run_history_use_cases(container.run_history()),
        **run_storage_use_cases(container.run_storage()),
        **segment_use_cases(container.segments()),
        **task_use_cases(container.tasks()),
        **workflow_use_cases(container.workflow()),
    }
