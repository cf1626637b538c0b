"""The process that serves the built-in model: `python -m dify_hex.adapters.embedded.model_host`.

It reads its instructions as one JSON object from standard input, and says on the descriptor that
they name when it listens or why it does not.
"""

import ctypes
import hashlib
import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from dify_hex.adapters.embedded.processes import die_with_parent
from dify_hex.adapters.embedded.service_user import ServiceUser

PR_SET_DUMPABLE = 4
#: Conversations answered at once, and the window of all of them together.
SLOTS = 2
WINDOW = 4096
#: Tokens of an answer whose request names no limit of its own.
LONGEST_ANSWER = 512


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Instructions:
    """What to serve, how, and to whom."""

    weights: str
    sha256: str
    alias: str
    port: int
    api_key: str
    threads: int
    report: int
    parent: int
    uid: int | None
    gid: int | None


class Refused(RuntimeError):
    """The model is not served; the message says why."""


def main() -> None:
    """Serve until a signal ends the process."""
    told = Instructions(**json.load(sys.stdin))
    try:
        # The environment may be closed to the user we step down to: everything is loaded before.
        import xllamacpp  # noqa: F401, PLC0415 - here so that a failure is reported

        weights = open_weights(Path(told.weights), told.sha256)
        step_down(told)
        server = serve(told, weights)
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent is told
        os.write(told.report, f"{type(error).__name__}: {error}".encode())
        sys.exit(1)
    os.write(told.report, b"ready")
    os.close(told.report)
    signal.pause()
    del server


def open_weights(path: Path, sha256: str) -> int:
    """Open the weights and make sure that they are the expected ones.

    Raises:
        Refused: they are other ones. A model file is a program for a native parser.
    """
    descriptor = os.open(path, os.O_RDONLY)
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise Refused(f"{path} is not the model that was expected (sha256 {found})")
    return descriptor


def step_down(told: Instructions) -> None:
    """Become the unprivileged user, and still end with the parent."""
    if told.uid is not None and told.gid is not None:
        step_down_to(ServiceUser(uid=told.uid, gid=told.gid), told.parent)


def step_down_to(user: ServiceUser, parent: int) -> None:
    """Become this user, and still end with the parent."""
    os.setgroups([])
    os.setresgid(user.gid, user.gid, user.gid)
    os.setresuid(user.uid, user.uid, user.uid)
    die_with_parent(parent, signal.SIGKILL)


def serve(told: Instructions, weights: int) -> object:
    """Load the model from the open file and listen on the loopback address."""
    import xllamacpp  # noqa: PLC0415 - loaded by `main` already

    settings = xllamacpp.CommonParams()
    # The very file that was checked, also where its path is closed to this user.
    settings.model.path = f"/proc/self/fd/{weights}"
    settings.model_alias = {told.alias}
    settings.hostnames = ["127.0.0.1"]
    settings.port = told.port
    settings.api_keys = [told.api_key]
    settings.cors_origins = ""
    settings.ui = False
    settings.endpoint_slots = False
    settings.offline = True
    settings.use_jinja = True
    settings.n_parallel = SLOTS
    settings.n_ctx = WINDOW
    # So small a model, once it repeats itself, would do so until its window is full.
    settings.n_predict = LONGEST_ANSWER
    settings.cache_ram_mib = 0
    settings.cache_idle_slots = False
    settings.cpuparams.n_threads = told.threads
    settings.cpuparams_batch.n_threads = told.threads
    settings.verbosity = 2
    libc = ctypes.CDLL(None)
    # A process that changed its user may not even open its own descriptors again, until told so.
    libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
    try:
        return xllamacpp.Server(settings)
    finally:
        libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


if __name__ == "__main__":
    main()
