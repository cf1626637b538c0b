"""What is said of workflows as such over HTTP."""

import httpx
from jsonschema import Draft202012Validator

from dify_hex.application.workflow.nodes.registry import NODE_TYPES


async def test_the_schema_of_graphs_knows_every_node_type(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/workflows/schema")

    assert answer.status_code == 200
    schema = answer.json()["data"]
    Draft202012Validator.check_schema(schema)
    nodes = {
        each["properties"]["type"]["const"]
        for name, each in schema["$defs"].items()
        if name.endswith("Node")
    }
    assert nodes == set(NODE_TYPES)
