"""What is wrong in a body is told by the path that its sender wrote, whichever schemas failed."""

import json
from typing import Annotated, Any, Literal, cast

import pytest
from fastapi.exceptions import RequestValidationError
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, TypeAdapter, ValidationError

from dify_hex.entrypoints.http.errors import validation_error
from dify_hex.entrypoints.http.v1.apps.schemas import CreateAppRequest


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Lamp(Strict):
    kind: Literal["lamp"]
    watts: int
    shades: list[int | bool] = []


class Ship(Strict):
    kind: Literal["ship"]
    name: str
    crew: dict[str, "int | Ship"] = {}


class Box(Strict):
    label: str


def shape(value: object) -> str:
    return "box" if isinstance(value, dict) and "label" in value else "number"


class Order(Strict):
    thing: Annotated[Lamp | Ship, Field(discriminator="kind")]
    several: list[Annotated[Lamp | Ship, Field(discriminator="kind")]] = []
    plain: Lamp | Box | None = None
    called: Annotated[
        Annotated[Box, Tag("box")] | Annotated[int, Tag("number")], Discriminator(shape)
    ] = 1
    value: str | int | list[int] = 0


LAMP = {"kind": "lamp", "watts": 5}


def fields_of(found: list[dict[str, Any]], body: object = None) -> list[dict[str, Any]]:
    """What an answer says of the fields."""
    error = validation_error(RequestValidationError(found, body=body))
    return cast("list[dict[str, Any]]", error.details["fields"])


def told(body: object, schema: Any = Order) -> set[str]:
    """The paths of all that is wrong with the body, as an answer shows them."""
    try:
        TypeAdapter(schema).validate_python(body)
    except ValidationError as error:
        found = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
        return {each["field"] for each in fields_of(found, body)}
    raise AssertionError("nothing is wrong with it")


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({}, {"thing"}),
        ({"thing": 1}, {"thing"}),
        ({"thing": {}}, {"thing"}),
        ({"thing": {"kind": "tree"}}, {"thing"}),
        ({"thing": {"kind": "lamp"}}, {"thing.watts"}),
        ({"thing": {**LAMP, "watts": "many"}}, {"thing.watts"}),
        ({"thing": {**LAMP, "shades": [1, "x"]}}, {"thing.shades.1"}),
        ({"thing": {**LAMP, "lamp": 1}}, {"thing.lamp"}),
        ({"thing": {**LAMP, "watts": [], "lamp": {"watts": 1}}}, {"thing.watts", "thing.lamp"}),
        ({"thing": LAMP, "several": [LAMP, {"kind": "ship"}]}, {"several.1.name"}),
        ({"thing": LAMP, "several": {"lamp": 1}}, {"several"}),
        ({"thing": LAMP, "plain": {"watts": 1}}, {"plain.kind", "plain.label", "plain.watts"}),
        ({"thing": LAMP, "plain": 3}, {"plain"}),
        ({"thing": LAMP, "called": {"label": 1}}, {"called.label"}),
        ({"thing": LAMP, "called": "x"}, {"called"}),
        ({"thing": LAMP, "value": {"a": 1}}, {"value"}),
        ({"thing": LAMP, "value": ["x"]}, {"value", "value.0"}),
        (
            {"thing": {"kind": "ship", "name": "s", "crew": {"ship": {"kind": "ship"}}}},
            {"thing.crew.ship", "thing.crew.ship.name"},
        ),
        ({"thing": LAMP, "other": 1}, {"other"}),
        ([], {"body"}),
        (None, {"body"}),
    ],
)
def test_a_path_names_nothing_but_what_was_sent_or_is_missing(
    body: object, paths: set[str]
) -> None:
    assert told(body) == paths


def test_the_configuration_of_an_app_is_no_exception() -> None:
    model = {"provider": 1, "model": "m"}
    sources = {"sources": [{"knowledge_id": "no"}]}
    filters = {"conditions": [{"name": "n", "comparison_operator": "is", "value": {"a": 1}}]}
    configuration = {"mode": "chat", "model": model, "knowledge": {**sources, "filters": filters}}

    assert told(
        {"name": "x", "mode": "chat", "configuration": configuration}, CreateAppRequest
    ) == {
        "configuration.model.provider",
        "configuration.knowledge.sources.0.knowledge_id",
        "configuration.knowledge.filters.conditions.0.value",
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["lamp", "ship", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["thing", "several", "plain", "called", "value", "kind", "lamp"])
            | st.sampled_from(["ship", "Box", "watts", "name", "crew", "label", "int", "str"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_every_path_can_be_followed_to_its_last_part(sent: object) -> None:
    body = json.loads(json.dumps(sent))
    try:
        paths = told(body)
    except AssertionError:
        return
    for path in paths:
        *way, _last = path.split(".")
        value = body
        for part in way:
            value = value[int(part) if isinstance(value, list) else part]
        assert isinstance(value, dict | list) or path == "body"


def test_parameters_are_named_without_the_types_that_were_tried() -> None:
    found: list[dict[str, Any]] = [
        {"loc": ("query", "after", "uuid"), "type": "uuid_parsing", "msg": "", "input": "x"},
        {"loc": ("query", "status", 1, "enum"), "type": "enum", "msg": "", "input": "x"},
    ]

    assert [each["field"] for each in fields_of(found)] == ["after", "status.1"]


def test_what_may_be_sent_is_told_without_the_names_of_our_enumerations() -> None:
    message = "does not match any of the expected tags: <AppMode.CHAT: 'chat'>, <M.A: 'a'>"
    found = [{"loc": ("body",), "type": "union_tag_invalid", "msg": message, "input": {}}]

    (field,) = fields_of(found, {})

    assert field["message"] == "does not match any of the expected tags: 'chat', 'a'"
