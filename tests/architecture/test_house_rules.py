"""The house rules hold, and each is seen to catch what it forbids and to leave the rest alone."""

from pathlib import Path

import pytest

from scripts.house_rules import RULES, violations
from tests.architecture.planting import ROOT, run, write

DOMAIN = "src/dify_hex/domain/app/seed.py"
APPLICATION = "src/dify_hex/application/app/seed.py"
ADAPTER = "src/dify_hex/adapters/redis/seed.py"
HEAD = '"""What stands here, in one sentence."""\n\n'

USE_CASE = '''
class {name}:
    """Says what it does.

    - A rule of the business.
    """

    async def execute(self) -> None:
        """Does it."""
'''


def function_of(lines: int, *, docstring: int = 0) -> str:
    doc = ['    """One.', *["    More."] * (docstring - 2), '    """'] if docstring else []
    return "\n".join(["def long() -> None:", *doc, *["    print()"] * (lines - 1)]) + "\n"


def forwarding(count: int, *, of: int) -> str:
    forwards = [f"def f{n}(a, b):\n    return g(a, b)\n" for n in range(count)]
    works = [f"def w{n}(a):\n    return g(a + 1)\n" for n in range(of - count)]
    return "\n".join(forwards + works)


BREAKING = [
    ("file-length", DOMAIN, "a = 1\n" * 349),
    ("file-length", "tests/unit/test_seed.py", "a = 1\n" * 349),
    ("file-length", "src/dify_hex/adapters/persistence/app/rows.py", "a = 1\n" * 249),
    ("file-length", "src/dify_hex/bootstrap/containers/app.py", "a = 1\n" * 79),
    ("function-length", DOMAIN, function_of(51)),
    ("no-any", DOMAIN, "def f(a: Any) -> None: ...\n"),
    ("no-any", DOMAIN, "def f() -> dict[str, typing.Any]: ...\n"),
    ("no-any", APPLICATION, "async def f(*, a: list[Any]) -> None: ...\n"),
    ("no-any", APPLICATION, "def f(**rest: Any) -> None: ...\n"),
    ("telling-names", "src/dify_hex/domain/app/utils.py", ""),
    ("telling-names", "src/dify_hex/adapters/common/seed.py", ""),
    ("telling-names", "src/dify_hex/domain/app/app_helpers.py", ""),
    ("telling-names", DOMAIN, "class AppManager: ...\n"),
    ("telling-names", DOMAIN, "class SQLClockImpl: ...\n"),
    ("aware-time", ADAPTER, "now = datetime.utcnow()\n"),
    ("one-commit", ADAPTER, "async def f(session):\n    await session.commit()\n"),
    ("one-commit", APPLICATION, "async def f(session):\n    await session.commit()\n"),
    ("one-commit", "src/dify_hex/entrypoints/http/seed.py", "def f(work):\n    work.commit()\n"),
    ("finished", DOMAIN, "a = 1  # TODO: the rest\n"),
    ("finished", "tests/unit/test_seed.py", "a = 1  # FIXME\n"),
    ("reasoned-ignore", ADAPTER, "import b  # type: ignore\n"),
    ("reasoned-ignore", ADAPTER, "import b  # type: ignore[import]\n"),
    ("reasoned-ignore", ADAPTER, "import b  # noqa\n"),
    ("reasoned-ignore", ADAPTER, "import b  # noqa: F401\n"),
    ("no-setters", DOMAIN, "class A:\n    @name.setter\n    def name(self, name): ...\n"),
    ("frozen-values", DOMAIN, "@dataclass\nclass A:\n    a: int\n"),
    ("frozen-values", DOMAIN, "@dataclass(frozen=True)\nclass A:\n    a: int\n"),
    (
        "frozen-values",
        APPLICATION,
        "@dataclass(frozen=True, slots=True)\nclass A:\n" + "    a: int\n" * 4,
    ),
    ("no-http-inside", APPLICATION, "def f(answer):\n    return answer.status_code\n"),
    ("use-case-rules", APPLICATION, "class A:\n    async def execute(self): ...\n"),
    (
        "use-case-rules",
        APPLICATION,
        'class A:\n    """No list."""\n    async def execute(self): ...\n',
    ),
    ("few-forwards", DOMAIN, forwarding(5, of=100)),
    ("few-forwards", ADAPTER, "async def f(self, a, *, b):\n    await self.g(a, b=b)\n"),
]

KEEPING = [
    (DOMAIN, "a = 1\n" * 348),
    (DOMAIN, function_of(50)),
    (DOMAIN, function_of(50, docstring=11)),
    ("tests/unit/test_seed.py", function_of(51)),
    (ADAPTER, "def f(a: Any) -> Any:\n    return a.b\n"),
    (DOMAIN, "class Implementation: ...\n"),
    (APPLICATION, "async def f(work):\n    await work.commit()\n"),
    (
        "src/dify_hex/application/workflow/nodes/seed.py",
        "class A:\n    async def execute(s): ...\n",
    ),
    ("src/dify_hex/adapters/persistence/unit_of_work.py", "def f(s):\n    s.commit()\n"),
    (ADAPTER, "import b  # type: ignore[import-untyped]  # the wheel has no stubs\n"),
    (ADAPTER, "import b  # noqa: F401, E402 - the engine registers itself\n"),
    (ADAPTER, "@dataclass\nclass Counter:\n    a: int\n"),
    ("src/dify_hex/application/workflow/engine/seed.py", "@dataclass\nclass State:\n    a: int\n"),
    (DOMAIN, "@dataclass(frozen=True, slots=True)\nclass A:\n    a: int\n"),
    ("src/dify_hex/entrypoints/http/seed.py", "status_code = 404\n"),
    (APPLICATION, USE_CASE.format(name="PublishApp")),
    (DOMAIN, forwarding(4, of=100)),
    (DOMAIN, "def f(self, a):\n    return self.g(a, 1)\n"),
]


def broken_rules(folder: Path) -> set[str]:
    return {violation.rule for violation in violations(folder)}


@pytest.mark.parametrize(("rule", "path", "code"), BREAKING)
def test_a_violation_is_caught_by_its_rule(rule: str, path: str, code: str, tmp_path: Path) -> None:
    write(tmp_path, path, HEAD + code)

    assert broken_rules(tmp_path) == {rule}


@pytest.mark.parametrize(("path", "code"), KEEPING)
def test_code_within_the_rules_passes(path: str, code: str, tmp_path: Path) -> None:
    write(tmp_path, path, HEAD + code)

    assert broken_rules(tmp_path) == set()


@pytest.mark.parametrize(
    "docstring",
    [
        "",
        '"""No full stop"""',
        '"""One sentence. And another."""',
        "# A comment.",
    ],
)
def test_a_module_without_its_one_sentence_is_caught(docstring: str, tmp_path: Path) -> None:
    write(tmp_path, DOMAIN, f"{docstring}\na = 1\n")

    assert broken_rules(tmp_path) == {"module-docstring"}


def test_a_drawing_may_follow_the_sentence(tmp_path: Path) -> None:
    write(tmp_path, DOMAIN, '"""The tree of errors, e.g. these.\n\nError\n└── Other\n"""\n')

    assert broken_rules(tmp_path) == set()


def test_an_init_file_with_content_is_caught(tmp_path: Path) -> None:
    write(tmp_path, "src/dify_hex/domain/app/__init__.py", '"""Exports."""\n')

    assert broken_rules(tmp_path) == {"empty-init"}


@pytest.mark.parametrize(
    ("slice_name", "caught"), [("app", {"no-chained-use-cases"}), ("workflow", set())]
)
def test_a_use_case_calls_none_of_its_own_slice(
    slice_name: str, caught: set[str], tmp_path: Path
) -> None:
    write(
        tmp_path,
        f"src/dify_hex/application/{slice_name}/rename.py",
        HEAD + USE_CASE.format(name="RenameApp"),
    )
    importing = f"from dify_hex.application.{slice_name}.rename import RenameApp\n"
    write(tmp_path, APPLICATION, HEAD + importing + USE_CASE.format(name="PublishApp"))

    assert broken_rules(tmp_path) == caught


def test_every_rule_has_a_violation_planted_against_it() -> None:
    elsewhere = {"module-docstring", "empty-init", "no-chained-use-cases"}

    assert {rule for rule, _, _ in BREAKING} | elsewhere == {rule.name for rule in RULES}


def test_the_real_tree_breaks_no_rule() -> None:
    assert [str(violation) for violation in violations(ROOT)] == []


def test_the_command_says_where_and_which_rule(tmp_path: Path) -> None:
    write(tmp_path, DOMAIN, HEAD + "a = 1  # TODO\n")
    for script in (ROOT / "scripts").glob("*.py"):
        write(tmp_path, f"scripts/{script.name}", script.read_text("utf-8"))

    outcome = run("python", "-m", "scripts.house_rules", folder=tmp_path)

    assert outcome.code == 1
    assert f"{DOMAIN}:3: TODO: do it or file it [finished]" in outcome.text


def test_the_command_lists_the_rules() -> None:
    outcome = run("python", "-m", "scripts.house_rules", "--list", folder=ROOT)

    assert outcome.code == 0
    assert [line.split()[0] for line in outcome.text.splitlines()] == [rule.name for rule in RULES]
