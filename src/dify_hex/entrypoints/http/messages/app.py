"""Messages of one slice: apps."""

from dify_hex.entrypoints.http.messages.message import Message, Messages

MESSAGES: Messages = {
    "app_not_found": Message("The app does not exist.", "应用不存在。"),
    "app_version_not_found": Message(
        "The app has no version {number}; GET /v1/apps/{{id}}/versions lists those it has.",
        "该应用没有版本 {number}；可通过 GET /v1/apps/{{id}}/versions 查看已有版本。",
    ),
    "app_version_name_not_found": Message(
        "No version of the app is labelled {name}; GET /v1/apps/{{id}}/versions lists them.",
        "该应用没有名为 {name} 的版本；可通过 GET /v1/apps/{{id}}/versions 查看已有版本。",
    ),
    "app_version_name_ambiguous": Message(
        "Several versions of the app are labelled {name}: {numbers}; say the number.",
        "该应用有多个名为 {name} 的版本：{numbers}；请使用版本号。",
    ),
    "app_name_exists": Message(
        "Another app has that name already; choose another name.",
        "已有同名应用，请换一个名称。",
    ),
    "app_slug_exists": Message(
        "Another app has that slug already; choose another slug.",
        "该标识已被其他应用使用，请换一个。",
    ),
    "app_name_invalid": Message(
        "A name is one line of up to 100 characters that can be seen, without control "
        "characters and marks that turn the reading direction.",
        "名称须为一行不超过 100 个字符的可见文本，且不能包含控制字符或改变阅读方向的符号。",
    ),
    "app_slug_invalid": Message(
        "A slug needs from 3 to 80 lower-case letters, digits and single hyphens between them.",
        "标识须为 3 到 80 个小写字母或数字，中间可用单个连字符。",
    ),
    "app_mode_unsupported": Message(
        "Apps of mode {mode} are not offered yet; choose one of: {offered}.",
        "暂不支持 {mode} 模式的应用，可选模式：{offered}。",
    ),
    "app_mode_mismatch": Message(
        "The configuration is of mode {mode}, the app of mode {app_mode}.",
        "配置的模式为 {mode}，而应用的模式为 {app_mode}。",
    ),
    "app_configuration_invalid": Message(
        "The draft has faults; put right what `details.faults` lists, then try again.",
        "草稿存在问题，请按 details.faults 逐项修正后重试。",
    ),
    "app_inputs_invalid": Message(
        "The query or the inputs do not fit what the app declares; see `details.faults`.",
        "提问或输入与应用的声明不符，详见 details.faults。",
    ),
    "app_nothing_to_publish": Message(
        "Nothing has changed since version {version}, the last one published.",
        "自上次发布的版本 {version} 以来没有任何改动。",
    ),
    "app_not_published": Message(
        "The app has no published version yet; publish its draft first.",
        "该应用尚未发布，请先发布草稿。",
    ),
    "app_archived": Message(
        "The app is archived; unarchive it first.",
        "该应用已归档，请先取消归档。",
    ),
    "app_not_a_workflow": Message(
        "The app is of mode {mode} and talked to; POST to its /messages.",
        "该应用为 {mode} 模式，请通过 /messages 与其对话。",
    ),
    "app_takes_no_messages": Message(
        "The app is a workflow, which is run and not talked to; POST to its /runs.",
        "该应用是工作流，不能对话，请通过 /runs 运行。",
    ),
    "app_secret_not_found": Message(
        "The app has no secret of that name.",
        "该应用没有此名称的密钥。",
    ),
    "app_secret_invalid": Message(
        "A secret needs a name of letters, digits and underscores, and from 1 to 32768 characters.",
        "密钥名称须由字母、数字和下划线组成，密钥内容须为 1 到 32768 个字符。",
    ),
    "app_secrets_full": Message(
        "The app has {most} secrets already; delete one first.",
        "该应用已有 {most} 个密钥，请先删除一个。",
    ),
    "app_run_retention_invalid": Message(
        "{field} must be from 1 to {most}, or null.", "{field} 须为 1 到 {most} 之间的数，或 null。"
    ),
    "app_has_no_graph": Message(
        "The app is of mode {mode} and has no graph; only workflows and chatflows have nodes.",
        "该应用为 {mode} 模式，没有可运行节点的流程图。",
    ),
    "app_node_not_found": Message(
        "The draft has no node {node_id}; GET /v1/apps/{{id}}/draft shows those it has.",
        "草稿中没有节点 {node_id}；可通过 GET /v1/apps/{{id}}/draft 查看。",
    ),
}
