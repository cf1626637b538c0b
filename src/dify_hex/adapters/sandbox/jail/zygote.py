"""Forks a cell for each execution, and tells the service how it ended; it never sees any code."""

import os
import select
import signal
import socket
from contextlib import suppress
from dataclasses import dataclass, field

from dify_hex.adapters.sandbox.jail.cell import Cell
from dify_hex.adapters.sandbox.jail.inmate import live
from dify_hex.adapters.sandbox.jail.walls.namespaces import ProcessNumbers
from dify_hex.adapters.sandbox.jail.wire import PACKET_SIZE, Order, Packet

#: Niceness of code that runs long or beside more of its tenant's, so that others pass it by. Not
#: more: what ends slowly holds locks of the kernel that the next one waits for.
_PATIENT = 10


@dataclass(slots=True, kw_only=True)
class Zygote:
    """The loop of one zygote."""

    profile: str
    cell: Cell
    #: To the service: packets, with the sockets of new cells attached.
    control: socket.socket
    numbers: ProcessNumbers | None
    _executions: dict[int, int] = field(default_factory=dict)
    _children: dict[int, int] = field(default_factory=dict)

    def serve(self) -> None:
        """Work until the service closes its end."""
        woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        poll = select.poll()
        poll.register(self.control, select.POLLIN)
        poll.register(woken, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if woken in ready:
                os.read(woken, 4096)
                self._bury()
            if self.control.fileno() in ready and not self._obey():
                return

    def _obey(self) -> bool:
        """Take one order; False when there are no more."""
        try:
            data, attached, _, _ = socket.recv_fds(self.control, PACKET_SIZE, 1)
        except ConnectionResetError:
            # A service that has gone may not have heard all that was said.
            return False
        if len(data) < PACKET_SIZE:
            return False
        packet = Packet.unpack(data)
        pid = self._children.get(packet.execution)
        match packet.order:
            case Order.FORK:
                self._fork(packet, attached[0])
                os.close(attached[0])
            case Order.KILL if pid is not None:
                os.kill(pid, signal.SIGKILL)
            case Order.DEMOTE if pid is not None:
                os.setpriority(os.PRIO_PROCESS, pid, _PATIENT)
            case Order.ECHO:
                self._tell(packet)
            case _:
                # What it was meant for has ended meanwhile.
                pass
        return True

    def _fork(self, packet: Packet, descriptor: int) -> None:
        try:
            pid = self._fork_apart()
        except OSError as error:
            self._tell(Packet(Order.REFUSED, packet.execution, error.errno or 0))
            return
        if pid == 0:
            live(self.profile, self.cell, descriptor, packet.execution)
        self._children[packet.execution] = pid
        self._executions[pid] = packet.execution

    def _fork_apart(self) -> int:
        """Fork a process that is the first of its own namespace; 0 in the child."""
        if self.numbers is None:
            return os.fork()
        self.numbers.renew()
        pid = -1
        try:
            pid = os.fork()
        finally:
            if pid:
                self.numbers.restore()
        return pid

    def _bury(self) -> None:
        while self._executions:
            pid, status, used = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            execution = self._executions.pop(pid, None)
            if execution is not None:
                del self._children[execution]
                self._tell(Packet(Order.ENDED, execution, status, used.ru_maxrss))

    def _tell(self, packet: Packet) -> None:
        # A service that has gone is seen by its silence.
        with suppress(BrokenPipeError, ConnectionResetError):
            self.control.send(packet.pack())
