"""Messages of one area: segments, and the indexes that find them."""

from dify_hex.entrypoints.http.messages.message import Message, Messages

MESSAGES: Messages = {
    "segment_not_found": Message("The segment does not exist.", "分段不存在。"),
    "segment_content_invalid": Message(
        "A segment needs from 1 to {most} characters, not all of them white space.",
        "分段内容须为 1 到 {most} 个字符，且不能全为空白。",
    ),
    "segment_has_parent": Message(
        "The segment is a part of `{parent_id}`; change that one instead.",
        "该分段是 {parent_id} 的子分段，请修改其父分段。",
    ),
    "metadata_filter_invalid": Message(
        "A condition on the metadata has an operator or a value that makes no sense.",
        "元数据条件的运算符或取值无效。",
    ),
    "knowledge_vector_dimension_mismatch": Message(
        "The vector is of another length than those of the Knowledge, which has to be indexed "
        "anew.",
        "向量长度与知识库现有向量不同，须重新索引该知识库。",
    ),
    "knowledge_vector_too_long": Message(
        "The embedding model makes vectors of {dimensions} numbers; at most {most} can be kept.",
        "嵌入模型生成的向量有 {dimensions} 维，最多只能保存 {most} 维。",
    ),
    "knowledge_vectors_unavailable": Message(
        "The database cannot search by meaning, as its extension pgvector is missing; searching "
        "by words works.",
        "数据库缺少 pgvector 扩展，无法进行语义检索；全文检索不受影响。",
    ),
}
