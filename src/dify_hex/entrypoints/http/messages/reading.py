"""Messages of one area: documents that cannot be read."""

from dify_hex.entrypoints.http.messages.message import Message, Messages

MESSAGES: Messages = {
    "document_unreadable": Message(
        "The document cannot be read; reading the same file again will end in the same way.",
        "无法读取该文档；再次读取同一文件结果不会改变。",
    ),
    "document_empty": Message(
        "There is no text in the file: it is empty, or nothing but white space.",
        "文件中没有文本：文件为空，或仅包含空白字符。",
    ),
    "document_without_text": Message(
        "The file holds no text, as a scan does; put it through text recognition first.",
        "文件中不含文本（例如扫描件），请先进行文字识别（OCR）。",
    ),
    "document_encrypted": Message(
        "The file is protected with a password; save it without one, and add it again.",
        "文件受密码保护，请取消密码并另存后重新添加。",
    ),
    "document_broken": Message(
        "The file is damaged; open it in the program it is from, save it anew, and add it again.",
        "文件已损坏，请用原程序打开并重新保存后再添加。",
    ),
    "document_format_unsupported": Message(
        "Files of this format are not read here; save it as PDF, DOCX, XLSX, PPTX or text.",
        "不支持读取此格式的文件，请另存为 PDF、DOCX、XLSX、PPTX 或文本。",
    ),
    "document_not_its_type": Message(
        "The file is something else than its name says; give it the extension of what it is.",
        "文件内容与其名称不符，请使用与内容一致的扩展名。",
    ),
    "document_too_large": Message(
        "The file is larger than files of its format may be ({limit_bytes} bytes); split it into "
        "several.",
        "文件超过该格式允许的大小（{limit_bytes} 字节），请拆分为多个文件。",
    ),
    "document_expands": Message(
        "The file grows to far more than it should when it is read; save it anew, without "
        "archives.",
        "文件读取后的内容超出合理范围，请重新保存或打包，且不要包含其他压缩包。",
    ),
    "document_too_complex": Message(
        "Reading the file took more time or memory than one may take; split it into several.",
        "读取该文件所需的时间或内存超出限制，请拆分为多个文件。",
    ),
    "document_nested_too_deeply": Message(
        "The file's elements stand inside of each other too deeply; save it with less structure, "
        "or as plain text.",
        "文件中的元素嵌套层级过深，请简化结构或另存为纯文本。",
    ),
    "document_text_too_long": Message(
        "The documents have more text than can be handed on whole (what is left of the limit is "
        "{limit} characters); put them into a Knowledge and search them there.",
        "文档文本过长，无法整体传递（剩余上限 {limit} 个字符），请将其加入知识库后检索。",
    ),
    "document_reader_unavailable": Message(
        "The document could not be read this time; it is tried again.",
        "本次未能读取该文档，系统将重试。",
    ),
    "sys_document_readers_busy": Message(
        "All that read documents are busy with others; try again in some seconds.",
        "文档读取进程均在忙碌中，请数秒后重试。",
    ),
}
