"""Messages of one part of a slice: retrieving passages of Knowledge."""

from dify_hex.entrypoints.http.messages.message import Message, Messages

MESSAGES: Messages = {
    "knowledge_query_invalid": Message(
        "Ask for something, in at most {max_length} characters.",
        "请输入检索内容，且不超过 {max_length} 个字符。",
    ),
    "knowledge_retrieval_invalid": Message(
        "These settings of a search cannot be used; `faults` names what is wrong.",
        "检索设置无法使用；详见 faults。",
    ),
    "knowledge_search_timeout": Message(
        "The search took longer than {seconds} seconds.", "检索超过了 {seconds} 秒。"
    ),
}
