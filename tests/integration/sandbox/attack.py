"""An attempt of hostile code, which returns `got` when it has succeeded.

`stopped_by` is what the code meets instead, as a pattern of the failure's words; an attack without
one may come to its end, having got nothing.
"""

from dataclasses import dataclass

#: In the environment of the service.
SECRET = "the-secret-of-the-service"
#: In code that another tenant has run before.
OTHERS_WORD = "what-another-tenant-ran"

_OPENING = """
import ctypes, errno, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def call(number, *arguments):
    ctypes.set_errno(0)
    found = libc.syscall(number, *arguments)
    if found < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return found
"""


@dataclass(frozen=True, slots=True)
class Attack:
    """One attempt."""

    name: str
    body: str
    stopped_by: str = ""

    @property
    def code(self) -> str:
        """The program that makes the attempt."""
        lines = "\n".join(f"    {line}" for line in self.body.splitlines())
        return f"{_OPENING}\ndef main():\n{lines}\n    return {{'got': got}}\n"
