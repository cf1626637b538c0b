"""What two configurations set differently."""

from dataclasses import replace

from dify_hex.domain.app.configuration import ChatConfiguration
from dify_hex.domain.app.difference import changed_fields
from dify_hex.domain.app.flow_configuration import WorkflowConfiguration
from dify_hex.domain.app.limits import FlowLimits
from dify_hex.domain.shared.values.graph_document import GraphDocument
from dify_hex.domain.shared.values.model_config import ModelConfig

CHAT = ChatConfiguration(model=ModelConfig(provider="local", model="small"))


def test_changed_settings_are_named_by_their_paths() -> None:
    model = replace(CHAT.model, model="large")

    assert changed_fields(CHAT, replace(CHAT, model=model, opening_statement="Hello")) == (
        "model.model",
        "opening_statement",
    )


def test_the_text_of_a_graph_is_no_setting() -> None:
    drawn = WorkflowConfiguration(graph=GraphDocument("{}"))
    other = replace(drawn, graph=GraphDocument("[]"), limits=FlowLimits(steps=3))

    assert changed_fields(drawn, other) == ("limits.steps",)
