"""Python code in the sandbox: what it gets, what it gives, and how it fails."""

import pytest

from dify_hex.application.shared.code_failures import (
    CodeFailed,
    CodeOutputInvalid,
    SandboxMemoryExceeded,
    SandboxOutputTooLarge,
    SandboxTimeout,
)
from dify_hex.application.shared.code_sandbox import CodeFile, CodeLimits, OutputType
from tests.integration.sandbox.running_sandbox import RunningSandbox

NUMBERS = {"sum": OutputType.NUMBER}


async def test_main_takes_the_inputs_and_returns_the_outputs(sandbox: RunningSandbox) -> None:
    code = "def main(a, b):\n    return {'sum': a + b, 'other': 1}"

    result = await sandbox.run(code, outputs=NUMBERS, a=2, b=3)

    assert result.outputs == {"sum": 5}
    assert 0 < result.seconds < 4
    assert result.memory_bytes > 1 << 20


async def test_everything_comes_back_when_nothing_is_declared(sandbox: RunningSandbox) -> None:
    code = "def main(text):\n    return {'text': text * 2, 'more': [None, {'é': 1.5}]}"

    result = await sandbox.run(code, text="né")

    assert result.outputs == {"text": "néné", "more": [None, {"é": 1.5}]}


async def test_what_is_printed_comes_back(sandbox: RunningSandbox) -> None:
    code = (
        "import sys\ndef main():\n    print('hé')\n    print('no', file=sys.stderr)\n    return {}"
    )

    result = await sandbox.run(code)

    assert (result.stdout, result.stderr) == ("hé\n", "no\n")


async def test_a_flood_of_prints_is_cut(sandbox: RunningSandbox) -> None:
    code = "def main():\n    for n in range(300_000): print('x' * 20)\n    return {'n': n}"

    result = await sandbox.run(code)

    assert result.outputs == {"n": 299_999}
    assert len(result.stdout) == 1 << 20


@pytest.mark.parametrize(
    "name",
    ["asyncio", "sqlite3", "wave", "xml.etree.ElementTree", "zoneinfo", "email.message", "lzma"],
)
async def test_the_standard_library_is_there(sandbox: RunningSandbox, name: str) -> None:
    result = await sandbox.run(
        f"import {name}\ndef main():\n    return {{'name': {name}.__name__}}"
    )

    assert result.outputs == {"name": name}


async def test_coroutines_and_threads_work(sandbox: RunningSandbox) -> None:
    code = (
        "import asyncio, threading\n"
        "async def soon(): await asyncio.sleep(0.01); return 4\n"
        "def main():\n"
        "    found = []\n"
        "    thread = threading.Thread(target=lambda: found.append(asyncio.run(soon())))\n"
        "    thread.start(); thread.join()\n"
        "    return {'found': found}\n"
    )

    assert (await sandbox.run(code)).outputs == {"found": [4]}


async def test_files_come_in_as_paths_and_go_out_as_content(sandbox: RunningSandbox) -> None:
    code = (
        "from pathlib import Path\n"
        "def main(document, pages):\n"
        "    texts = [Path(page['path']).read_text() for page in pages]\n"
        "    Path('out.txt').write_text('+'.join(texts))\n"
        "    return {'made': 'out.txt', 'all': ['out.txt', document['path']],\n"
        "            'name': document['name'], 'size': document['size']}\n"
    )
    outputs = {
        "made": OutputType.FILE,
        "all": OutputType.ARRAY_OF_FILES,
        "name": OutputType.STRING,
        "size": OutputType.INTEGER,
    }
    pages = [CodeFile(name="p.txt", content=text) for text in (b"one", b"two")]
    document = CodeFile(name="../../d.bin", content=b"\0\1", media_type="x/y")

    result = await sandbox.run(code, outputs=outputs, document=document, pages=pages)

    made = CodeFile(name="out.txt", content=b"one+two", media_type="text/plain")
    assert result.outputs["made"] == made
    assert result.outputs["all"] == [
        made,
        CodeFile(name="d.bin", content=b"\0\1"),
    ]
    assert (result.outputs["name"], result.outputs["size"]) == ("../../d.bin", 2)


async def test_a_failure_shows_the_codes_own_lines(sandbox: RunningSandbox) -> None:
    code = (
        "import json\ndef inner(x):\n    return json.loads(x)\ndef main():\n    return inner('{')"
    )

    with pytest.raises(CodeFailed) as failed:
        await sandbox.run(code)

    details = failed.value.details
    assert details["line"] == 3
    assert str(details["error"]).startswith("JSONDecodeError: ")
    assert 'File "<code>", line 5, in main' in str(details["traceback"])
    assert "decoder.py" not in str(details["traceback"])


@pytest.mark.parametrize(
    ("code", "line", "word"),
    [
        ("x = 1\ndef main(:", 2, "SyntaxError"),
        ("x = 1", None, "no function main"),
        ("x = 1\ndef main(wanted):\n    return {}", 2, "missing 1 required"),
        ("1 / 0\ndef main(): pass", 1, "ZeroDivisionError"),
        ("def main():\n    raise SystemExit(3)", 2, "SystemExit"),
        ("import os\ndef main():\n    os._exit(0)", None, "ended its process"),
        ("def main():\n    return main()", 2, "RecursionError"),
    ],
)
async def test_every_failure_says_where(
    sandbox: RunningSandbox, code: str, line: int | None, word: str
) -> None:
    with pytest.raises(CodeFailed, match=word) as failed:
        await sandbox.run(code)

    assert failed.value.details["line"] == line


@pytest.mark.parametrize(
    ("returned", "kind", "line"),
    [
        ("{'sum': '5'}", "string", 3),
        ("{'sum': None}", "null", 3),
        ("{'sum': True}", "boolean", 3),
        ("{}", "nothing", 3),
    ],
)
async def test_an_output_of_another_type_is_refused(
    sandbox: RunningSandbox, returned: str, kind: str, line: int
) -> None:
    code = f"\ndef main():\n    return {returned}"

    with pytest.raises(CodeOutputInvalid) as failed:
        await sandbox.run(code, outputs=NUMBERS)

    assert failed.value.details == {
        "output": "sum",
        "expected": "number",
        "found": kind,
        "line": line,
    }


@pytest.mark.parametrize("returned", ["5", "{'x': {1, 2}.__len__}", "{'x': float('inf')}", "None"])
async def test_what_is_no_json_is_refused(sandbox: RunningSandbox, returned: str) -> None:
    with pytest.raises(CodeOutputInvalid, match="line 2"):
        await sandbox.run(f"def main():\n    return {returned}")


async def test_a_result_that_contains_itself_is_refused(sandbox: RunningSandbox) -> None:
    with pytest.raises(CodeOutputInvalid):
        await sandbox.run("def main():\n    x = {}; x['x'] = x\n    return x")


async def test_the_time_limit_ends_it_and_shows_what_was_printed(sandbox: RunningSandbox) -> None:
    code = "import time\ndef main():\n    time.sleep(.1); print('at work')\n    while True: pass"

    with pytest.raises(SandboxTimeout) as failed:
        await sandbox.run(code, limits=CodeLimits(seconds=0.5))

    assert failed.value.details == {"limit_seconds": 0.5, "stdout": "at work\n"}


async def test_the_memory_limit_ends_it(sandbox: RunningSandbox) -> None:
    limits = CodeLimits(seconds=4, memory_bytes=64 << 20)

    assert (await sandbox.run("def main():\n  return {'n': len(bytearray(40 << 20))}")).outputs
    with pytest.raises(SandboxMemoryExceeded):
        await sandbox.run("def main():\n  return {'n': len(bytearray(70 << 20))}", limits=limits)


async def test_the_memory_limit_is_told_however_it_was_reached(sandbox: RunningSandbox) -> None:
    limits = CodeLimits(seconds=4, memory_bytes=64 << 20)
    code = "def main():\n  held = []\n  while True: held.append('x' * 1000 + str(len(held)))"

    with pytest.raises(SandboxMemoryExceeded) as failed:
        await sandbox.run(code, limits=limits)

    assert failed.value.details["line"] == 3


async def test_main_may_be_asynchronous(sandbox: RunningSandbox) -> None:
    code = "import asyncio\nasync def main(n):\n  await asyncio.sleep(0)\n  return {'sum': n}"

    assert (await sandbox.run(code, n=3)).outputs == {"sum": 3}
    with pytest.raises(CodeOutputInvalid, match="line 4"):
        await sandbox.run(code, outputs=NUMBERS, n="3")


async def test_the_output_limit_ends_it(sandbox: RunningSandbox) -> None:
    code = "def main(n):\n    return {'text': 'x' * n}"
    limits = CodeLimits(seconds=4, output_bytes=1 << 20)

    assert (await sandbox.run(code, limits=limits, n=1 << 19)).outputs
    with pytest.raises(SandboxOutputTooLarge):
        await sandbox.run(code, limits=limits, n=2 << 20)


async def test_large_results_have_no_other_limit(sandbox: RunningSandbox) -> None:
    code = "def main(items):\n    return {'items': items * 2}"

    result = await sandbox.run(code, items=list(range(200_000)))

    assert result.outputs == {"items": [*range(200_000), *range(200_000)]}


@pytest.mark.parametrize(
    "code",
    [
        # Code that hides in a definition has been run by servers that only meant to check it.
        "def main(x=__import__('os').environ.get('DATABASE_URL')):\n    return {'found': x}",
        """@lambda main: lambda: {'found': __import__('os').environ.get('DATABASE_URL')}
def main(): pass""",
        """
class Meta(type):
    def __call__(cls, **given): return {'found': __import__('os').environ.get('DATABASE_URL')}
class main(metaclass=Meta): pass""",
        """import sys
def main(y: sys.modules.get('dify_hex.bootstrap.settings') = None):
    return {'found': main.__annotations__['y']}""",
    ],
)
async def test_code_in_definitions_runs_behind_the_walls_too(
    sandbox: RunningSandbox, code: str
) -> None:
    assert (await sandbox.run(code)).outputs == {"found": None}
