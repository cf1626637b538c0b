"""Why code gave no result: its own fault, a limit, or the sandbox's."""

from dify_hex.domain.shared.errors import InvalidInput, LimitReached, Unavailable, Unsupported


class SandboxBusy(Unavailable):
    """The sandbox has as much to do as it takes on."""

    code = "sandbox_busy"


class SandboxUnavailable(Unavailable):
    """The sandbox does not answer."""

    code = "sandbox_unavailable"


class SandboxRefuses(Unsupported):
    """This machine's walls are not enough to run code behind."""

    code = "sandbox_refuses"


class ProfileNotInstalled(Unsupported):
    """The libraries of this kind of code are not installed."""

    code = "sandbox_profile_not_installed"


class SandboxTimeout(LimitReached):
    """The code took longer than it may."""

    code = "sandbox_timeout"


class SandboxMemoryExceeded(LimitReached):
    """The code wanted more memory than it may have."""

    code = "sandbox_memory_exceeded"


class SandboxOutputTooLarge(LimitReached):
    """The code put out more than it may."""

    code = "sandbox_output_too_large"


class CodeFailed(InvalidInput):
    """The code failed.

    Details: `error` (what it raised), `line` (of the code, null when unknown), `traceback` (the
    code's own frames), and what it had printed: `stdout`, `stderr`.
    """

    code = "code_failed"


class CodeOutputInvalid(InvalidInput):
    """The code did not return what it declares.

    Details: `output`, `expected`, `found`, and `line`, where the code returns.
    """

    code = "code_output_invalid"
