"""An execution as bytes: what the service must know, and the body that only the cell reads."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import orjson

from dify_hex.adapters.sandbox.jail.wire import Kind, frame
from dify_hex.application.shared.code_sandbox import CodeExecution, CodeFile, CodeInput, OutputType

_FILE_TYPES = frozenset({OutputType.FILE, OutputType.ARRAY_OF_FILES})


@dataclass(frozen=True, slots=True)
class Request:
    """A header for the service, and the frames of the body."""

    header: bytes
    body: Sequence[bytes]


def request_of(execution: CodeExecution, token: str) -> Request:
    """The execution as bytes."""
    plain: dict[str, CodeInput] = {}
    files: list[tuple[Mapping[str, object], bytes]] = []
    for name, value in execution.inputs.items():
        attached = _files_of(value)
        if attached is None:
            plain[name] = value
        for file in attached or ():
            described = {
                "input": name,
                "name": file.name,
                "media_type": file.media_type,
                "many": not isinstance(value, CodeFile),
            }
            files.append((described, file.content))
    program = {
        "code": execution.code,
        "inputs": plain,
        "files": [described for described, _ in files],
        "file_outputs": [name for name, kind in execution.outputs.items() if kind in _FILE_TYPES],
    }
    body = [frame(Kind.PROGRAM, orjson.dumps(program))]
    body += [frame(Kind.FILE, content) for _, content in files]
    header = {
        "token": token,
        "tenant": str(execution.tenant_id),
        "profile": execution.profile.value,
        "limits": asdict(execution.limits),
        "body_bytes": sum(map(len, body)),
    }
    return Request(frame(Kind.RUN, orjson.dumps(header)), body)


def _files_of(value: CodeInput) -> Sequence[CodeFile] | None:
    """The files that an input is; None when it is plain JSON."""
    if isinstance(value, CodeFile):
        return (value,)
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        files = [item for item in value if isinstance(item, CodeFile)]
        return files or None
    return None
