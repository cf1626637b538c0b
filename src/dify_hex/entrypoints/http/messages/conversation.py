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
        "A conversation's name needs from 1 to 200 characters, not all of them white space.",
        "会话名称须为 1 到 200 个字符，且不能全为空白。",
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
