"""The http-request node asks by the guarded client, and puts out what is answered."""

from dataclasses import replace

import pytest

from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.outbound_http import OutboundRequest, OutboundResponse
from dify_hex.application.workflow.nodes.http_request import MAX_TEXT_BYTES, HttpRequestExecutor
from dify_hex.domain.file.errors import FileTooLarge
from dify_hex.domain.shared.errors import DomainError
from dify_hex.domain.shared.ids import FileId
from dify_hex.domain.shared.outbound_errors import (
    OutboundAddressForbidden,
    OutboundResponseTooLarge,
    OutboundUrlInvalid,
)
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.errors import RequestRefused
from dify_hex.domain.workflow.node_run import NodeOutcome
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
    RequestTimeout,
)
from tests.builders.node_context import context_of
from tests.builders.node_services import services
from tests.builders.variables import at, file, pool_of
from tests.fakes.kept_contents import KeptContents
from tests.fakes.kept_files import KeptFiles
from tests.fakes.scripted_outbound import ScriptedOutboundHttp, an_answer

ID = FileId(new_id())
OURS = replace(file('say "hi".txt'), id=ID, url=None, mime_type="text/plain")
CONFIG = HttpRequestConfig(url="https://a.example/x")
JSON = (("Content-Type", "application/json"),)
PICTURE = (("Content-Type", "image/png"),)


class Bench:
    """An http-request node, and the net around it."""

    def __init__(
        self, answer: OutboundResponse | DomainError | None = None, content: bytes = b"own"
    ) -> None:
        self.http = ScriptedOutboundHttp([answer or an_answer()])
        self.kept = KeptFiles()
        self.executor = HttpRequestExecutor(
            services(
                http=self.http,
                file_contents=KeptContents({ID: content}),
                generated_files=self.kept,
            )
        )

    async def outputs(self, config: HttpRequestConfig = CONFIG) -> JsonObject:
        """What the node puts out."""
        values = pool_of(start={"file": OURS.to_json()}, env={"TOKEN": "s3cret"})
        (outcome,) = [each async for each in self.executor.execute(config, context_of(values))]
        assert isinstance(outcome, NodeOutcome)
        return outcome.outputs

    async def asked(self, config: HttpRequestConfig) -> OutboundRequest:
        """What the node asks."""
        await self.outputs(config)
        return self.http.asked[-1]

    @property
    def body(self) -> str:
        """What it has sent."""
        return self.http.bodies[-1].decode()


def with_body(type: BodyType, *items: BodyItem, text: str = "") -> HttpRequestConfig:
    body = RequestBody(type=type, data=text or items)
    return replace(CONFIG, method=HttpMethod.POST, body=body)


async def test_an_answer_is_put_out_whole() -> None:
    answer = an_answer(b'{"a": 1}', status=201, headers=(*JSON, ("X-Of", "b\x00")))

    assert await Bench(answer).outputs() == {
        "status_code": 201,
        "body": '{"a": 1}',
        "headers": {"content-type": "application/json", "x-of": "b\ufffd"},
        "files": (),
    }


@pytest.mark.parametrize("status", [204, 301, 404, 503])
async def test_any_status_is_an_answer(status: int) -> None:
    assert (await Bench(an_answer(status=status)).outputs())["status_code"] == status


async def test_unless_errors_are_to_fail_the_node() -> None:
    config = replace(CONFIG, fail_on_error_status=True)

    assert (await Bench(an_answer(status=302)).outputs(config))["status_code"] == 302
    for headers in (JSON, PICTURE):
        bench = Bench(an_answer(b"x" * 600, status=502, headers=headers))
        with pytest.raises(RequestRefused) as refused:
            await bench.outputs(config)
        assert refused.value.details == {"host": "a.example", "status": 502, "body": "x" * 500}
        assert bench.kept.contents == {}


class TestRequest:
    @pytest.mark.parametrize("method", list(HttpMethod))
    async def test_every_method_is_asked(self, method: HttpMethod) -> None:
        asked = await Bench().asked(replace(CONFIG, method=method))

        assert (asked.method, asked.url) == (method.value.upper(), "https://a.example/x")
        assert asked.body is None

    async def test_each_effect_has_its_key(self) -> None:
        assert (await Bench().asked(CONFIG)).headers == (("Idempotency-Key", "key"),)

    async def test_unless_the_author_gives_one(self) -> None:
        asked = await Bench().asked(replace(CONFIG, headers="idempotency-key: mine"))

        assert asked.headers == (("idempotency-key", "mine"),)

    async def test_limits_are_those_of_the_node(self) -> None:
        timeout = RequestTimeout(connect=1, read=2, write=3)
        asked = await Bench().asked(replace(CONFIG, timeout=timeout, ssl_verify=False))

        limits = asked.limits
        assert (limits.connect_seconds, limits.read_seconds, limits.write_seconds) == (1, 2, 3)
        assert not asked.verify_tls

    async def test_secrets_travel_as_such(self) -> None:
        key = ApiKey(type=ApiKeyType.BEARER, api_key="{{#env.TOKEN#}}")
        asked = await Bench().asked(
            replace(
                CONFIG,
                headers="X-Key: {{#env.TOKEN#}}\nX-Plain: a",
                authorization=Authorization(type=AuthorizationType.API_KEY, config=key),
            )
        )

        told = {name: secret.reveal() for name, secret in asked.secret_headers}
        assert told == {"X-Key": "s3cret", "Authorization": "Bearer s3cret"}
        assert "s3cret" not in repr(asked.headers)

    async def test_a_secret_in_the_body_goes_to_one_server_only(self) -> None:
        secret = with_body(BodyType.RAW_TEXT, text="{{#env.TOKEN#}}")
        plain = with_body(BodyType.RAW_TEXT, text="text")

        assert (await Bench().asked(secret)).limits.max_redirects == 0
        assert (await Bench().asked(plain)).limits.max_redirects == 5

    @pytest.mark.parametrize(
        "error",
        [
            OutboundAddressForbidden(host="localhost", reason="not_public"),
            OutboundResponseTooLarge(host="a.example", part="body", limit=1),
        ],
    )
    async def test_what_the_client_says_fails_the_node(self, error: DomainError) -> None:
        with pytest.raises(type(error)):
            await Bench(error).outputs()

    async def test_so_does_what_is_no_address(self) -> None:
        with pytest.raises(OutboundUrlInvalid):
            await Bench().outputs(replace(CONFIG, url="a.example"))


class TestBody:
    @pytest.mark.parametrize(
        ("config", "sent", "media_type"),
        [
            (with_body(BodyType.RAW_TEXT, text="ä"), "ä", "text/plain; charset=utf-8"),
            (with_body(BodyType.JSON, text='{"a": 1}'), '{"a": 1}', "application/json"),
            (
                with_body(BodyType.URL_ENCODED, BodyItem(key="a", value="1 2")),
                "a=1+2",
                "application/x-www-form-urlencoded",
            ),
            (with_body(BodyType.BINARY, BodyItem(file=at("start.file"))), "own", "text/plain"),
        ],
    )
    async def test_it_says_what_it_is(
        self, config: HttpRequestConfig, sent: str, media_type: str
    ) -> None:
        bench = Bench()
        asked = await bench.asked(config)

        assert bench.body == sent
        assert ("Content-Type", media_type) in asked.headers

    async def test_unless_the_author_says_something_else(self) -> None:
        config = replace(
            with_body(BodyType.RAW_TEXT, text="<a/>"), headers="content-type: text/xml"
        )

        headers = (await Bench().asked(config)).headers

        assert [value for name, value in headers if name.lower() == "content-type"] == ["text/xml"]

    async def test_a_form_is_sent_in_parts(self) -> None:
        bench = Bench()
        config = with_body(
            BodyType.FORM_DATA,
            BodyItem(key='a"\r\nb', value="1\r\n2"),
            BodyItem(key="doc", type=BodyItemType.FILE, file=at("start.file")),
        )

        asked = await bench.asked(config)

        media_type = dict(asked.headers)["Content-Type"]
        kind, _, boundary = media_type.partition("; boundary=")
        assert kind == "multipart/form-data"
        assert bench.body == (
            f"--{boundary}\r\n"
            'Content-Disposition: form-data; name="a%22%0D%0Ab"\r\n\r\n1\r\n2\r\n'
            f"--{boundary}\r\n"
            'Content-Disposition: form-data; name="doc"; filename="say %22hi%22.txt"\r\n'
            "Content-Type: text/plain\r\n\r\nown\r\n"
            f"--{boundary}--\r\n"
        )
        assert asked.body is not None
        assert not isinstance(asked.body, bytes)
        assert asked.body.length == len(bench.body)

    async def test_files_have_a_limit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("dify_hex.application.workflow.request_body.MAX_FILE_BYTES", 5)
        twice = [BodyItem(key="a", type=BodyItemType.FILE, file=at("start.file"))] * 2

        with pytest.raises(FileTooLarge):
            await Bench().outputs(with_body(BodyType.FORM_DATA, *twice))


class TestFiles:
    async def test_an_answer_that_is_a_file_is_kept(self) -> None:
        bench = Bench(an_answer(b"picture", headers=PICTURE, url="https://a.example/cat.png"))

        outputs = await bench.outputs()

        assert (outputs["body"], bench.kept.contents) == ("", {"cat.png": b"picture"})
        assert isinstance(outputs["files"], tuple)
        assert len(outputs["files"]) == 1

    async def test_an_empty_one_is_none(self) -> None:
        outputs = await Bench(an_answer(b"", headers=PICTURE)).outputs()

        assert (outputs["body"], outputs["files"]) == ("", ())

    async def test_who_asks_for_the_head_gets_no_file(self) -> None:
        bench = Bench(an_answer(b"", headers=PICTURE))

        outputs = await bench.outputs(replace(CONFIG, method=HttpMethod.HEAD))

        assert (outputs["files"], bench.kept.owners) == ((), [])


async def test_a_text_has_a_limit() -> None:
    large = an_answer(b"a" * (MAX_TEXT_BYTES + 1))
    bench = Bench(large)
    bench.http.part_bytes = 1 << 20

    with pytest.raises(OutboundResponseTooLarge) as refused:
        await bench.outputs()

    assert refused.value.details["limit"] == MAX_TEXT_BYTES
