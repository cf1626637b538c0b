"""Typed identifiers, so that an app's id can never be passed where a conversation's is meant."""

from typing import NewType
from uuid import UUID

#: An isolated customer.
TenantId = NewType("TenantId", UUID)
#: A person who can sign in.
AccountId = NewType("AccountId", UUID)
#: One signed-in device of an account: a family of rotating refresh tokens.
SessionId = NewType("SessionId", UUID)
#: A credential for machines.
ApiKeyId = NewType("ApiKeyId", UUID)
#: A link that lets someone in once.
OneTimeLinkId = NewType("OneTimeLinkId", UUID)
#: A publishable LLM application.
AppId = NewType("AppId", UUID)
#: An immutable published configuration of an app.
AppVersionId = NewType("AppVersionId", UUID)
#: The session between one end user and one app.
ConversationId = NewType("ConversationId", UUID)
#: One turn in a conversation.
MessageId = NewType("MessageId", UUID)
#: A like or dislike of a message.
FeedbackId = NewType("FeedbackId", UUID)
#: One execution of a workflow.
WorkflowRunId = NewType("WorkflowRunId", UUID)
#: A form that a run waits for.
FormId = NewType("FormId", UUID)
#: A file that was uploaded or made.
FileId = NewType("FileId", UUID)
#: A set of documents with its settings.
KnowledgeId = NewType("KnowledgeId", UUID)
#: One source file, page or text in a Knowledge.
DocumentId = NewType("DocumentId", UUID)
#: A retrievable unit of a document.
SegmentId = NewType("SegmentId", UUID)
#: A background job, as its owner sees it.
TaskId = NewType("TaskId", UUID)
#: Background jobs that are asked for by the calendar.
ScheduleId = NewType("ScheduleId", UUID)
#: A vendor or server of models, as one tenant has configured it.
ModelProviderId = NewType("ModelProviderId", UUID)
#: One delivery of a domain event through the outbox.
EventId = NewType("EventId", UUID)
#: A node inside one graph, as its author named it.
NodeId = NewType("NodeId", str)
#: The end user behind a conversation, as the calling application names them.
EndUserName = NewType("EndUserName", str)
