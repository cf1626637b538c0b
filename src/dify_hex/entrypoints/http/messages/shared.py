"""Messages of the categories, of access, and of the protocol."""

from dify_hex.entrypoints.http.messages.message import Message, Messages

MESSAGES: Messages = {
    "auth_forbidden": Message(
        "You are not allowed to do this.",
        "您无权执行此操作。",
    ),
    "auth_insufficient_scope": Message(
        "Your role or key lacks the permission {required}.",
        "您的角色或密钥缺少权限 {required}。",
    ),
    "auth_key_bound_to_other_app": Message(
        "This key is bound to another app; use that app's own key or a tenant-wide one.",
        "该密钥绑定到了其他应用，请使用此应用的密钥或租户级密钥。",
    ),
    "auth_required": Message(
        "Valid credentials are required: send Authorization: Bearer with a token or a key.",
        "需要有效凭据：请在 Authorization: Bearer 中提供令牌或密钥。",
    ),
    "biz_body_timed_out": Message(
        "The body did not arrive in time; send it faster or in smaller parts.",
        "请求体未能及时到达，请加快发送或减小体积。",
    ),
    "biz_body_too_large": Message(
        "The body is larger than {limit_bytes} bytes.",
        "请求体超过 {limit_bytes} 字节。",
    ),
    "biz_concurrent_modification": Message(
        "The resource was changed by someone else since you read it; read it again and retry.",
        "资源在您读取之后已被他人修改，请重新读取后再试。",
    ),
    "biz_conflict": Message(
        "The request conflicts with the current state of the resource.",
        "请求与资源的当前状态冲突。",
    ),
    "biz_head_timed_out": Message(
        "The request's headers did not arrive in time.",
        "请求头未能及时到达。",
    ),
    "biz_head_too_large": Message(
        "The request's headers are larger than {limit_bytes} bytes.",
        "请求头超过 {limit_bytes} 字节。",
    ),
    "biz_idempotency_in_progress": Message(
        "A request with this idempotency key is still being worked on; ask again shortly.",
        "使用该幂等键的请求仍在处理中，请稍后再试。",
    ),
    "biz_idempotency_key_reused": Message(
        "This idempotency key was already used with another request; choose a new key.",
        "该幂等键已用于其他请求，请更换新的键。",
    ),
    "biz_invalid_idempotency_key": Message(
        "Idempotency-Key must be 1 to 255 printable ASCII characters.",
        "Idempotency-Key 必须是 1 到 255 个可打印的 ASCII 字符。",
    ),
    "biz_limit_reached": Message(
        "A limit has been reached.",
        "已达到上限。",
    ),
    "biz_malformed_if_match": Message(
        'If-Match must hold one version in double quotes, such as "3".',
        'If-Match 必须是一个带双引号的版本号，例如 "3"。',
    ),
    "biz_malformed_form": Message(
        "The body is not a form whose parts can be told apart: send multipart/form-data with a "
        "boundary, and fields as short UTF-8 text.",
        "请求体不是可解析的表单：请以带 boundary 的 multipart/form-data 发送，"
        "字段须为较短的 UTF-8 文本。",
    ),
    "biz_malformed_json": Message(
        "The body is not valid JSON.",
        "请求体不是有效的 JSON。",
    ),
    "biz_malformed_request": Message(
        "The request cannot be read.",
        "无法读取该请求。",
    ),
    "biz_media_type_not_supported": Message(
        "This route takes {expected}; say so in Content-Type.",
        "该接口只接受 {expected}，请在 Content-Type 中声明。",
    ),
    "biz_method_not_allowed": Message(
        "This address does not offer the method; the Allow header lists those it does.",
        "该地址不支持此方法，可用方法见 Allow 响应头。",
    ),
    "biz_not_acceptable": Message(
        "This route answers {offered}; Accept excludes it.",
        "该接口以 {offered} 应答，但 Accept 将其排除在外。",
    ),
    "biz_range_not_satisfiable": Message(
        "The part that Range asks for begins behind the end: there are {size_bytes} bytes.",
        "Range 请求的起始位置超出了文件末尾：文件共 {size_bytes} 字节。",
    ),
    "biz_resource_gone": Message(
        "The resource is no longer available.",
        "资源已不可用。",
    ),
    "biz_resource_not_found": Message(
        "The resource does not exist.",
        "资源不存在。",
    ),
    "biz_route_not_found": Message(
        "There is nothing at this address; /docs lists what there is.",
        "该地址不存在，可用接口见 /docs。",
    ),
    "biz_unknown_sort_field": Message(
        "The list cannot be sorted by {field}.",
        "列表不支持按 {field} 排序。",
    ),
    "biz_unsupported": Message(
        "This is not supported.",
        "暂不支持此操作。",
    ),
    "biz_validation_failed": Message(
        "The request is not valid; details name each field.",
        "请求内容无效，各字段的问题见 details。",
    ),
    "biz_version_required": Message(
        "If-Match with the version you have read is required.",
        "必须在 If-Match 中提供您读取到的版本号。",
    ),
    "sys_database_timeout": Message(
        "The database took too long for this, and nothing of it was kept. Try again, or ask for "
        "less at a time.",
        "数据库处理该请求耗时过长，未保存任何更改。请重试，或减少单次请求的数据量。",
    ),
    "sys_internal_error": Message(
        "Something went wrong on our side; quote the request id when you report it.",
        "服务内部出错，反馈时请附上请求编号。",
    ),
    "sys_overloaded": Message(
        "The service is at its capacity; try again shortly.",
        "服务已满载，请稍后再试。",
    ),
    "sys_rate_limited": Message(
        "Too many requests; wait {retry_after} seconds.",
        "请求过于频繁，请等待 {retry_after} 秒。",
    ),
    "sys_unavailable": Message(
        "A dependency is unavailable; try again shortly.",
        "所依赖的服务暂不可用，请稍后再试。",
    ),
}
