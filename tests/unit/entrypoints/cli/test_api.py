"""Answers, refusals and sign-ins of the API as the commands meet them."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from dify_hex.entrypoints.cli.api import Api, StreamCut
from dify_hex.entrypoints.cli.credentials import CredentialsFile, Login, Logins
from dify_hex.entrypoints.cli.failures import CommandFailed, ExitStatus, report
from dify_hex.entrypoints.cli.session import ApiKey, SignedIn, credential_for

URL = "http://api.example.com"
Handler = Callable[[httpx.Request], httpx.Response]


def client_of(handler: Handler) -> httpx.Client:
    return httpx.Client(base_url=URL, transport=httpx.MockTransport(handler))


def api_of(handler: Handler) -> Api:
    return Api(client_of(handler), ApiKey("sk-secret"))


def refused(status: int, code: str, **more: object) -> Handler:
    body = {"code": code, "message": "No.", "details": {}, "request_id": "req_1", **more}
    return lambda _: httpx.Response(status, json=body, headers={"retry-after": "7"})


def failure_of(handler: Handler) -> CommandFailed:
    with pytest.raises(CommandFailed) as caught:
        api_of(handler).call("GET", "/v1/apps")
    return caught.value


def test_an_answer_is_its_data_with_version_and_pagination() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer sk-secret"
        assert request.url.params.multi_items() == [("q", "bot"), ("page", "2")]
        assert request.headers["if-match"] == '"3"'
        body = {"code": "success", "data": [1], "pagination": {"page": 2}}
        return httpx.Response(200, json=body, headers={"etag": '"4"'})

    answer = api_of(handler).call(
        "GET", "/v1/apps", query={"q": "bot", "page": 2, "status": None}, version='"3"'
    )

    assert (answer.data, answer.pagination, answer.version) == ([1], {"page": 2}, '"4"')


def test_no_content_is_an_answer_too() -> None:
    answer = api_of(lambda _: httpx.Response(204)).call("DELETE", "/v1/apps/1")

    assert answer.data is None


@pytest.mark.parametrize(
    ("status", "code", "exit_status", "hint"),
    [
        (401, "auth_key_invalid", ExitStatus.NOT_SIGNED_IN, "dify-hex login"),
        (403, "auth_insufficient_scope", ExitStatus.REFUSED, "role"),
        (409, "biz_concurrent_modification", ExitStatus.REFUSED, "faster"),
        (409, "app_not_published", ExitStatus.REFUSED, "apps publish"),
        (429, "sys_rate_limited", ExitStatus.REFUSED, "7 seconds"),
        (500, "sys_internal_error", ExitStatus.REFUSED, "log"),
        (503, "sys_unavailable", ExitStatus.REFUSED, "doctor"),
        (404, "app_not_found", ExitStatus.REFUSED, ""),
    ],
)
def test_a_refusal_says_what_to_do(
    status: int, code: str, exit_status: ExitStatus, hint: str
) -> None:
    failure = failure_of(refused(status, code))

    assert (failure.code, failure.status) == (code, exit_status)
    assert hint in failure.hint
    assert bool(hint) == bool(failure.hint)


def test_nobody_there_is_unreachable() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("Connection refused", request=request)

    failure = failure_of(handler)

    assert failure.status is ExitStatus.UNREACHABLE
    assert "dify-hex up" in failure.hint


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>Welcome to nginx</html>"),
        httpx.Response(200, json=["something", "else"]),
        httpx.Response(502, text="Bad gateway"),
        httpx.Response(404, json={"detail": "Not Found"}),
    ],
)
def test_somebody_else_there_is_no_api_of_ours(answer: httpx.Response) -> None:
    failure = failure_of(lambda _: answer)

    assert (failure.code, failure.status) == ("cli_not_an_api", ExitStatus.UNREACHABLE)


def test_a_connection_that_breaks_in_between_may_have_done_its_work() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.RemoteProtocolError("gone", request=request)

    failure = failure_of(handler)

    assert isinstance(failure, StreamCut)
    assert "before you repeat" in failure.hint


def test_a_stream_is_read_as_events() -> None:
    def handler(_: httpx.Request) -> httpx.Response:
        body = b"id: 1.0\r\nevent: run.started\r\ndata: {}\r\n\r\n"
        return httpx.Response(200, content=body, headers={"content-type": "text/event-stream"})

    with api_of(handler).stream("GET", "/v1/x") as events:
        assert [event.type for event in events] == ["run.started"]


def test_what_is_no_stream_is_not_taken_for_one() -> None:
    answer = httpx.Response(200, json={"code": "success", "data": {}})
    with (
        pytest.raises(CommandFailed, match="no dify-hex API"),
        api_of(lambda _: answer).stream("GET", "/v1/x"),
    ):
        pass


class Sessions:
    """An API whose access tokens can be told to be over."""

    def __init__(self, folder: Path) -> None:
        self.file = CredentialsFile(folder / "credentials")
        self.good = "access-1"
        self.refreshed: list[str] = []
        self.client = client_of(self._answer)

    def signed_in(self, *, seconds: float) -> Api:
        login = Login(
            email="ada@example.com",
            tenant_id="t",
            access_token="access-1",
            refresh_token="refresh-1",
            expires_at=time.time() + seconds,
        )
        self.file.write(Logins().having(URL, login))
        return Api(self.client, SignedIn(URL, login, self.file, self.client))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/auth/refresh":
            self.refreshed.append(request.headers["cookie"])
            if self.good == "nothing":
                return refused(401, "auth_session_ended")(request)
            self.good = f"access-{len(self.refreshed) + 1}"
            data = {"access_token": self.good, "tenant_id": "t", "expires_in": 900}
            cookie = f"dify_hex_refresh=refresh-{len(self.refreshed) + 1}; HttpOnly; Path=/v1/auth"
            return httpx.Response(200, json={"data": data}, headers={"set-cookie": cookie})
        if request.headers["authorization"] != f"Bearer {self.good}":
            return refused(401, "auth_token_expired")(request)
        return httpx.Response(200, json={"code": "success", "data": "here you are"})


@pytest.fixture
def sessions(tmp_path: Path) -> Sessions:
    return Sessions(tmp_path)


def test_an_access_token_is_renewed_before_it_ends(sessions: Sessions) -> None:
    api = sessions.signed_in(seconds=5)

    assert api.call("GET", "/v1/apps").data == "here you are"
    assert sessions.refreshed == ["dify_hex_refresh=refresh-1"]
    kept = sessions.file.read().by_url[URL]
    assert (kept.access_token, kept.refresh_token) == ("access-2", "refresh-2")
    assert kept.expires_at > time.time() + 800


def test_an_access_token_that_is_refused_is_renewed_once(sessions: Sessions) -> None:
    api = sessions.signed_in(seconds=500)
    sessions.good = "another"

    assert api.call("GET", "/v1/apps").data == "here you are"
    assert len(sessions.refreshed) == 1


def test_what_another_command_has_renewed_is_used(sessions: Sessions) -> None:
    api = sessions.signed_in(seconds=500)
    other = sessions.signed_in(seconds=5)
    other.call("GET", "/v1/apps")

    assert api.call("GET", "/v1/apps").data == "here you are"
    assert len(sessions.refreshed) == 1, "a refresh token that is used twice ends its session"


def test_a_session_that_is_over_asks_to_sign_in(sessions: Sessions) -> None:
    api = sessions.signed_in(seconds=500)
    sessions.good = "nothing"

    with pytest.raises(CommandFailed) as caught:
        api.call("GET", "/v1/apps")

    assert caught.value.status is ExitStatus.NOT_SIGNED_IN
    assert "dify-hex login" in caught.value.hint


def test_a_key_of_the_environment_comes_before_a_sign_in(sessions: Sessions) -> None:
    sessions.signed_in(seconds=500)
    found = credential_for(URL, {"DIFY_HEX_API_KEY": "sk-1"}, sessions.file, sessions.client)

    assert found.token() == "sk-1"
    assert not found.renew()


def test_a_sign_in_is_never_sent_to_another_url(sessions: Sessions) -> None:
    sessions.signed_in(seconds=500)

    assert credential_for(URL, {}, sessions.file, sessions.client).token() == "access-1"
    with pytest.raises(CommandFailed, match="not signed in at http://evil"):
        credential_for("http://evil.example.com", {}, sessions.file, sessions.client)


def test_people_read_message_code_facts_and_advice(capsys: pytest.CaptureFixture[str]) -> None:
    fields = [{"field": "name", "message": "too long"}]
    failure = CommandFailed(
        "The request is not valid.",
        code="biz_validation_failed",
        hint="Shorten it.",
        details={"fields": fields, "known": ["a", "b"], "limit": 3},
        request_id="req_1",
    )

    report(failure, as_json=False)

    assert capsys.readouterr().err.splitlines() == [
        "Error: The request is not valid. [biz_validation_failed]",
        "  name: too long",
        "  known: a, b",
        "  limit: 3",
        "→ Shorten it.",
    ]


def test_programs_read_the_same_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    report(CommandFailed("No.", code="app_not_found", hint="Look."), as_json=True)

    told = json.loads(capsys.readouterr().err)
    assert (told["code"], told["message"], told["hint"]) == ("app_not_found", "No.", "Look.")
