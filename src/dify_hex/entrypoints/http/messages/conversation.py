"""Messages of one slice: conversations and messages."""

from dify_hex.entrypoints.http.messages.message import Message, Messages

MESSAGES: Messages = {
    "conversation_not_found": Message("The conversation does not exist.", "会话不存在。"),
    "message_not_found": Message("The message does not exist.", "消息不存在。"),
    "conversation_busy": Message(
        "The message before this one is still being answered; wait for it, or stop it.",
        "上一条消息仍在回复中，请等待其完成或先停止它。",
    ),
    "conversation_name_invalid": Message(
        "A conversation's name is one line of up to 200 characters that can be seen, without "
        "control characters and marks that turn the reading direction.",
        "会话名称须为一行不超过 200 个字符的可见文本，且不能包含控制字符或改变阅读方向的符号。",
    ),
    "conversation_unsupported": Message(
        "This app answers each message alone; leave out the conversation and the parent.",
        "该应用逐条独立回复，请勿提供会话或父消息。",
    ),
    "conversation_parent_not_found": Message(
        "The parent message is not in this conversation.",
        "父消息不在该会话中。",
    ),
    "conversation_parent_without_conversation": Message(
        "A parent message needs its conversation to be named, too.",
        "指定父消息时须同时指定其所在会话。",
    ),
    "message_failed": Message(
        "The message could not be answered: {explanation}",
        "未能生成回复：{explanation}",
    ),
}
