"""Messages of one slice: files."""

from dify_hex.entrypoints.http.messages.message import Message, Messages

MESSAGES: Messages = {
    "file_not_found": Message("The file does not exist.", "文件不存在。"),
    "file_expired": Message(
        "The file was kept for a limited time, which is over; send it again.",
        "文件的保存期限已过，请重新上传。",
    ),
    "file_link_invalid": Message(
        "The link leads to no file: it is not as it was given out.",
        "链接无效：其内容与签发时不一致。",
    ),
    "file_link_expired": Message(
        "The link was good for a limited time, which is over; ask for another one.",
        "链接已过期，请重新获取。",
    ),
    "file_empty": Message("The file is empty.", "文件为空。"),
    "file_of_document": Message(
        "The file belongs to a document; delete that, and the file goes with it.",
        "该文件属于某个文档，请删除该文档，文件会随之删除。",
    ),
    "file_name_invalid": Message(
        "A file's name needs from 1 to 255 visible characters, and no folders.",
        "文件名须为 1 到 255 个可见字符，且不能包含路径。",
    ),
    "file_lifetime_invalid": Message(
        "A file can be kept for {shortest_seconds} seconds at least, and for as long as the "
        "operator allows at most.",
        "文件的保存时间至少为 {shortest_seconds} 秒，且不得超过管理员设定的上限。",
    ),
    "file_too_large": Message(
        "The file is too large: one of the kind `{kind}` may have {limit_bytes} bytes.",
        "文件过大：{kind} 类型的文件不得超过 {limit_bytes} 字节。",
    ),
    "file_media_type_unsupported": Message(
        "The file's content is not what its name or its declared type says, or is not taken here.",
        "文件内容与其名称或声明的类型不符，或该类型不被接受。",
    ),
    "file_inputs_invalid": Message(
        "One or several of the given files cannot be used; `faults` says which, and why.",
        "提供的文件中有无法使用的项，原因见 faults。",
    ),
    "storage_blob_not_found": Message(
        "What was put aside for this is not there any more.",
        "为此暂存的内容已不存在。",
    ),
}
