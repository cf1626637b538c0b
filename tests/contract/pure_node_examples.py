"""Examples of the nodes that only compute, and of what repeats them."""

from tests.contract.node_examples import (
    ADD_TWO,
    LINE,
    MODEL,
    YES_NO,
    Example,
    asks,
    changes,
    counting,
    decides,
    node,
    sorted_out,
    template,
)

_AFTER_IF = ("start > it", "it:then > yes > end", "it:false > no > end")
_EITHER = {"yes": "it.result", "case": "it.selected_case_id"}

STARTS = (
    Example(
        name="start:everything is left out",
        paths=("start > end",),
        gives={name: f"start.{name}" for name in ("text", "line", "choice", "count", "sure")},
        comes_to={"text": "Hello", "line": "", "choice": "b", "count": 4, "sure": False},
    ),
    Example(
        name="start:everything is given",
        inputs={"text": "T", "line": "L", "choice": "a", "count": 1.5, "sure": True},
        paths=("start > end",),
        gives={name: f"start.{name}" for name in ("text", "line", "choice", "count", "sure")},
        comes_to={"text": "T", "line": "L", "choice": "a", "count": 1.5, "sure": True},
    ),
    Example(
        name="end:parts of values",
        paths=("start > end",),
        gives={"name": "start.data.name", "tag": "start.data.tags.1", "user": "sys.user_id"},
        comes_to={"name": "Ann", "tag": "y", "user": "ann"},
    ),
)
BRANCHES = tuple(
    Example(
        name=f"if-else:{label}",
        nodes=(decides(*conditions, operator=operator), *YES_NO),
        paths=_AFTER_IF,
        gives=_EITHER,
        comes_to={"yes": holds, "case": "then" if holds else "false"},
    )
    for label, conditions, operator, holds in (
        ("contains", [asks("contains", "start.text", "ell")], "and", True),
        ("start with", [asks("start with", "start.text", "x")], "and", False),
        ("all and one not", [asks("is", "start.text", "Hello"), asks(">", "start.count", "9")],
         "and", False),
        ("one of both", [asks("is", "start.text", "Hello"), asks(">", "start.count", "9")],
         "or", True),
        ("a reference", [asks("is", "start.text", "{{#start.text#}}")], "and", True),
        ("a list", [asks("contains", "env.words", "fig")], "and", True),
        ("empty", [asks("empty", "start.line")], "and", True),
        ("a boolean", [asks("is", "start.sure", "false")], "and", True),
    )
)  # fmt: skip
TEMPLATES = (
    Example(
        name="template-transform:filters and conditions",
        nodes=(
            template(
                "it",
                "{{ n | upper }}{% if c > 3 %} many{% endif %} {{ w | join('-') }}",
                n="start.data.name",
                c="start.count",
                w="env.words",
            ),
        ),
        paths=LINE,
        gives={"output": "it.output"},
        comes_to={"output": "ANN many pear-fig-apple"},
    ),
    Example(
        name="variable-aggregator:the first that has a value",
        nodes=(
            decides(asks("is", "start.choice", "a")),
            *YES_NO,
            node("one", "variable-aggregator", variables=[["yes", "output"], ["no", "output"]]),
        ),
        paths=("start > it", "it:then > yes > one", "it:false > no > one", "one > end"),
        gives={"output": "one.output"},
        comes_to={"output": "no"},
    ),
    Example(
        name="variable-aggregator:groups",
        nodes=(
            node(
                "it",
                "variable-aggregator",
                advanced_settings={
                    "group_enabled": True,
                    "groups": [
                        {"group_name": "texts", "variables": [["start", "text"]]},
                        {"group_name": "numbers", "variables": [["start", "count"]]},
                    ],
                },
            ),
        ),
        paths=LINE,
        gives={"text": "it.texts.output", "number": "it.numbers.output"},
        comes_to={"text": "Hello", "number": 4},
    ),
)
LISTS = tuple(
    Example(
        name=f"list-operator:{label}",
        nodes=(sorted_out(**config),),
        paths=LINE,
        gives={"result": "it.result", "first": "it.first_record", "last": "it.last_record"},
        comes_to={
            "result": result,
            "first": result[0] if result else None,
            "last": result[-1] if result else None,
        },
    )
    for label, config, result in (
        ("nothing to do", {}, ["pear", "fig", "apple"]),
        ("filter", {"filter_by": {"enabled": True, "conditions": [
            {"comparison_operator": "contains", "value": "p"}]}}, ["pear", "apple"]),
        ("order", {"order_by": {"enabled": True, "value": "desc"}}, ["pear", "fig", "apple"]),
        ("order and limit", {"order_by": {"enabled": True}, "limit": {"enabled": True, "size": 1}},
         ["apple"]),
        ("extract", {"extract_by": {"enabled": True, "serial": "2"}}, ["fig"]),
        ("nothing is left", {"filter_by": {"enabled": True, "conditions": [
            {"comparison_operator": "is", "value": "plum"}]}}, []),
    )
)  # fmt: skip
_EACH = {"iterator_selector": ["env", "words"], "output_selector": ["in", "output"]}
_LOUD = template("in", "{{ i }}{{ w | upper }}", "it", i="it.index", w="it.item")
_ODD = template("in", "{{ w | int }}", "it", w="it.item")
_CALLS = node(
    "in",
    "llm",
    "it",
    model=MODEL,
    prompt=[{"role": "user", "text": "[[status=400]] {{#it.item#}}"}],
)
ITERATIONS = (
    *(
        Example(
            name=f"iteration:{label}",
            nodes=(node("it", "iteration", **_EACH, **config), _LOUD),
            paths=LINE,
            gives={"all": "it.output"},
            comes_to={"all": ["0PEAR", "1FIG", "2APPLE"]},
        )
        for label, config in (
            ("one after the other", {}),
            ("side by side", {"is_parallel": True, "parallel_nums": 2}),
        )
    ),
    *(
        Example(
            name=f"iteration:a failing item, {mode}",
            nodes=(
                node(
                    "it",
                    "iteration",
                    iterator_selector=["env", "words"],
                    output_selector=["in", "text"],
                    error_handle_mode=mode,
                ),
                _CALLS,
            ),
            paths=LINE,
            gives={"all": "it.output"},
            comes_to={"all": left},
            status="partial_succeeded",
        )
        for mode, left in (
            ("continue-on-error", [None, None, None]),
            ("remove-abnormal-output", []),
        )
    ),
    Example(
        name="iteration:nested, and made flat",
        nodes=(
            node("it", "iteration", iterator_selector=["env", "words"],
                 output_selector=["deep", "output"]),
            node("deep", "iteration", "it", iterator_selector=["env", "numbers"],
                 output_selector=["in", "output"]),
            template("in", "{{ w }}{{ n }}", "deep", w="it.item", n="deep.item"),
        ),
        paths=LINE,
        gives={"all": "it.output"},
        comes_to={"all": [f"{w}{n}" for w in ("pear", "fig", "apple") for n in (3, 1, 2)]},
    ),
)  # fmt: skip
_ROUNDS = {"rounds": "it.loop_round", "total": "it.total"}
LOOPS = (
    Example(
        name="loop:as often as it says",
        nodes=counting(ADD_TWO),
        paths=LINE,
        gives=_ROUNDS,
        comes_to={"rounds": 3, "total": 6},
    ),
    Example(
        name="loop:until a condition holds",
        nodes=counting(ADD_TWO, loop_count=10, break_conditions=[asks("≥", "it.total", "4")]),
        paths=LINE,
        gives=_ROUNDS,
        comes_to={"rounds": 2, "total": 4},
    ),
    Example(
        name="loop-end:leaves at once",
        nodes=(*counting(ADD_TWO, loop_count=10), node("out", "loop-end", "it")),
        paths=(*LINE, "add > out"),
        gives=_ROUNDS,
        comes_to={"rounds": 1, "total": 2},
    ),
    *(
        Example(
            name=f"assigner:{operations}",
            nodes=counting(*(changes(f"it.{what}", *how) for what, *how in items), loop_count=1),
            paths=LINE,
            gives={"total": "it.total", "seen": "it.seen"},
            comes_to={"total": total, "seen": seen},
        )
        for operations, items, total, seen in (
            ("set += -= *= /=", [("total", "set", 8), ("total", "+=", 2), ("total", "-=", 1),
             ("total", "*=", 4), ("total", "/=", 6)], 6.0, []),
            ("over-write extend append", [("seen", "over-write", ["a"]),
             ("seen", "extend", ["b", "c"]), ("seen", "append", "d")], 0, ["a", "b", "c", "d"]),
            ("remove-first remove-last", [("seen", "set", ["a", "b", "c"]),
             ("seen", "remove-first"), ("seen", "remove-last")], 0, ["b"]),
            ("clear", [("total", "set", 3), ("total", "clear"), ("seen", "clear")], 0, []),
        )
    ),
)  # fmt: skip
PURE = (*STARTS, *BRANCHES, *TEMPLATES, *LISTS, *ITERATIONS, *LOOPS)
