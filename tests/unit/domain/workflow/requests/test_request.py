"""A request as a run asks for it: every part, with the run's values in place."""

from base64 import b64decode
from dataclasses import replace

import pytest

from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.errors import RequestUnusable
from dify_hex.domain.workflow.nodes.http_request import (
    ApiKey,
    ApiKeyType,
    Authorization,
    AuthorizationType,
    BodyItem,
    BodyItemType,
    BodyType,
    HttpMethod,
    HttpRequestConfig,
    RequestBody,
)
from dify_hex.domain.workflow.requests.request import (
    Body,
    FileBody,
    FilePart,
    FormBody,
    PreparedRequest,
    TextBody,
    prepare_request,
)
from dify_hex.domain.workflow.requests.written import Field, Written
from tests.builders.variables import at, file, pool_of

CAT, DOG = file("cat.png"), file("dog.png")
VALUES = pool_of(
    start={
        "q": "a & b",
        "cat": CAT.to_json(),
        "pets": [CAT.to_json(), DOG.to_json()],
        "none": None,
        "empty": [],
    },
    env={"TOKEN": "s3cret", "LOGIN": "ada:pass"},
)
CONFIG = HttpRequestConfig(url="https://a.example/x")


def prepared(config: HttpRequestConfig) -> PreparedRequest:
    return prepare_request(config, VALUES)


def body(type: BodyType, *items: BodyItem, text: str = "") -> Body | None:
    wanted = RequestBody(type=type, data=text or items)
    return prepared(replace(CONFIG, body=wanted)).body


def authorized(type: ApiKeyType, key: str, header: str = "") -> tuple[Field, ...]:
    config = ApiKey(type=type, api_key=key, header=header)
    return prepared(
        replace(
            CONFIG,
            authorization=Authorization(type=AuthorizationType.API_KEY, config=config),
            headers="authorization: mine\nx-key: mine too\nAccept: any",
        )
    ).headers


@pytest.mark.parametrize("method", list(HttpMethod))
def test_every_method_is_sent_in_capitals(method: HttpMethod) -> None:
    assert prepared(replace(CONFIG, method=method)).method == method.value.upper()


@pytest.mark.parametrize(
    ("url", "params", "found"),
    [
        ("https://a.example/x", "", "https://a.example/x"),
        (" https://a.example/{{#start.q#}} ", "", "https://a.example/a & b"),
        ("https://a.example/x", "q: {{#start.q#}}", "https://a.example/x?q=a+%26+b"),
        ("https://a.example/x?b=1", "q: 1\nq: 2", "https://a.example/x?b=1&q=1&q=2"),
        ("https://a.example/x?", "flag", "https://a.example/x?flag="),
        ("https://a.example/x?b&", "q:1", "https://a.example/x?b&q=1"),
        ("https://a.example/x#end", "q:1", "https://a.example/x?q=1#end"),
    ],
)
def test_parameters_follow_the_address(url: str, params: str, found: str) -> None:
    assert prepared(replace(CONFIG, url=url, params=params)).url == found


def test_an_address_does_not_show_itself() -> None:
    assert "s3cret" not in repr(prepared(replace(CONFIG, params="key: {{#env.TOKEN#}}")))


class TestAuthorization:
    @pytest.mark.parametrize(
        ("type", "key", "header", "found"),
        [
            (ApiKeyType.BEARER, "{{#env.TOKEN#}}", "", ("Authorization", "Bearer s3cret")),
            (ApiKeyType.BASIC, "YWRh", "", ("Authorization", "Basic YWRh")),
            (ApiKeyType.CUSTOM, "{{#env.TOKEN#}}", " X-Key ", ("X-Key", "s3cret")),
            (ApiKeyType.CUSTOM, "k", "", ("Authorization", "k")),
        ],
    )
    def test_a_key_goes_into_its_header_as_a_secret(
        self, type: ApiKeyType, key: str, header: str, found: tuple[str, str]
    ) -> None:
        *others, last = authorized(type, key, header)

        assert (last.name, last.value) == (found[0], Written(found[1], is_secret=True))
        assert found[0].lower() not in [each.name.lower() for each in others]
        assert "Accept" in [each.name for each in others]

    def test_a_user_and_a_password_are_encoded(self) -> None:
        *_, last = authorized(ApiKeyType.BASIC, "{{#env.LOGIN#}}")

        assert b64decode(last.value.text.removeprefix("Basic ")) == b"ada:pass"

    @pytest.mark.parametrize(
        "authorization",
        [
            Authorization(),
            Authorization(config=ApiKey(type=ApiKeyType.BEARER, api_key="k")),
            Authorization(type=AuthorizationType.API_KEY),
        ],
    )
    def test_without_one_there_is_no_header(self, authorization: Authorization) -> None:
        assert prepared(replace(CONFIG, authorization=authorization)).headers == ()

    def test_other_headers_with_a_secret_are_secret_too(self) -> None:
        found = prepared(replace(CONFIG, headers="X-Key: {{#env.TOKEN#}}\nX-Q: {{#start.q#}}"))

        assert [header.value.is_secret for header in found.headers] == [True, False]
        assert found.has_header("x-key")
        assert not found.has_header("accept")


class TestBody:
    @pytest.mark.parametrize("type", list(BodyType))
    def test_nothing_is_none(self, type: BodyType) -> None:
        assert body(type) is None

    def test_none_is_none_whatever_is_in_it(self) -> None:
        assert body(BodyType.NONE, text="text") is None

    def test_a_text_is_as_it_is_written(self) -> None:
        assert body(BodyType.RAW_TEXT, BodyItem(value="{{#start.q#}}!")) == TextBody(
            text=Written("a & b!"), media_type="text/plain; charset=utf-8"
        )

    def test_json_is_json(self) -> None:
        assert body(BodyType.JSON, text='{"q": "{{#start.q#}}"}') == TextBody(
            text=Written('{"q": "a & b"}'), media_type="application/json"
        )
        assert body(BodyType.JSON, text=" ") is None

    def test_a_form_is_encoded(self) -> None:
        items = (BodyItem(key="q", value="{{#start.q#}}"), BodyItem(key="n", value="1"))
        encoded = TextBody(
            text=Written("q=a+%26+b&n=1"), media_type="application/x-www-form-urlencoded"
        )

        assert body(BodyType.URL_ENCODED, *items) == encoded
        assert body(BodyType.URL_ENCODED, text="q: {{#start.q#}}\nn: 1") == encoded

    def test_a_form_in_parts_has_fields_and_files(self) -> None:
        found = body(
            BodyType.FORM_DATA,
            BodyItem(key="{{#start.q#}}", value="{{#env.TOKEN#}}"),
            BodyItem(key="pets", type=BodyItemType.FILE, file=at("start.pets")),
            BodyItem(key="cat", type=BodyItemType.FILE, file=at("start.cat")),
            BodyItem(key="left out", type=BodyItemType.FILE),
        )

        assert found == FormBody(
            (
                Field("a & b", Written("s3cret", is_secret=True)),
                FilePart("pets", CAT),
                FilePart("pets", DOG),
                FilePart("cat", CAT),
            )
        )

    def test_a_form_says_itself_where_its_parts_begin(self) -> None:
        form = RequestBody(type=BodyType.FORM_DATA, data=(BodyItem(key="a"),))
        config = replace(CONFIG, headers="Content-Type: multipart/form-data\nA: b", body=form)

        assert [header.name for header in prepared(config).headers] == ["A"]

    def test_a_file_may_be_all_of_it(self) -> None:
        assert body(BodyType.BINARY, BodyItem(file=at("start.cat"))) == FileBody(CAT)
        assert body(BodyType.BINARY, BodyItem()) is None

    @pytest.mark.parametrize("selector", ["start.pets", "start.q", "start.none", "start.empty"])
    def test_what_is_not_one_file_is_not_sent(self, selector: str) -> None:
        with pytest.raises(RequestUnusable) as refused:
            body(BodyType.BINARY, BodyItem(file=at(selector)))

        assert refused.value.details["place"] == "body.data.0.file"

    @pytest.mark.parametrize(
        ("type", "text", "is_secret"),
        [
            (BodyType.RAW_TEXT, "{{#env.TOKEN#}}", True),
            (BodyType.RAW_TEXT, "{{#start.q#}}", False),
            (BodyType.JSON, '{"a": "{{#env.TOKEN#}}"}', True),
            (BodyType.URL_ENCODED, "a: {{#env.TOKEN#}}", True),
            (BodyType.FORM_DATA, "a: {{#env.TOKEN#}}", True),
            (BodyType.FORM_DATA, "a: b", False),
            (BodyType.NONE, "", False),
        ],
    )
    def test_it_is_known_to_hold_something_of_the_environment(
        self, type: BodyType, text: JsonValue, is_secret: bool
    ) -> None:
        config = replace(CONFIG, body=RequestBody(type=type, data=str(text)))

        assert prepared(config).has_secret_body is is_secret
