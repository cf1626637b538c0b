"""Every router of the native API: one line each, in the order in which requests come past them."""

from fastapi import APIRouter

from dify_hex.entrypoints.http.v1.accounts.router import router as accounts_router
from dify_hex.entrypoints.http.v1.api_keys.router import router as api_keys_router
from dify_hex.entrypoints.http.v1.apps.drafts import router as app_drafts_router
from dify_hex.entrypoints.http.v1.apps.router import router as apps_router
from dify_hex.entrypoints.http.v1.apps.run_branches import router as run_branches_router
from dify_hex.entrypoints.http.v1.apps.run_retention import router as run_retention_router
from dify_hex.entrypoints.http.v1.apps.runs import router as app_runs_router
from dify_hex.entrypoints.http.v1.apps.secrets import router as app_secrets_router
from dify_hex.entrypoints.http.v1.apps.versions import router as app_versions_router
from dify_hex.entrypoints.http.v1.auth.router import router as auth_router
from dify_hex.entrypoints.http.v1.conversations.router import router as conversations_router
from dify_hex.entrypoints.http.v1.documents.router import router as documents_router
from dify_hex.entrypoints.http.v1.documents.steering import router as document_steering_router
from dify_hex.entrypoints.http.v1.files.router import router as files_router
from dify_hex.entrypoints.http.v1.forms.router import router as forms_router
from dify_hex.entrypoints.http.v1.knowledge.preview import router as preview_router
from dify_hex.entrypoints.http.v1.knowledge.retrieval import router as retrieval_router
from dify_hex.entrypoints.http.v1.knowledge.router import router as knowledge_router
from dify_hex.entrypoints.http.v1.members.router import router as members_router
from dify_hex.entrypoints.http.v1.messages.router import router as messages_router
from dify_hex.entrypoints.http.v1.model_providers.router import router as model_providers_router
from dify_hex.entrypoints.http.v1.models.router import router as models_router
from dify_hex.entrypoints.http.v1.segments.router import router as segments_router
from dify_hex.entrypoints.http.v1.setup.router import router as setup_router
from dify_hex.entrypoints.http.v1.tasks.router import router as tasks_router
from dify_hex.entrypoints.http.v1.tenants.router import router as tenants_router
from dify_hex.entrypoints.http.v1.workflow_runs.control import router as run_control_router
from dify_hex.entrypoints.http.v1.workflow_runs.inspection import (
    router as run_inspection_router,
)
from dify_hex.entrypoints.http.v1.workflow_runs.router import router as workflow_runs_router
from dify_hex.entrypoints.http.v1.workflows.router import router as workflows_router

ROUTERS: tuple[APIRouter, ...] = (
    # What is asked most often comes first: a request is compared with one route after the other.
    app_runs_router,
    messages_router,
    auth_router,
    accounts_router,
    tenants_router,
    members_router,
    api_keys_router,
    apps_router,
    app_versions_router,
    app_drafts_router,
    app_secrets_router,
    run_retention_router,
    conversations_router,
    files_router,
    knowledge_router,
    preview_router,
    retrieval_router,
    documents_router,
    document_steering_router,
    segments_router,
    workflows_router,
    workflow_runs_router,
    run_inspection_router,
    run_control_router,
    run_branches_router,
    forms_router,
    tasks_router,
    model_providers_router,
    models_router,
    setup_router,
)
