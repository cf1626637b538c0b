"""Nodes that only compute are read from the JSON that they are drawn as."""

import json

from dify_hex.adapters.dsl.graph_codec import PydanticGraphCodec
from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.file_reference import FileKind, TransferMethod
from dify_hex.domain.shared.values.logical_operator import LogicalOperator
from dify_hex.domain.workflow.assignments import Operation
from dify_hex.domain.workflow.comparisons import ComparisonOperator
from dify_hex.domain.workflow.conditions import (
    Condition,
    SubCondition,
    SubConditionGroup,
)
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.nodes.assigner import AssignerConfig, AssignmentItem, InputType
from dify_hex.domain.workflow.nodes.end import EndConfig, EndOutput
from dify_hex.domain.workflow.nodes.if_else import Case, IfElseConfig
from dify_hex.domain.workflow.nodes.list_operator import (
    Direction,
    ExtractBy,
    FilterBy,
    FilterCondition,
    Limit,
    ListOperatorConfig,
    OrderBy,
)
from dify_hex.domain.workflow.nodes.start import StartConfig
from dify_hex.domain.workflow.nodes.template_transform import (
    TemplateTransformConfig,
    TemplateVariable,
)
from dify_hex.domain.workflow.nodes.variable_aggregator import (
    AggregationGroup,
    AggregationSettings,
    VariableAggregatorConfig,
)
from dify_hex.domain.workflow.start_variables import StartInputType, StartVariable
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.variables import at

START: dict[str, object] = {
    "variables": [
        {"variable": "topic", "label": "Topic", "required": True, "max_length": 120},
        {"variable": "level", "type": "select", "options": ["new", "expert"], "default": "new"},
        {"variable": "record", "type": "json_object", "json_schema": {"type": "object"}},
        {
            "variable": "files",
            "type": "file-list",
            "max_length": 3,
            "allowed_file_types": ["image", "custom"],
            "allowed_file_extensions": [".md"],
            "allowed_file_upload_methods": ["local_file"],
        },
    ]
}
NODES: dict[str, dict[str, object]] = {
    "if-else": {
        "cases": [
            {
                "case_id": "true",
                "logical_operator": "or",
                "conditions": [
                    {
                        "variable_selector": ["start", "topic"],
                        "comparison_operator": "not contains",
                        "value": "{{#start.level#}}",
                    },
                    {
                        "variable_selector": ["start", "files"],
                        "comparison_operator": "contains",
                        "sub_variable_condition": {
                            "logical_operator": "and",
                            "conditions": [
                                {"key": "type", "comparison_operator": "in", "value": ["image"]}
                            ],
                        },
                    },
                ],
            }
        ]
    },
    "template-transform": {
        "template": "{{ topic }}",
        "variables": [{"variable": "topic", "value_selector": ["start", "topic"]}],
    },
    "list-operator": {
        "variable": ["start", "files"],
        "var_type": "array[file]",
        "filter_by": {
            "enabled": True,
            "conditions": [{"key": "size", "comparison_operator": "≥", "value": "100"}],
        },
        "extract_by": {"enabled": True, "serial": "1"},
        "order_by": {"enabled": True, "key": "name", "value": "desc"},
        "limit": {"enabled": True, "size": 2},
    },
    "variable-aggregator": {
        "output_type": "string",
        "advanced_settings": {
            "group_enabled": True,
            "groups": [
                {
                    "group_name": "text",
                    "output_type": "string",
                    "variables": [["start", "topic"], ["start", "level"]],
                }
            ],
        },
    },
    "assigner": {
        "items": [
            {
                "variable_selector": ["conversation", "notes"],
                "operation": "append",
                "input_type": "variable",
                "value": ["start", "topic"],
            },
            {
                "variable_selector": ["conversation", "count"],
                "operation": "+=",
                "input_type": "constant",
                "value": 1,
            },
        ]
    },
    "end": {
        "run_outputs": [
            {"variable": "topic", "value_selector": ["start", "topic"], "value_type": "string"}
        ]
    },
}
READ: dict[str, NodeConfig] = {
    "start": StartConfig(
        variables=(
            StartVariable(variable="topic", label="Topic", required=True, max_length=120),
            StartVariable(
                variable="level",
                type=StartInputType.SELECT,
                options=("new", "expert"),
                default="new",
            ),
            StartVariable(
                variable="record",
                type=StartInputType.JSON_OBJECT,
                json_schema={"type": "object"},
            ),
            StartVariable(
                variable="files",
                type=StartInputType.FILE_LIST,
                max_length=3,
                allowed_file_types=(FileKind.IMAGE, FileKind.CUSTOM),
                allowed_file_extensions=(".md",),
                allowed_file_upload_methods=(TransferMethod.LOCAL_FILE,),
            ),
        )
    ),
    "if-else": IfElseConfig(
        cases=(
            Case(
                case_id="true",
                logical_operator=LogicalOperator.OR,
                conditions=(
                    Condition(
                        variable_selector=at("start.topic"),
                        comparison_operator=ComparisonOperator.NOT_CONTAINS,
                        value="{{#start.level#}}",
                    ),
                    Condition(
                        variable_selector=at("start.files"),
                        comparison_operator=ComparisonOperator.CONTAINS,
                        sub_variable_condition=SubConditionGroup(
                            conditions=(
                                SubCondition(
                                    key="type",
                                    comparison_operator=ComparisonOperator.IN,
                                    value=["image"],
                                ),
                            )
                        ),
                    ),
                ),
            ),
        )
    ),
    "template-transform": TemplateTransformConfig(
        template="{{ topic }}",
        variables=(TemplateVariable(variable="topic", value_selector=at("start.topic")),),
    ),
    "list-operator": ListOperatorConfig(
        variable=at("start.files"),
        var_type=ValueType.FILES,
        filter_by=FilterBy(
            enabled=True,
            conditions=(
                FilterCondition(
                    key="size", comparison_operator=ComparisonOperator.AT_LEAST, value="100"
                ),
            ),
        ),
        extract_by=ExtractBy(enabled=True, serial="1"),
        order_by=OrderBy(enabled=True, key="name", value=Direction.DESC),
        limit=Limit(enabled=True, size=2),
    ),
    "variable-aggregator": VariableAggregatorConfig(
        output_type=ValueType.STRING,
        advanced_settings=AggregationSettings(
            group_enabled=True,
            groups=(
                AggregationGroup(
                    group_name="text",
                    output_type=ValueType.STRING,
                    variables=(at("start.topic"), at("start.level")),
                ),
            ),
        ),
    ),
    "assigner": AssignerConfig(
        items=(
            AssignmentItem(
                variable_selector=at("conversation.notes"),
                operation=Operation.APPEND,
                value=["start", "topic"],
            ),
            AssignmentItem(
                variable_selector=at("conversation.count"),
                operation=Operation.ADD,
                input_type=InputType.CONSTANT,
                value=1,
            ),
        )
    ),
    "end": EndConfig(
        run_outputs=(
            EndOutput(
                variable="topic", value_selector=at("start.topic"), value_type=ValueType.STRING
            ),
        )
    ),
}


def drawn() -> str:
    """A graph in which every such node follows the start."""
    nodes = [{"id": kind, "type": kind, "config": config} for kind, config in NODES.items()]
    return json.dumps(
        {
            "schema_version": 1,
            "nodes": [{"id": "start", "type": "start", "config": START}, *nodes],
            "edges": [{"source": "start", "target": kind} for kind in NODES],
            "environment": [],
            "conversation": [
                {"name": "notes", "type": "array[string]", "value": []},
                {"name": "count", "type": "number", "value": 0},
            ],
        }
    )


def test_every_field_is_read() -> None:
    graph = PydanticGraphCodec().parse(drawn())

    assert {node.config.type: node.config for node in graph.nodes} == READ
    assert graph.node(NodeId("if-else")).config.handles() == ("true", "false")


def test_what_was_read_is_written_so_that_it_is_read_again() -> None:
    codec = PydanticGraphCodec()
    graph = codec.parse(drawn())

    assert codec.parse(codec.document(graph).json) == graph
