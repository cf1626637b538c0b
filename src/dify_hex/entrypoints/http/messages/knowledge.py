"""Messages of one slice: Knowledge and its documents."""

from dify_hex.entrypoints.http.messages.message import Message, Messages

MESSAGES: Messages = {
    "knowledge_not_found": Message("The Knowledge does not exist.", "知识库不存在。"),
    "knowledge_name_exists": Message(
        "Another Knowledge has that name already.", "已有同名的知识库。"
    ),
    "knowledge_name_invalid": Message(
        "A name is one line of up to 100 characters that can be seen, without control "
        "characters and marks that turn the reading direction.",
        "名称须为一行不超过 100 个字符的可见文本，且不能包含控制字符或改变阅读方向的符号。",
    ),
    "knowledge_settings_invalid": Message(
        "The settings cannot be used before their faults are put right; `faults` names them.",
        "设置存在问题，须先修正；详见 faults。",
    ),
    "knowledge_documents_full": Message(
        "The Knowledge has {limit} documents, which is as many as it may have.",
        "知识库已有 {limit} 个文档，达到上限。",
    ),
    "metadata_invalid": Message(
        "The metadata cannot be used before its faults are put right; `faults` names them.",
        "元数据存在问题，须先修正；详见 faults。",
    ),
    "document_not_found": Message("The document does not exist.", "文档不存在。"),
    "document_name_invalid": Message(
        "A document's name is one line of up to 255 characters that can be seen, without control "
        "characters and marks that turn the reading direction.",
        "文档名称须为一行不超过 255 个字符的可见文本，且不能包含控制字符或改变阅读方向的符号。",
    ),
    "document_exists": Message(
        "The Knowledge has a document with the same content already; `document_id` says which.",
        "知识库中已有内容相同的文档，见 document_id。",
    ),
    "document_text_empty": Message("The text is empty.", "文本为空。"),
    "document_not_in_progress": Message(
        "The document is not being indexed.", "该文档当前没有在建立索引。"
    ),
    "document_in_progress": Message(
        "The document is being indexed; wait for the end, or cancel it first.",
        "该文档正在建立索引，请等待完成，或先取消。",
    ),
    "document_not_paused": Message("The document is not paused.", "该文档没有被暂停。"),
    "document_not_failed": Message(
        "The document has neither failed nor been cancelled.", "该文档既未失败，也未被取消。"
    ),
    "documents_refused": Message(
        "None of the documents could be added; `refused` says why, one by one.",
        "没有任何文档被添加，逐一的原因见 refused。",
    ),
}
