"""What a request is made of, and what keeps it from being sent."""

import pytest

from dify_hex.domain.workflow.nodes.http_request import (
    MAX_ITEMS,
    ApiKey,
    ApiKeyType,
    Authorization,
    AuthorizationType,
    BodyItem,
    BodyItemType,
    BodyType,
    HttpRequestConfig,
    RequestBody,
    RequestTimeout,
)
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.graphs import selector


def codes(config: HttpRequestConfig) -> set[tuple[str, str]]:
    assert all(fault.message.endswith(".") for fault in config.faults())
    return {(fault.code, fault.field) for fault in config.faults()}


FILE = BodyItem(key="f", type=BodyItemType.FILE, file=selector("start.file"))
TEXT = BodyItem(key="{{#a.key#}}", value="{{#a.value#}}")


def carrying(kind: BodyType, data: str | tuple[BodyItem, ...]) -> HttpRequestConfig:
    return HttpRequestConfig(url="https://example.com", body=RequestBody(type=kind, data=data))


def authorized(config: ApiKey | None) -> HttpRequestConfig:
    authorization = Authorization(type=AuthorizationType.API_KEY, config=config)
    return HttpRequestConfig(url="https://example.com", authorization=authorization)


def key(kind: ApiKeyType, api_key: str = "{{#env.KEY#}}", header: str = "") -> ApiKey:
    return ApiKey(type=kind, api_key=api_key, header=header)


def test_an_answer_has_a_status_a_body_headers_and_files() -> None:
    assert HttpRequestConfig(url="x").outputs() == {
        "status_code": ValueType.INTEGER,
        "body": ValueType.STRING,
        "headers": ValueType.OBJECT,
        "files": ValueType.FILES,
    }


def test_every_part_may_refer_to_values() -> None:
    config = HttpRequestConfig(
        url="https://{{#a.host#}}",
        authorization=Authorization(
            type=AuthorizationType.API_KEY,
            config=key(ApiKeyType.CUSTOM, header="{{#a.name#}}"),
        ),
        headers="X: {{#a.x#}}",
        params="q: {{#a.q#}}",
        body=RequestBody(type=BodyType.FORM_DATA, data=(TEXT, FILE)),
    )

    assert [(str(each.selector), each.field) for each in config.references()] == [
        ("a.host", "url"),
        ("env.KEY", "authorization.config.api_key"),
        ("a.name", "authorization.config.header"),
        ("a.x", "headers"),
        ("a.q", "params"),
        ("a.key", "body.data.0.key"),
        ("a.value", "body.data.0.value"),
        ("start.file", "body.data.1.file"),
    ]


def test_a_body_may_be_one_text() -> None:
    config = carrying(BodyType.JSON, '{"a": "{{#a.b#}}"}')

    assert [each.field for each in config.references()] == ["body.data"]
    assert [item.value for item in config.body.items] == ['{"a": "{{#a.b#}}"}']


@pytest.mark.parametrize(
    "sound",
    [
        carrying(BodyType.NONE, ""),
        carrying(BodyType.JSON, "{}"),
        carrying(BodyType.RAW_TEXT, (TEXT,)),
        carrying(BodyType.FORM_DATA, (TEXT, FILE)),
        carrying(BodyType.URL_ENCODED, (TEXT, TEXT)),
        carrying(BodyType.BINARY, (FILE,)),
        authorized(key(ApiKeyType.BEARER)),
        authorized(key(ApiKeyType.CUSTOM, header="X-Key")),
        HttpRequestConfig(url="x", headers="A: b\n\nC\n{{#a.header#}}"),
    ],
)
def test_a_sound_request_has_no_faults(sound: HttpRequestConfig) -> None:
    assert codes(sound) == set()


@pytest.mark.parametrize(
    ("faulty", "fault"),
    [
        (HttpRequestConfig(url=" "), ("url_invalid", "url")),
        (HttpRequestConfig(url="x" * 9_000), ("url_invalid", "url")),
        (HttpRequestConfig(url="x", headers=": b"), ("http_line_invalid", "headers")),
        (HttpRequestConfig(url="x", params="a: b\n:"), ("http_line_invalid", "params")),
        (
            HttpRequestConfig(url="x", params="a: b\n" * (MAX_ITEMS + 1)),
            ("http_lines_count", "params"),
        ),
        (authorized(None), ("authorization_incomplete", "authorization.config")),
        (
            authorized(key(ApiKeyType.BASIC, api_key=" ")),
            ("authorization_incomplete", "authorization.config"),
        ),
        (
            authorized(key(ApiKeyType.CUSTOM)),
            ("authorization_incomplete", "authorization.config.header"),
        ),
        (carrying(BodyType.NONE, "text"), ("body_items_count", "body.data")),
        (carrying(BodyType.JSON, (TEXT, TEXT)), ("body_items_count", "body.data")),
        (carrying(BodyType.JSON, (FILE,)), ("body_item_type", "body.data.0.type")),
        (carrying(BodyType.BINARY, (TEXT,)), ("body_file_missing", "body.data.0.file")),
        (
            carrying(BodyType.FORM_DATA, (BodyItem(type=BodyItemType.FILE),)),
            ("body_file_missing", "body.data.0.file"),
        ),
        (
            HttpRequestConfig(url="x", timeout=RequestTimeout(connect=0)),
            ("number_out_of_range", "timeout.connect"),
        ),
        (
            HttpRequestConfig(url="x", timeout=RequestTimeout(read=601)),
            ("number_out_of_range", "timeout.read"),
        ),
    ],
)
def test_each_fault_is_told_with_its_field(
    faulty: HttpRequestConfig, fault: tuple[str, str]
) -> None:
    assert fault in codes(faulty)
