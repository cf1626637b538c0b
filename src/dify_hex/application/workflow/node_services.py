"""Everything outside a run that its nodes' executors may use."""

from dataclasses import dataclass, field

from dify_hex.application.knowledge.no_reader import NoDocumentReader
from dify_hex.application.knowledge.ports import DocumentReader
from dify_hex.application.model_provider.ports import ChatModel, TokenCounter
from dify_hex.application.model_provider.resolve_model import ResolveModel
from dify_hex.application.shared.code_sandbox import CodeSandbox
from dify_hex.application.shared.json_schemas import SchemaValidator
from dify_hex.application.shared.outbound_http import OutboundHttp
from dify_hex.application.workflow.file_contents import FileContents, NoFileContents
from dify_hex.application.workflow.form_ports import Forms, UnkeptForms
from dify_hex.application.workflow.generated_files import GeneratedFiles, NoGeneratedFiles
from dify_hex.application.workflow.knowledge_passages import KnowledgePassages, NoKnowledge
from dify_hex.application.workflow.linked_workflows import NoWorkflows, PublishedWorkflows
from dify_hex.application.workflow.no_network import NoNetwork
from dify_hex.application.workflow.patient_sandbox import NoSandbox
from dify_hex.application.workflow.ports import ConversationMemory, TemplateRenderer


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeServices:
    """The ports and services, each made once per process."""

    resolve_model: ResolveModel
    chat_model: ChatModel
    token_counter: TokenCounter
    memory: ConversationMemory
    templates: TemplateRenderer
    schema_validator: SchemaValidator
    http: OutboundHttp = field(default_factory=NoNetwork)
    sandbox: CodeSandbox = field(default_factory=NoSandbox)
    file_contents: FileContents = field(default_factory=NoFileContents)
    reader: DocumentReader = field(default_factory=NoDocumentReader)
    generated_files: GeneratedFiles = field(default_factory=NoGeneratedFiles)
    forms: Forms = field(default_factory=UnkeptForms)
    knowledge: KnowledgePassages = field(default_factory=NoKnowledge)
    workflows: PublishedWorkflows = field(default_factory=NoWorkflows)
