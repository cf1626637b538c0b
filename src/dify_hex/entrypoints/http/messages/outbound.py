"""Messages about requests to servers that tenants name."""

from dify_hex.entrypoints.http.messages.message import Message, Messages

MESSAGES: Messages = {
    "outbound_url_invalid": Message(
        "The address cannot be used ({reason}); give a full one such as"
        " https://api.example.com/items, with credentials in headers and not in it.",
        "该地址不可用（{reason}）；请提供完整地址，如 https://api.example.com/items，"
        "凭据应放在请求头中。",
    ),
    "outbound_request_invalid": Message(
        "The request to {host} cannot be sent: its {reason} is not valid.",
        "无法向 {host} 发送请求：其 {reason} 无效。",
    ),
    "outbound_address_forbidden": Message(
        "Requests to {host} are not allowed ({reason}). Servers that are not on the open internet"
        " are open only where the operator has set DIFY_HEX_OUTBOUND_OPENED.",
        "不允许访问 {host}（{reason}）。非公网服务器仅在运维方设置了"
        " DIFY_HEX_OUTBOUND_OPENED 时才可访问。",
    ),
    "outbound_busy": Message(
        "Too many requests are under way already; try again shortly.",
        "正在进行的外部请求过多，请稍后重试。",
    ),
    "outbound_redirects_exceeded": Message(
        "{host} redirected once more after {limit} redirects; ask the final address instead.",
        "已重定向 {limit} 次，{host} 仍要求继续重定向；请直接请求最终地址。",
    ),
    "outbound_response_too_large": Message(
        "The answer of {host} is too large: its {part} exceeds {limit}.",
        "{host} 的响应过大：{part} 超过 {limit}。",
    ),
    "outbound_unreachable": Message(
        "{host} cannot be reached ({reason}); check its name, and whether it is running.",
        "无法连接 {host}（{reason}）；请检查名称是否正确以及服务是否在运行。",
    ),
    "outbound_tls_failed": Message(
        "No secure connection to {host} can be made: {reason}.",
        "无法与 {host} 建立安全连接：{reason}。",
    ),
    "outbound_timeout": Message(
        "{host} took too long ({phase}); try again later, or allow more time.",
        "{host} 响应超时（{phase}）；请稍后重试，或放宽时间限制。",
    ),
    "outbound_response_invalid": Message(
        "The answer of {host} cannot be read ({reason}); try again later.",
        "无法读取 {host} 的响应（{reason}），请稍后重试。",
    ),
}
