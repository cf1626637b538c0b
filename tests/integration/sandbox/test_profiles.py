"""The other kinds of code: with NumPy and pandas, JavaScript, and templates."""

from pathlib import Path

import pytest

from dify_hex.application.shared.code_failures import (
    CodeFailed,
    ProfileNotInstalled,
    SandboxMemoryExceeded,
    SandboxTimeout,
)
from dify_hex.application.shared.code_sandbox import RENDERED, CodeLimits, CodeProfile, OutputType
from dify_hex.domain.shared.values.json_value import JsonValue
from tests.integration.sandbox.running_sandbox import RunningSandbox, running_sandbox

DATA = CodeProfile.PYTHON_DATA
JAVASCRIPT = CodeProfile.JAVASCRIPT
TEMPLATE = CodeProfile.TEMPLATE


async def test_frames_and_arrays_come_back_as_json(sandbox: RunningSandbox) -> None:
    code = (
        "import numpy as np, pandas as pd\n"
        "def main(rows):\n"
        "    frame = pd.DataFrame(rows)\n"
        "    return {'mean': frame.x.mean(), 'all': frame.x.to_numpy(), 'n': np.int64(3),\n"
        "            'when': pd.Timestamp('2026-01-02'), 'nothing': np.float64('nan')}\n"
    )

    result = await sandbox.run(code, profile=DATA, rows=[{"x": 1}, {"x": 2}])

    assert result.outputs == {
        "mean": 1.5,
        "all": [1, 2],
        "n": 3,
        "when": "2026-01-02T00:00:00",
        "nothing": None,
    }


async def test_more_of_a_library_can_be_imported(sandbox: RunningSandbox) -> None:
    code = (
        "import numpy.polynomial.chebyshev as c, pandas.plotting\n"
        "def main():\n    return {'roots': len(c.chebroots([1, 2, 3]))}"
    )

    assert (await sandbox.run(code, profile=DATA)).outputs == {"roots": 2}


async def test_libraries_cannot_be_changed(sandbox: RunningSandbox) -> None:
    code = "import numpy\ndef main():\n    open(numpy.__file__, 'a')"

    with pytest.raises(CodeFailed, match=r"Read-only file system|Permission denied"):
        await sandbox.run(code, profile=DATA)


async def test_plain_python_has_no_libraries(sandbox: RunningSandbox) -> None:
    with pytest.raises(CodeFailed, match=r"No module named 'numpy'"):
        await sandbox.run("import numpy\ndef main(): return {}")


async def test_a_profile_without_its_libraries_says_what_to_do(tmp_path: Path) -> None:
    with running_sandbox(tmp_path) as sandbox, pytest.raises(ProfileNotInstalled) as failed:
        await sandbox.run("def main(): return {}", profile=DATA)

    assert "DIFY_HEX_SANDBOX_LIBRARIES" in str(failed.value.details["advice"])


async def test_javascript_takes_the_inputs_as_one_object(sandbox: RunningSandbox) -> None:
    code = (
        "function main({a, b}) {\n  console.log('adding', {a});\n"
        "  return {sum: a + b, text: `${a}é`, nothing: null};\n}"
    )

    result = await sandbox.run(
        code, profile=JAVASCRIPT, outputs={"sum": OutputType.NUMBER, "text": OutputType.STRING},
        a=1, b=2,
    )  # fmt: skip

    assert result.outputs == {"sum": 3, "text": "1é"}
    assert result.stdout == 'adding {"a":1}\n'


@pytest.mark.parametrize(
    "code",
    [
        "const main = async ({n}) => { await null; return {n: n + 1}; }",
        "async function main({n}) { return await Promise.resolve({n: n + 1}); }",
        "function main({n}) { return new Promise((done) => done({n: n + 1})); }",
    ],
)
async def test_javascript_may_be_asynchronous(sandbox: RunningSandbox, code: str) -> None:
    assert (await sandbox.run(code, profile=JAVASCRIPT, n=1)).outputs == {"n": 2}


@pytest.mark.parametrize(
    ("code", "line", "word"),
    [
        ("\nfunction main() {\n  throw new TypeError('no');\n}", 3, "TypeError: no"),
        ("\nasync function main() {\n  null.x;\n}", 3, "TypeError"),
        ("\nfunction main( {", 2, "SyntaxError"),
        ("let x = 1", None, "no function main"),
        ("function main() { return new Promise(() => {}); }", None, "never happens"),
        ("function main() { return main(); }", 1, "RangeError|stack"),
    ],
)
async def test_javascripts_failures_say_where(
    sandbox: RunningSandbox, code: str, line: int | None, word: str
) -> None:
    with pytest.raises(CodeFailed, match=word) as failed:
        await sandbox.run(code, profile=JAVASCRIPT)

    assert failed.value.details["line"] == line


@pytest.mark.parametrize(
    "code",
    [
        "std.loadFile('/etc/passwd')",
        "os.exec(['id'])",
        "globalThis.constructor.constructor('return process')().exit()",
        "require('fs')",
        "new Function('return this.__print')().constructor('import os')()",
        "fetch('http://169.254.169.254')",
        "Deno.readTextFile('/etc/passwd')",
        "new Worker('x')",
    ],
)
async def test_javascript_finds_nothing_to_escape_by(sandbox: RunningSandbox, code: str) -> None:
    with pytest.raises(CodeFailed, match="Error"):
        await sandbox.run(f"function main() {{ return {{got: {code}}} }}", profile=JAVASCRIPT)


async def test_javascript_keeps_to_its_limits(sandbox: RunningSandbox) -> None:
    limits = CodeLimits(seconds=0.5, memory_bytes=64 << 20)

    with pytest.raises(SandboxTimeout):
        await sandbox.run("function main() { for (;;); }", profile=JAVASCRIPT, limits=limits)
    code = "function main() { const a = []; for (;;) a.push(new Array(1e6).fill(1)); }"
    with pytest.raises(SandboxMemoryExceeded):
        await sandbox.run(code, profile=JAVASCRIPT, limits=limits)


async def test_a_template_may_do_all_that_jinja_can(sandbox: RunningSandbox) -> None:
    code = (
        "{% macro row(x) %}<{{ x.name|upper }}>{% endmacro %}"
        "{% for x in rows if x.keep %}{{ row(x) }}{% else %}none{% endfor %}"
        "{% for n in range(9) %}{% if n > 1 %}{% break %}{% endif %}{{ n }}{% endfor %}"
        "{{ rows|map(attribute='name')|join('+') }}"
    )
    rows: list[JsonValue] = [{"name": "ä", "keep": True}, {"name": "b", "keep": False}]

    result = await sandbox.run(code, profile=TEMPLATE, rows=rows)

    assert result.outputs == {RENDERED: "<Ä>01ä+b"}


@pytest.mark.parametrize(
    ("code", "line", "word"),
    [
        ("a\n{{ 1 / 0 }}", 2, "ZeroDivisionError"),
        ("a\n{% if %}", 2, "TemplateSyntaxError"),
        ("a\nb\n{{ missing.name.other }}", 3, "UndefinedError"),
        ("{{ x|nothing }}", 1, "nothing"),
    ],
)
async def test_a_templates_failure_says_where(
    sandbox: RunningSandbox, code: str, line: int, word: str
) -> None:
    with pytest.raises(CodeFailed, match=word) as failed:
        await sandbox.run(code, profile=TEMPLATE)

    assert failed.value.details["line"] == line


@pytest.mark.parametrize(
    "code",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ lipsum.__globals__['os'].environ }}",
        "{{ self.__init__.__globals__ }}",
        "{{ x.__reduce_ex__(2) }}",
        "{{ '{0.__class__.__init__.__globals__}'.format(x) }}",
        "{{ (x|attr('__class__')).__mro__ }}",
        "{% for n in range(10 ** 9) %}x{% endfor %}",
        "{{ x.append(1) }}",
    ],
)
async def test_a_template_gets_at_nothing_behind_its_values(
    sandbox: RunningSandbox, code: str
) -> None:
    with pytest.raises(CodeFailed, match=r"SecurityError|UndefinedError|OverflowError"):
        await sandbox.run(code, profile=TEMPLATE, x=[])


async def test_a_template_keeps_to_its_limits(sandbox: RunningSandbox) -> None:
    code = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"

    with pytest.raises(SandboxTimeout):
        await sandbox.run(code, profile=TEMPLATE, limits=CodeLimits(seconds=0.5))
