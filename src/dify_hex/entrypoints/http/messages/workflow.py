"""Messages of one slice: workflows and their runs."""

from dify_hex.entrypoints.http.messages.message import Message, Messages

MESSAGES: Messages = {
    "workflow_run_not_found": Message("The run does not exist.", "该运行不存在。"),
    "workflow_invalid_graph": Message(
        "The workflow graph has faults; see details.faults for each of them.",
        "工作流图存在错误，详见 details.faults。",
    ),
    "workflow_invalid_template": Message(
        "The template cannot be used: {reason}.", "模板不可用：{reason}。"
    ),
    "workflow_node_type_unavailable": Message(
        "This release cannot execute nodes of this type. {reason}",
        "当前版本无法执行此类型的节点。{reason}",
    ),
    "workflow_variable_missing": Message(
        "The variable {selector} has no value.", "变量 {selector} 没有值。"
    ),
    "workflow_condition_undecidable": Message(
        "Whether {selector} is {operator} what it is compared with cannot be decided: {reason}.",
        "无法判断 {selector} 是否满足“{operator}”：{reason}。",
    ),
    "workflow_request_unusable": Message(
        "No request can be made of the values; {place}: {reason}.",
        "无法用这些值组成请求；{place}：{reason}。",
    ),
    "workflow_request_refused": Message(
        "{host} has answered with the status {status}.", "{host} 返回了状态码 {status}。"
    ),
    "workflow_linked_in_circle": Message(
        "The workflow would run inside of itself; link to another one, or use a loop for what is "
        "to be repeated.",
        "工作流将在自身内部运行；请链接其他工作流，或用循环节点实现重复。",
    ),
    "workflow_output_too_long": Message(
        "The node would put out {length} characters, but {limit} is the most.",
        "节点的输出将有 {length} 个字符，超过上限 {limit}。",
    ),
    "workflow_assignment_refused": Message(
        "{operation} cannot be done to {selector}: {reason}.",
        "无法对 {selector} 执行 {operation}：{reason}。",
    ),
    "workflow_list_refused": Message(
        "The list {selector} cannot be worked on: {reason}.",
        "无法处理列表 {selector}：{reason}。",
    ),
    "workflow_inputs_invalid": Message(
        "The inputs do not fit what the workflow's start declares; see details.faults.",
        "输入与工作流开始节点的声明不符，详见 details.faults。",
    ),
    "workflow_run_value_missing": Message(
        "The run has no value {sha256}, or what is kept of it is not what was.",
        "运行中没有值 {sha256}，或保存的内容已不是原值。",
    ),
    "workflow_run_state": Message(
        "The run is not in a state that allows this.", "运行当前的状态不允许此操作。"
    ),
    "workflow_lease_lost": Message(
        "Another process has taken this run over.", "该运行已由另一个进程接管。"
    ),
    "workflow_run_limit": Message(
        "The run has used up what it was allowed ({limit}: {value}).",
        "运行已用尽其限额（{limit}：{value}）。",
    ),
    "workflow_run_moved": Message(
        "The run goes on in another process; follow its events to see it end.",
        "运行已转到另一个进程继续，请通过事件流查看结果。",
    ),
    "workflow_prompt_too_long": Message(
        "The prompt has {prompt_tokens} tokens, but the model takes {context_window}; "
        "shorten it or use another model.",
        "提示词有 {prompt_tokens} 个 token，而模型最多接受 {context_window} 个；请缩短或更换模型。",
    ),
    "workflow_context_unusable": Message(
        "The context is neither a text nor a list of texts or found passages ({found}).",
        "上下文既不是文本，也不是文本或检索结果的列表（{found}）。",
    ),
    "workflow_vision_unsupported": Message(
        "The model {model} cannot look at images; choose one that can, or disable vision.",
        "模型 {model} 不支持图像；请更换模型或关闭视觉功能。",
    ),
    "workflow_images_too_large": Message(
        "The images are more, or larger, than a model is shown at a time ({limit}).",
        "图像数量或大小超出一次可提供给模型的上限（{limit}）。",
    ),
    "workflow_answer_schema_invalid": Message(
        "The JSON Schema of the answer cannot be used: {reason}.",
        "回答的 JSON Schema 不可用：{reason}。",
    ),
    "workflow_answer_out_of_schema": Message(
        "The model did not answer as its JSON Schema says, not even when asked again.",
        "模型的回答不符合其 JSON Schema，再次询问后仍不符合。",
    ),
    "workflow_question_unclassified": Message(
        "The model named none of the classes, not even when asked again.",
        "模型未给出任何一个分类，再次询问后仍未给出。",
    ),
    "workflow_nested_too_deeply": Message(
        "Workflows are linked inside each other more than {limit} levels deep.",
        "工作流之间的嵌套超过 {limit} 层。",
    ),
    "workflow_node_timeout": Message(
        "The node took longer than the {seconds} seconds that it may.",
        "节点执行超过了允许的 {seconds} 秒。",
    ),
    "workflow_not_a_list": Message(
        "An iteration needs a list to go through, and {selector} is none.",
        "迭代需要列表，而 {selector} 不是列表。",
    ),
    "workflow_form_not_found": Message("There is no such form.", "该表单不存在。"),
    "workflow_form_closed": Message(
        "The form was answered, its time is up, or its run has ended.",
        "表单已提交、已超时，或其运行已结束。",
    ),
    "workflow_form_field_unknown": Message(
        "The form has no field {field} that takes files.", "该表单没有可上传文件的字段 {field}。"
    ),
    "workflow_form_uploads_used_up": Message(
        "The form takes no more than {limit} uploads.", "该表单最多可上传 {limit} 次文件。"
    ),
    "workflow_form_answer_invalid": Message(
        "The answer does not fit the form; see details.faults.",
        "提交内容与表单不符，详见 details.faults。",
    ),
    "workflow_nothing_to_retry": Message(
        "Nothing in the run has failed; fork it to run a part again.",
        "该运行没有失败的节点；如需重跑部分节点，请使用分叉。",
    ),
    "workflow_run_under_way": Message(
        "The run has not ended yet; stop it first, or wait.", "运行尚未结束；请先停止或等待。"
    ),
    "workflow_fork_invalid": Message(
        "The run cannot be forked like this; see details.faults.",
        "无法这样分叉该运行，详见 details.faults。",
    ),
    "sys_overloaded": Message(
        "This server is carrying as much as it can; try again in a moment.",
        "服务器已满载，请稍后重试。",
    ),
    "stream_malformed_position": Message(
        "Last-Event-ID and after must be the id of an event, such as 12.3.",
        "Last-Event-ID 与 after 必须是事件的 id，例如 12.3。",
    ),
    "stream_too_long": Message(
        "The stream has been open for as long as it may; reconnect with Last-Event-ID to go on.",
        "事件流已达到最长时限，请携带 Last-Event-ID 重新连接以继续。",
    ),
    "stream_overflow": Message(
        "The stream was read too slowly; reconnect with Last-Event-ID to go on.",
        "事件流读取过慢，请携带 Last-Event-ID 重新连接以继续。",
    ),
    "workflow_link_missing": Message(
        "There is no workflow here that could be run inside of another.",
        "此处没有可嵌套运行的工作流。",
    ),
    "workflow_values_invalid": Message(
        "The values do not fit what the node uses; see `details.faults`.",
        "所给的值与节点的需要不符，详见 details.faults。",
    ),
}
