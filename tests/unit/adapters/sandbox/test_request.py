"""An execution as bytes."""

import json

from dify_hex.adapters.sandbox.jail.wire import HEAD_SIZE, Kind, split_frames
from dify_hex.adapters.sandbox.request import request_of
from dify_hex.application.shared.code_sandbox import (
    CodeExecution,
    CodeFile,
    CodeProfile,
    OutputType,
)
from tests.builders.account import TENANT

FILE = CodeFile(name="a.txt", content=b"one", media_type="text/plain")


def test_files_travel_beside_the_inputs() -> None:
    execution = CodeExecution(
        tenant_id=TENANT,
        profile=CodeProfile.PYTHON,
        code="pass",
        inputs={"n": 1, "words": ["a"], "none": [], "file": FILE, "files": [FILE, FILE]},
        outputs={"made": OutputType.FILE, "n": OutputType.NUMBER},
    )

    request = request_of(execution, "token")

    header = json.loads(request.header[HEAD_SIZE:])
    body = b"".join(request.body)
    assert (header["token"], header["tenant"]) == ("token", str(TENANT))
    assert header["body_bytes"] == len(body)
    frames = [(kind, bytes(payload)) for kind, payload in split_frames(body)]
    assert frames[1:] == [(Kind.FILE, b"one")] * 3
    program = json.loads(frames[0][1])
    assert program["inputs"] == {"n": 1, "words": ["a"], "none": []}
    assert [(file["input"], file["many"]) for file in program["files"]] == [
        ("file", False),
        ("files", True),
        ("files", True),
    ]
    assert program["file_outputs"] == ["made"]
