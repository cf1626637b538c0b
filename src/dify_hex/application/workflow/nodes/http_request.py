"""Executes the http-request node: one request, and what the server answers."""

from collections.abc import AsyncGenerator
from typing import NamedTuple

from dify_hex.application.shared.outbound_http import (
    Headers,
    OutboundHttp,
    OutboundLimits,
    OutboundRequest,
    OutboundStream,
)
from dify_hex.application.workflow.node_executor import NodeContext, NodeExecutor, NodeOutput
from dify_hex.application.workflow.node_services import NodeServices
from dify_hex.application.workflow.request_body import open_body
from dify_hex.application.workflow.run_files import RunFiles
from dify_hex.domain.file.errors import FileEmpty
from dify_hex.domain.shared.outbound_errors import OutboundResponseTooLarge
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.shared.values.outbound_url import OutboundUrl
from dify_hex.domain.shared.values.secret_text import SecretText
from dify_hex.domain.workflow.errors import RequestRefused
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.http_request import HttpMethod, HttpRequestConfig
from dify_hex.domain.workflow.requests.answer import AnswerHead
from dify_hex.domain.workflow.requests.request import PreparedRequest, prepare_request

#: Bytes of an answer that becomes a text, and of one that becomes a file; the deployment and the
#: limits of files may allow less.
MAX_TEXT_BYTES = 5 << 20
MAX_FILE_BYTES = 100 << 20
_MAX_REDIRECTS = 5
#: The limits for single steps are what counts.
_MAX_SECONDS = 3600.0
_FIRST_ERROR = 400
#: Of an answer that fails the node, the part that the error shows.
_SHOWN = 500
_IDEMPOTENCY_KEY = "Idempotency-Key"
_CONTENT_TYPE = "Content-Type"


class _Content(NamedTuple):
    """What an answer holds; one of the two at most."""

    text: str = ""
    files: tuple[JsonObject, ...] = ()


class HttpRequestExecutor(NodeExecutor[HttpRequestConfig]):
    """Sends the request by the guarded client; any status is an answer unless the node says no.

    What holds a value of the environment, where secrets are, goes to the server that the author
    names and to no other: such headers are left out when it redirects to one, and with such a body
    no redirect is followed.
    """

    def __init__(self, services: NodeServices) -> None:
        self._http: OutboundHttp = services.http
        self._contents = services.file_contents
        self._generated = services.generated_files

    async def execute(
        self, config: HttpRequestConfig, context: NodeContext
    ) -> AsyncGenerator[NodeOutput, None]:
        """The answer, read to its end.

        Raises:
            VariableMissing, RequestUnusable: the values make no request.
            FileNotFound, FileExpired, FileTooLarge: a file cannot be sent.
            RequestRefused: the server has answered with an error, and the node fails on those.
            FileTypeUnsupported, FileTooLarge: the answer is a file that cannot be kept.
            DomainError: as the client says.
        """
        files = RunFiles(self._contents, self._generated, context)
        prepared = prepare_request(config, context.variables)
        request = await _outbound(config, context, prepared, files)
        async with self._http.stream(request) as answer:
            head = AnswerHead(answer.headers)
            content = await _content(config, head, answer, files)
        if config.fail_on_error_status and answer.status >= _FIRST_ERROR:
            host, shown = _host(answer), content.text[:_SHOWN]
            raise RequestRefused(host=host, status=answer.status, body=shown)
        outputs: JsonObject = {
            "status_code": answer.status,
            "body": content.text,
            "headers": head.values,
            "files": content.files,
        }
        yield NodeOutcome(outputs=outputs)


async def _outbound(
    config: HttpRequestConfig, context: NodeContext, prepared: PreparedRequest, files: RunFiles
) -> OutboundRequest:
    body, media_type = await open_body(prepared.body, files)
    plain: Headers = tuple(
        (header.name, header.value.text)
        for header in prepared.headers
        if not header.value.is_secret
    )
    if media_type and not prepared.has_header(_CONTENT_TYPE):
        plain += ((_CONTENT_TYPE, media_type),)
    if not prepared.has_header(_IDEMPOTENCY_KEY):
        plain += ((_IDEMPOTENCY_KEY, context.effect_key),)
    secret = [header for header in prepared.headers if header.value.is_secret]
    timeout = config.timeout
    return OutboundRequest(
        tenant_id=context.tenant_id,
        url=prepared.url,
        method=prepared.method,
        headers=plain,
        secret_headers=tuple((each.name, SecretText(each.value.text)) for each in secret),
        body=body,
        limits=OutboundLimits(
            connect_seconds=timeout.connect,
            read_seconds=timeout.read,
            write_seconds=timeout.write,
            total_seconds=_MAX_SECONDS,
            max_body_bytes=MAX_FILE_BYTES,
            max_redirects=0 if prepared.has_secret_body else _MAX_REDIRECTS,
        ),
        verify_tls=config.ssl_verify,
    )


async def _content(
    config: HttpRequestConfig, head: AnswerHead, answer: OutboundStream, files: RunFiles
) -> _Content:
    is_error = config.fail_on_error_status and answer.status >= _FIRST_ERROR
    if config.method is not HttpMethod.HEAD and head.is_file and not is_error:
        try:
            return _Content(files=(await files.keep(head.file_name(answer.url), answer.body),))
        except FileEmpty:
            return _Content()
    body = bytearray()
    async for part in answer.body:
        body += part
        if len(body) > MAX_TEXT_BYTES:
            raise OutboundResponseTooLarge(host=_host(answer), part="body", limit=MAX_TEXT_BYTES)
    return _Content(text=head.text(bytes(body)))


def _host(answer: OutboundStream) -> str:
    return OutboundUrl.parse(answer.url).host
