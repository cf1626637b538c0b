"""What can be wrong with an app or with what is asked of it."""

from collections.abc import Sequence

from dify_hex.domain.shared.errors import (
    Conflict,
    InvalidInput,
    LimitReached,
    NotFound,
    Unsupported,
)
from dify_hex.domain.shared.values.fault import Fault


class AppNotFound(NotFound):
    """The app does not exist."""

    code = "app_not_found"


class AppVersionNotFound(NotFound):
    """The app has no version of that number."""

    code = "app_version_not_found"


class AppVersionNameUnknown(NotFound):
    """No version of the app was published under that name."""

    code = "app_version_name_not_found"


class AppVersionNameAmbiguous(Conflict):
    """Several versions of the app were published under that name; say the number."""

    code = "app_version_name_ambiguous"


class AppNameTaken(Conflict):
    """Another app has that name already."""

    code = "app_name_exists"


class AppSlugTaken(Conflict):
    """Another app has that slug already."""

    code = "app_slug_exists"


class AppNameInvalid(InvalidInput):
    """A name is one line of up to 100 characters that can be seen."""

    code = "app_name_invalid"


class AppSlugInvalid(InvalidInput):
    """A slug needs from 3 to 80 lower-case letters, digits and single hyphens between them."""

    code = "app_slug_invalid"


class AppModeUnsupported(Unsupported):
    """Apps of this mode are not offered yet."""

    code = "app_mode_unsupported"


class AppModeMismatch(InvalidInput):
    """The configuration is of another mode than the app."""

    code = "app_mode_mismatch"


class AppConfigurationInvalid(InvalidInput):
    """The draft cannot be used before its faults are put right."""

    code = "app_configuration_invalid"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults=[fault.as_detail() for fault in faults])
        self.faults = tuple(faults)


class AppInputsInvalid(InvalidInput):
    """The query or the inputs do not fit what the app declares."""

    code = "app_inputs_invalid"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults=[fault.as_detail() for fault in faults])
        self.faults = tuple(faults)


class AppNothingToPublish(Conflict):
    """Nothing has changed since the last published version."""

    code = "app_nothing_to_publish"


class AppNotPublished(Conflict):
    """The app has no published version yet."""

    code = "app_not_published"


class AppIsArchived(Conflict):
    """The app is archived; unarchive it first."""

    code = "app_archived"


class AppNotAWorkflow(Conflict):
    """The app is talked to; only workflows are run."""

    code = "app_not_a_workflow"


class AppTakesNoMessages(Conflict):
    """The app is a workflow, which is run and not talked to."""

    code = "app_takes_no_messages"


class AppSecretNotFound(NotFound):
    """The app has no secret of that name."""

    code = "app_secret_not_found"


class AppSecretInvalid(InvalidInput):
    """The name or the value of the secret cannot be used."""

    code = "app_secret_invalid"


class AppSecretsFull(LimitReached):
    """The app has as many secrets as it may have."""

    code = "app_secrets_full"


class AppRunRetentionInvalid(InvalidInput):
    """How long the runs shall be kept cannot be meant."""

    code = "app_run_retention_invalid"


class AppHasNoGraph(Conflict):
    """Nobody has drawn a graph for the app, so it has no nodes to run."""

    code = "app_has_no_graph"


class DraftNodeNotFound(NotFound):
    """The app's draft has no such node."""

    code = "app_node_not_found"
