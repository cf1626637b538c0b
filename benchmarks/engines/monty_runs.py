"""Runs one snippet again and again in Monty, each time in a session of its own.

Runs in an environment of its own. A line of JSON asks, `{"code": …, "inputs": …, "rounds": …}`, and
a line answers, `{"seconds": […], "output": …}`.
"""

import json
import sys
import time
from typing import Any

from pydantic_monty import Monty  # type: ignore[import-not-found] # in its own environment alone


def main() -> None:
    """Answer until there are no more questions."""
    with Monty() as pool:
        print(json.dumps({"ready": True}), flush=True)
        for line in sys.stdin:
            asked = json.loads(line)
            print(json.dumps(_timed(pool, asked)), flush=True)


def _timed(pool: Any, asked: dict[str, Any]) -> dict[str, Any]:
    seconds: list[float] = []
    output = None
    for _ in range(asked["rounds"]):
        began = time.perf_counter()
        with pool.checkout() as session:
            output = session.feed_run(asked["code"], inputs=asked["inputs"])
        seconds.append(time.perf_counter() - began)
    return {"seconds": seconds, "output": output}


if __name__ == "__main__":
    main()
