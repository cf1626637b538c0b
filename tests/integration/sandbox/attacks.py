"""What hostile code tries on the machine: its files, processes, network and kernel.

`stopped_by` is what the code meets instead, as a pattern of the failure's words; an attack without
one may come to its end, having got nothing.
"""

from tests.integration.sandbox.attack import Attack
from tests.integration.sandbox.attacks_on_the_interpreter import INTERPRETER

REFUSED = r"Operation not permitted"
ABSENT = r"No such file or directory|Permission denied"
CLOSED = r"Permission denied|Read-only file system|No such file or directory"


def _opening(name: str, path: str) -> Attack:
    return Attack(name, f"got = len(open({path!r}, 'rb').read(16))", ABSENT)


def _call(name: str, number: int, *arguments: object) -> Attack:
    shown = ", ".join(map(repr, (number, *arguments)))
    return Attack(name, f"got = call({shown}) >= 0", REFUSED)


def _socket(name: str, family: int, kind: int = 1) -> Attack:
    return Attack(name, f"got = socket.socket({family}, {kind}).fileno() >= 0", REFUSED)


FILES = (
    _opening("read /etc/passwd", "/etc/passwd"),
    _opening("read /etc/shadow", "/etc/shadow"),
    _opening("read its own environment", "/proc/self/environ"),
    _opening("read process 1's environment", "/proc/1/environ"),
    _opening("read the maps of its memory", "/proc/self/maps"),
    _opening("read its memory as a file", "/proc/self/mem"),
    _opening("read another's memory as a file", "/proc/2/mem"),
    _opening("read the kernel's log", "/dev/kmsg"),
    _opening("read a terminal", "/dev/tty"),
    Attack("list other processes", "got = os.listdir('/proc')", ABSENT),
    Attack("write into shared memory", "got = open('/dev/shm/x', 'w').write('x')", ABSENT),
    _opening("read the machine's memory", "/dev/mem"),
    _opening("read the first disk", "/dev/vda"),
    _opening("read the kernel's settings", "/sys/kernel/notes"),
    Attack("list the root", "got = len(os.listdir('/')) > 3", ABSENT),
    Attack(
        "list the host's /root", "got = [n for n in os.listdir('/root') if n != '.pyenv']", ABSENT
    ),
    Attack("list what is installed", "import site\ngot = os.listdir(site.getsitepackages()[0])"),
    Attack("write into the root", "got = open('/x', 'w').write('x')", CLOSED),
    Attack("write the interpreter", "got = open(os.__file__, 'a').write('x')", CLOSED),
    Attack("remove the interpreter", "os.unlink(os.__file__)\ngot = True", CLOSED),
    Attack(
        "plant a module for the next",
        "got = open(os.path.dirname(os.__file__) + '/x.py', 'w')",
        CLOSED,
    ),
    Attack("a symbolic link", "os.symlink('/etc', 'x')\ngot = True", REFUSED),
    Attack("a hard link", "open('a', 'w'); os.link('a', 'b')\ngot = True", REFUSED),
    Attack("climb out with dots", "got = open('/tmp/../../../../etc/passwd').read(1)", ABSENT),
    Attack(
        "climb out by an open folder",
        "os.fchdir(os.open('/', os.O_RDONLY))\n"
        "for _ in range(99): os.chdir('..')\ngot = open('etc/passwd').read(1)",
        ABSENT,
    ),
    Attack(
        "put a file in the interpreter's place",
        "open('x', 'w')\nos.replace('x', os.__file__)\ngot = True",
        f"{CLOSED}|cross-device",
    ),
    Attack("a device", "os.mknod('x', 0o60600, 259)\ngot = True", REFUSED),
    Attack("a named pipe", "os.mkfifo('x')\ngot = True", REFUSED),
    Attack("change the root", "os.mkdir('d'); os.chroot('d')\ngot = True", REFUSED),
    Attack(
        "fill the disk",
        "got = open('x', 'wb').write(b'x' * (65 << 20))",
        "File too large|space left",
    ),
    Attack(
        "fill the disk with many files",
        "for n in range(64): open(str(n), 'wb').write(b'x' * (2 << 20))\ngot = True",
        "space left",
    ),
    Attack(
        "run out of inodes",
        "for n in range(100_000): open(str(n), 'w').close()\ngot = True",
        "space left",
    ),
    Attack(
        "raise the limits",
        "import resource\nresource.setrlimit(resource.RLIMIT_AS, (-1, -1))\ngot = True",
        "not allowed to raise|Operation not permitted",
    ),
    Attack(
        "limits of others",
        "import resource\ngot = resource.prlimit(2, resource.RLIMIT_AS)",
        REFUSED,
    ),
)

PROCESSES = (
    Attack("fork", "got = os.fork() >= 0", REFUSED),
    Attack("fork bomb", "while True: os.fork()\ngot = True", REFUSED),
    _call("vfork", 58),
    _call("clone without sharing", 56, 17, 0, 0, 0, 0),
    _call("clone into a user namespace", 56, 0x10000011, 0, 0, 0, 0),
    Attack(
        "clone3", "got = call(435, ctypes.create_string_buffer(88), 88) >= 0", "not implemented"
    ),
    Attack("a thread in a user namespace", "got = call(56, 0x10010F00, 0, 0, 0, 0) >= 0", REFUSED),
    Attack("subprocess", "import subprocess\ngot = subprocess.check_output(['/bin/id'])", REFUSED),
    Attack("a shell", "got = os.system('id') == 0"),
    Attack("execve", "os.execv('/bin/sh', ['sh'])\ngot = True", REFUSED),
    Attack(
        "run a program of its own",
        "open('x', 'wb').write(b'#!/bin/sh\\n')\nos.chmod('x', 0o755)\n"
        "os.execv('/tmp/x', ['x'])\ngot = True",
        REFUSED,
    ),
    Attack(
        "run an ELF file of its own",
        "head = b'\\x7fELF\\x02\\x01\\x01' + bytes(9) + b'\\x02\\x00>\\x00'\n"
        "open('x', 'wb').write(head + bytes(99))\n"
        "os.chmod('x', 0o755)\nos.execv('/tmp/x', ['x'])\ngot = True",
        REFUSED,
    ),
    _call("execveat", 322, 3, b"", 0, 0, 0x1000),
    Attack("kill everyone", "os.kill(-1, 9)\ngot = True", REFUSED),
    Attack("kill the zygote", "os.kill(os.getppid(), 9)\ngot = True", REFUSED + "|No such process"),
    Attack("signal the next process", "os.kill(2, 9)\ngot = True", REFUSED),
    Attack("signal a group", "os.killpg(1, 15)\ngot = True", REFUSED),
    Attack("a session of its own", "os.setsid()\ngot = True", REFUSED),
    _call("queue a signal", 129, 2, 9, 0),
    _call("signal by a handle", 424, 3, 9, 0, 0),
    _call("another user, by a raw call", 117, 0, 0, 0),
    _call("ptrace", 101, 16, 1, 0, 0),
    _call("read another's memory", 310, 2, 0, 0, 0, 0, 0),
    _call("write another's memory", 311, 2, 0, 0, 0, 0, 0),
    _call("a handle of a process", 434, 1, 0),
    _call("another's descriptor", 438, 3, 1, 0),
    _call("compare kernel objects", 312, 1, 2, 0, 0, 0),
    _call("leave a namespace", 272, 0x10000000),
    _call("enter a namespace", 308, 3, 0),
    Attack(
        "more threads than allowed",
        "import threading, time\nstop = threading.Event()\nmade = 0\n"
        "try:\n    while made < 1000:\n"
        "        threading.Thread(target=stop.wait, daemon=True).start(); made += 1\n"
        "except RuntimeError: pass\n"
        "got = made > 20",
    ),
    Attack(
        "have the kernel signal somebody",
        "import fcntl\nfcntl.fcntl(3, 8, os.getppid() or 1)\ngot = True",
        REFUSED,
    ),
    Attack("become root", "os.setuid(0)\ngot = True", REFUSED),
    Attack("other groups", "os.setgroups([0])\ngot = True", REFUSED),
    Attack(
        "regain capabilities", "got = call(126, ctypes.create_string_buffer(8), 0) >= 0", REFUSED
    ),
    Attack("be dumped", "got = call(157, 4, 1, 0, 0, 0) >= 0", REFUSED),
    Attack("a keyring", "got = call(250, 0, -3, 0, 0, 0) >= 0", REFUSED),
    Attack("a better place in the line", "os.nice(-5)\ngot = True", REFUSED),
)

NETWORK = (
    _socket("tcp", 2, 1),
    _socket("udp", 2, 2),
    _socket("tcp over IPv6", 10, 1),
    _socket("raw", 2, 3),
    _socket("unix", 1, 1),
    _socket("netlink", 16, 3),
    _socket("packets", 17, 3),
    _socket("vsock", 40, 1),
    _socket("the kernel's crypto", 38, 5),
    _socket("bluetooth", 31, 1),
    Attack(
        "an abstract socket by a pair's back door",
        "a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\ngot = a.sendto(b'x', '\\0x')",
        REFUSED,
    ),
    Attack(
        "pass descriptors",
        "a, b = socket.socketpair()\ngot = socket.send_fds(a, [b'x'], [3])",
        REFUSED,
    ),
    Attack(
        "resolve a name", "got = socket.getaddrinfo('example.com', 80)", "gaierror|not permitted"
    ),
    Attack(
        "fetch a URL",
        "import urllib.request\ngot = urllib.request.urlopen('http://169.254.169.254')",
    ),
)

KERNEL = (
    _call("io_uring", 425, 8, 0),
    _call("enter a ring", 426, 3, 1, 0, 0, 0, 0),
    _call("register a ring", 427, 3, 0, 0, 0),
    _call("open a file system", 430, b"tmpfs", 0),
    _call("change a mount", 442, -100, b"/", 0, 0, 0),
    _call("ask for a key", 249, b"user", b"x", 0, -3),
    _call("bpf", 321, 0, 0, 0),
    _call("keys", 248, b"user", b"x", b"y", 1, -3),
    _call("userfaultfd", 323, 0),
    _call("performance events", 298, 0, 0, -1, -1, 0),
    _call("a file in memory", 319, b"x", 0),
    _call("another personality", 135, 0x0400000),
    _call("mount", 165, b"x", b"/tmp", b"tmpfs", 0, 0),
    _call("unmount", 166, b"/", 2),
    _call("clone a mount", 428, -100, b"/", 1),
    _call("swap the root", 155, b".", b"."),
    _call("a file by its handle", 304, 3, 0, 0),
    _call("load a module", 175, 0, 0, 0),
    _call("another kernel", 246, 0, 0, 0, 0),
    _call("reboot", 169, 0xFEE1DEAD, 672274793, 0, 0),
    _call("rename the host", 170, b"x", 1),
    _call("set the clock", 227, 0, 0),
    _call("input and output ports", 172, 3),
    _call("segments", 154, 0, 0, 0),
    _call("the kernel's log", 103, 3, 0, 0),
    _call("quotas", 179, 0, 0, 0, 0),
    _call("accounting", 163, 0),
    _call("pages of others", 279, 1, 0, 0, 0, 0, 0),
    _call("another filter", 317, 1, 0, 0),
    _call("watch files", 253),
    _call("a queue of messages", 240, b"x", 0o102, 0o600, 0),
    _call("shared memory", 29, 0, 4096, 0o1600),
    Attack("calls of the other ABI", "got = call(0x40000000 | 39) >= 0"),
    Attack("memory to run code in", "got = call(9, 0, 4096, 7, 0x22, -1, 0) >= 0", REFUSED),
    Attack(
        "make memory run",
        "place = call(9, ctypes.c_void_p(0), ctypes.c_size_t(4096), 3, 0x22, -1, 0)\n"
        "got = call(10, ctypes.c_void_p(place), ctypes.c_size_t(4096), 5) >= 0",
        REFUSED,
    ),
    Attack(
        "run a file's pages",
        "f = open('x', 'wb+'); f.write(b'\\xc3' * 4096); f.flush()\n"
        "got = call(9, 0, 4096, 5, 2, f.fileno(), 0) >= 0",
        REFUSED,
    ),
)

#: Attempts at a socket, by the number of its family.
SOCKETS = tuple(attack for attack in NETWORK if attack.body.startswith("got = socket.socket("))
ATTACKS = (*FILES, *PROCESSES, *NETWORK, *KERNEL, *INTERPRETER)
