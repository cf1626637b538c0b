"""Messages of one slice: models and their providers."""

from dify_hex.entrypoints.http.messages.message import Message, Messages

MESSAGES: Messages = {
    "model_authentication_failed": Message(
        "The provider {provider} refused the credential; store a valid API key.",
        "供应商 {provider} 拒绝了该凭据，请保存有效的 API 密钥。",
    ),
    "model_bad_request": Message(
        "The provider refused the request; check the model's parameters.",
        "供应商拒绝了该请求，请检查模型参数。",
    ),
    "model_base_url_invalid": Message(
        "The base URL cannot be used ({reason}); give a public http or https address.",
        "该地址不可用（{reason}），请提供公网的 http 或 https 地址。",
    ),
    "model_content_filtered": Message(
        "The provider refused the content.",
        "供应商拒绝了该内容。",
    ),
    "model_context_too_long": Message(
        "The prompt is longer than the model's window; shorten it or choose a larger model.",
        "提示词超出模型的上下文窗口，请缩短内容或更换更大的模型。",
    ),
    "model_credential_required": Message(
        "Providers of the kind {kind} need an API key.",
        "{kind} 类型的供应商需要 API 密钥。",
    ),
    "model_credential_unreadable": Message(
        "The stored credential cannot be read with this installation's key; store it again.",
        "无法用本安装的密钥读取已保存的凭据，请重新保存。",
    ),
    "model_exists": Message(
        "The provider has the model {model} already.",
        "该供应商已有模型 {model}。",
    ),
    "model_invalid": Message(
        "The model's {field} cannot be right.",
        "模型的 {field} 不正确。",
    ),
    "model_limit_reached": Message(
        "A provider takes no more than {limit} models; remove one first.",
        "每个供应商最多 {limit} 个模型，请先删除一个。",
    ),
    "model_not_found": Message(
        "The provider {provider} has no model {model}; GET /v1/models lists those it has.",
        "供应商 {provider} 没有模型 {model}，可用模型见 GET /v1/models。",
    ),
    "model_provider_built_in": Message(
        "The provider {name} belongs to the installation; its name cannot be used.",
        "供应商 {name} 属于本安装自带，其名称不可使用。",
    ),
    "model_provider_disabled": Message(
        "The model provider {provider} is disabled; enable it first.",
        "模型供应商 {provider} 已停用，请先启用。",
    ),
    "model_provider_empty": Message(
        "The provider has no models and does not list those it serves; name one.",
        "该供应商没有模型，也不列出其提供的模型，请指定一个。",
    ),
    "model_provider_kind_unknown": Message(
        "No provider of the kind {kind} is supported; the kinds are {known}.",
        "不支持 {kind} 类型的供应商，可选类型有 {known}。",
    ),
    "model_provider_name_invalid": Message(
        "A provider's name is 1 to 50 lower-case letters, digits, hyphens or underscores.",
        "供应商名称须为 1 到 50 个小写字母、数字、连字符或下划线。",
    ),
    "model_provider_name_taken": Message(
        "A model provider of this name exists already; choose another name.",
        "同名的模型供应商已存在，请换一个名称。",
    ),
    "model_provider_not_found": Message(
        "The model provider does not exist.",
        "模型供应商不存在。",
    ),
    "model_rate_limited": Message(
        "The provider's rate limit or quota is used up; try again later.",
        "供应商的速率限制或额度已用尽，请稍后再试。",
    ),
    "model_stream_cut": Message(
        "The model's answer broke off before its end; try again.",
        "模型的回答中途断开，请重试。",
    ),
    "model_timeout": Message(
        "The model took too long; try again or choose a faster one.",
        "模型响应超时，请重试或更换更快的模型。",
    ),
    "model_type_mismatch": Message(
        "The model {model} is of another type than this use needs.",
        "模型 {model} 的类型不符合此用途。",
    ),
    "model_unavailable": Message(
        "The model's provider cannot be reached or does not work; try again shortly.",
        "无法连接模型供应商或其服务异常，请稍后再试。",
    ),
}
