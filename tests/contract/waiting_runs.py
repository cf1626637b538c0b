"""Runs that wait for a form, and what becomes of them."""

import asyncio
from typing import Any

import httpx

from tests.contract.test_workflows import published, run, workflow

Json = dict[str, Any]


def asking(**fields: Any) -> Json:
    """Start → ask → end, by the action and by the timeout."""
    config = {
        "form_content": "Dear {{#start.name#}}: {{#$output.comment#}}",
        "inputs": [
            {"type": "paragraph", "output_variable_name": "comment"},
            {
                "type": "select",
                "output_variable_name": "grade",
                "option_source": {"type": "constant", "value": ["good", "bad"]},
                "default": {"type": "constant", "value": "good"},
            },
        ],
        "user_actions": [{"id": "approve", "title": "Approve"}, {"id": "reject", "title": "No"}],
        **fields,
    }
    outputs = [
        {"variable": name, "value_selector": ["ask", key]}
        for name, key in (
            ("comment", "comment"),
            ("action", "__action_value"),
            ("text", "__rendered_content"),
        )
    ]
    return {
        "nodes": [
            {
                "id": "start",
                "type": "start",
                "config": {"variables": [{"variable": "name", "type": "text-input"}]},
            },
            {"id": "ask", "type": "human-input", "config": config},
            {"id": "end", "type": "end", "config": {"run_outputs": outputs}},
        ],
        "edges": [
            {"source": "start", "target": "ask"},
            {"source": "ask", "target": "end", "handle": "approve"},
        ],
    }


async def waiting(client: httpx.AsyncClient) -> tuple[str, Json]:
    """A run that waits for a form."""
    app_id = await published(client, workflow(asking()))
    answer = await run(client, app_id)
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert data["status"] == "paused"
    forms = (await client.get(f"/v1/workflow-runs/{data['id']}/forms")).json()["data"]
    assert len(forms) == 1
    return data["id"], forms[0]


async def ended(client: httpx.AsyncClient, run_id: str) -> Json:
    """The run once it has ended."""
    async with asyncio.timeout(15):
        while True:
            data: Json = (await client.get(f"/v1/workflow-runs/{run_id}")).json()["data"]
            if data["progress"] == 100:
                return data
            await asyncio.sleep(0.05)
