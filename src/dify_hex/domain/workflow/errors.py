"""What can be wrong with a workflow or a run of it."""

from collections.abc import Sequence

from dify_hex.domain.shared.errors import (
    Conflict,
    Gone,
    InvalidInput,
    LimitReached,
    NotFound,
    Unavailable,
    Unsupported,
)
from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.workflow.faults import GraphFault


class WorkflowRunNotFound(NotFound):
    """The run does not exist."""

    code = "workflow_run_not_found"


class InvalidGraph(InvalidInput):
    """The workflow graph has faults."""

    code = "workflow_invalid_graph"

    def __init__(self, faults: Sequence[GraphFault]) -> None:
        super().__init__(faults=[fault.as_detail() for fault in faults])
        self.faults = tuple(faults)


class InvalidTemplate(InvalidInput):
    """The template cannot be used."""

    code = "workflow_invalid_template"


class VariableMissing(InvalidInput):
    """A variable has no value."""

    code = "workflow_variable_missing"


class ConditionUndecidable(InvalidInput):
    """The condition cannot be decided."""

    code = "workflow_condition_undecidable"


class NotIterable(InvalidInput):
    """An iteration needs a list to go through."""

    code = "workflow_not_a_list"


class NodeTimedOut(Unavailable):
    """The node took longer than it may."""

    code = "workflow_node_timeout"


class NestedTooDeeply(LimitReached):
    """Workflows are linked inside each other too deeply."""

    code = "workflow_nested_too_deeply"


class LinkedInCircle(Conflict):
    """The workflow would run inside of itself."""

    code = "workflow_linked_in_circle"


class NodeOutputTooLong(LimitReached):
    """What the node would put out is too long."""

    code = "workflow_output_too_long"


class AssignmentRefused(InvalidInput):
    """The variable cannot be changed in this way."""

    code = "workflow_assignment_refused"


class ListRefused(InvalidInput):
    """The list cannot be worked on in this way."""

    code = "workflow_list_refused"


class RunInputsInvalid(InvalidInput):
    """The inputs do not fit what the workflow's start declares."""

    code = "workflow_inputs_invalid"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults=[fault.as_detail() for fault in faults])
        self.faults = tuple(faults)


class NodeValuesInvalid(InvalidInput):
    """The values do not fit what the node uses."""

    code = "workflow_values_invalid"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults=[fault.as_detail() for fault in faults])
        self.faults = tuple(faults)


class RunTransitionRefused(Conflict):
    """The run is not in a state that allows this."""

    code = "workflow_run_state"


class RunValueMissing(NotFound):
    """The run has no such value, or what is kept of it is not what was."""

    code = "workflow_run_value_missing"


class RunsFull(Unavailable):
    """This process carries as many runs as it may; try again in a moment."""

    code = "sys_overloaded"


class LeaseLost(Conflict):
    """Another process has taken this run over."""

    code = "workflow_lease_lost"


class StreamOverflow(LimitReached):
    """The reader was too slow for the stream; it may resume."""

    code = "stream_overflow"


class RunLimitReached(LimitReached):
    """The run has used up what it was allowed."""

    code = "workflow_run_limit"


class ContextUnusable(InvalidInput):
    """The context is neither a text nor a list of texts or found passages."""

    code = "workflow_context_unusable"


class VisionUnsupported(Unsupported):
    """The model cannot look at images; choose one that can, or disable vision."""

    code = "workflow_vision_unsupported"


class ImagesTooLarge(LimitReached):
    """The images are more, or larger, than a model is shown at a time."""

    code = "workflow_images_too_large"


class AnswerSchemaInvalid(InvalidInput):
    """The JSON Schema of the answer cannot be used."""

    code = "workflow_answer_schema_invalid"


class AnswerOutOfSchema(InvalidInput):
    """The model did not answer as its JSON Schema says, not even when asked again."""

    code = "workflow_answer_out_of_schema"


class QuestionUnclassified(InvalidInput):
    """The model named none of the classes, not even when asked again."""

    code = "workflow_question_unclassified"


class FormNotFound(NotFound):
    """There is no such form."""

    code = "workflow_form_not_found"


class FormClosed(Gone):
    """The form was answered, or its time is up."""

    code = "workflow_form_closed"


class FormFieldUnknown(InvalidInput):
    """The form has no such field, or it takes no files."""

    code = "workflow_form_field_unknown"


class FormUploadsUsedUp(LimitReached):
    """No more files can be handed in for the form."""

    code = "workflow_form_uploads_used_up"


class FormAnswerInvalid(InvalidInput):
    """The answer does not fit the form."""

    code = "workflow_form_answer_invalid"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults=[fault.as_detail() for fault in faults])
        self.faults = tuple(faults)


class NothingToRetry(Conflict):
    """Nothing in the run has failed."""

    code = "workflow_nothing_to_retry"


class RunUnderWay(Conflict):
    """The run has not ended yet."""

    code = "workflow_run_under_way"


class ForkInvalid(InvalidInput):
    """The run cannot be forked like this."""

    code = "workflow_fork_invalid"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults=[fault.as_detail() for fault in faults])
        self.faults = tuple(faults)


class NodeTypeUnavailable(Unsupported):
    """This release cannot execute nodes of this type."""

    code = "workflow_node_type_unavailable"


class LinkedWorkflowMissing(NotFound):
    """There is no workflow here that could be run inside of another."""

    code = "workflow_link_missing"


class RequestUnusable(InvalidInput):
    """The values make no request that could be sent."""

    code = "workflow_request_unusable"

    def __init__(self, *, place: str, reason: str) -> None:
        super().__init__(place=place, reason=reason)


class RequestRefused(Unavailable):
    """The server has answered with an error."""

    code = "workflow_request_refused"

    def __init__(self, *, host: str, status: int, body: str) -> None:
        super().__init__(host=host, status=status, body=body)
