"""Messages of one slice: models and their providers."""

from dify_hex.entrypoints.http.messages.message import Message, Messages

MESSAGES: Messages = {
    "model_provider_not_found": Message(
        "The model provider does not exist; GET /v1/model-providers lists those there are.",
        "模型供应商不存在；可通过 GET /v1/model-providers 查看已有供应商。",
    ),
    "model_provider_name_taken": Message(
        "Another model provider has that name already; choose another name.",
        "已有同名的模型供应商，请换一个名称。",
    ),
    "model_provider_name_invalid": Message(
        "A provider's name is 1 to 50 lower-case letters, digits, hyphens or underscores.",
        "供应商名称须为 1 到 50 个小写字母、数字、连字符或下划线。",
    ),
    "model_provider_built_in": Message(
        "The name {name} belongs to the built-in provider; choose another name.",
        "名称 {name} 属于内置供应商，请换一个名称。",
    ),
    "model_provider_disabled": Message(
        "The model provider {provider} is disabled; enable it, or choose another model.",
        "模型供应商 {provider} 已停用；请启用它，或选择其他模型。",
    ),
    "model_provider_empty": Message(
        "{provider} has no models and does not list those it serves; give it one in `models`.",
        "{provider} 没有任何模型，也不提供模型列表；请在 models 中至少指定一个模型。",
    ),
    "model_provider_kind_unknown": Message(
        "Providers of kind {kind} are not supported; choose one of: {known}. Any server that"
        " speaks OpenAI's protocol is of kind openai_compatible.",
        "不支持 {kind} 类型的供应商，可选类型：{known}。"
        "任何兼容 OpenAI 协议的服务都可使用 openai_compatible。",
    ),
    "model_base_url_invalid": Message(
        "The base URL cannot be used ({reason}); give a full address such as"
        " https://models.example.com/v1, without credentials or query. Private networks are open"
        " to tenants only where the operator has set DIFY_HEX_MODEL_PRIVATE_ADDRESSES.",
        "该基础地址不可用（{reason}）；请提供完整地址，如 https://models.example.com/v1，"
        "不含凭据或查询参数。仅当运维方设置了 DIFY_HEX_MODEL_PRIVATE_ADDRESSES 时才允许内网地址。",
    ),
    "model_credential_required": Message(
        "A provider of kind {kind} needs its API key; a new address needs the key given again.",
        "{kind} 类型的供应商需要 API 密钥；更换地址时须重新提供密钥。",
    ),
    "model_credential_unreadable": Message(
        "The stored API key cannot be read with this installation's key; store it again.",
        "无法用当前系统密钥读取已保存的 API 密钥，请重新保存。",
    ),
    "model_invalid": Message(
        "The model's {field} cannot be right; sizes are in tokens, and an answer fits its window.",
        "模型的 {field} 不正确；大小以 token 计，且回答长度不得超过上下文窗口。",
    ),
    "model_exists": Message(
        "The model {model} is named twice; name each model once.",
        "模型 {model} 重复出现，每个模型只能出现一次。",
    ),
    "model_limit_reached": Message(
        "A provider takes at most {limit} models.", "每个供应商最多可有 {limit} 个模型。"
    ),
    "model_not_found": Message(
        "The provider {provider} has no model {model}; GET /v1/models lists what can be used.",
        "供应商 {provider} 没有模型 {model}；可通过 GET /v1/models 查看可用模型。",
    ),
    "model_type_mismatch": Message(
        "The model {model} is of type {type}; this needs one of type {needed}.",
        "模型 {model} 的类型为 {type}，此处需要 {needed} 类型的模型。",
    ),
    "model_authentication_failed": Message(
        "{provider} refused the API key; store one that is valid.",
        "{provider} 拒绝了该 API 密钥，请保存有效的密钥。",
    ),
    "model_rate_limited": Message(
        "The rate limit or quota at {provider} is used up; try again later.",
        "{provider} 的调用频率或额度已用尽，请稍后重试。",
    ),
    "model_context_too_long": Message(
        "The prompt is longer than the model's window; shorten it, or choose a larger model.",
        "提示词超出模型的上下文窗口；请缩短内容，或选择窗口更大的模型。",
    ),
    "model_content_filtered": Message(
        "{provider} refused the content; put it differently.",
        "{provider} 拒绝了该内容，请换一种表述。",
    ),
    "model_bad_request": Message(
        "{provider} refused the request; see `details` for its own words.",
        "{provider} 拒绝了该请求，具体原因见 details。",
    ),
    "model_unavailable": Message(
        "{provider} cannot be reached or does not work; try again later.",
        "{provider} 无法访问或工作不正常，请稍后重试。",
    ),
    "model_timeout": Message(
        "{provider} took longer than {seconds} seconds; try again later.",
        "{provider} 在 {seconds} 秒内没有响应，请稍后重试。",
    ),
    "model_vector_invalid": Message(
        "The embedding model {model} of {provider} gave a vector that {reason}; choose another "
        "model, or have the provider look into it.",
        "{provider} 的嵌入模型 {model} 返回了无法使用的向量（{reason}）；请更换模型或联系提供商。",
    ),
    "model_stream_cut": Message(
        "The answer of {provider} broke off before its end; try again.",
        "{provider} 的回答中途中断，请重试。",
    ),
}
