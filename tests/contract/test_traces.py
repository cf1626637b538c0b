"""A caller's trace goes on where its message leads: to the model's server."""

import httpx

from tests.contract.running_api import RunningApi
from tests.contract.talking import published, said

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
QUERY = "Where does this trace lead?"


async def test_the_models_server_is_told_the_callers_trace(
    client: httpx.AsyncClient, api: RunningApi
) -> None:
    app = await published(client)
    client.headers["traceparent"] = f"00-{TRACE}-00f067aa0ba902b7-01"

    await said(client, app, QUERY)

    model_url = str(api.container.settings().model.url).removesuffix("/v1")
    async with httpx.AsyncClient(trust_env=False) as plain:
        asked = (await plain.get(f"{model_url}/control/requests")).json()
    (trace,) = [request["traceparent"] for request in asked if request["question"] == QUERY]
    assert trace.startswith(f"00-{TRACE}-")
