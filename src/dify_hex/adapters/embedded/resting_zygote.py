"""What a zygote is while nobody asks it for anything: the same process, with nothing loaded.

Children that are at work write to many of the pages which they were forked with, and so get copies.
The zygote would hold the originals for nobody. It buries children as before; when it is asked to
fork, it becomes what it was. It loads next to nothing, which is what it is there for.
"""

import os
import select
import signal
import sys

_MOST = 4096


def main(control: int, command: list[str]) -> None:
    """Rest until there is a request, which is left for the command to read, or nobody to ask."""
    woken, waker = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    watched = select.poll()
    watched.register(woken, select.POLLIN)
    watched.register(control, select.POLLIN)
    _bury(control)
    while True:
        happened = dict(watched.poll())
        if woken in happened:
            os.read(woken, _MOST)
            _bury(control)
        if happened.get(control, 0) & select.POLLHUP:
            return
        if control in happened:
            os.execv(command[0], command)  # noqa: S606 - what it was before


def _bury(control: int) -> None:
    try:
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            status = os.waitstatus_to_exitcode(ended[1])
            os.write(control, b'{"ended": %d, "status": %d}' % (ended[0], status))
    except (ChildProcessError, BrokenPipeError):
        return


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
