"""What hostile code tries on the interpreter it runs in, on whoever made it, and on its result."""

from tests.integration.sandbox.attack import OTHERS_WORD, SECRET, Attack

INTERPRETER = (
    Attack(
        "secrets in the environment",
        "got = [k for k, v in os.environ.items() if 'secret' in v.lower()]",
    ),
    Attack(
        "secrets in memory",
        "import gc\ngc.unfreeze()\n"
        "word = '-'.join(['the', 'secret', 'of', 'the', 'service'])\n"
        "got = [1 for o in gc.get_objects() if isinstance(o, dict)\n"
        "       for v in list(o.values()) if isinstance(v, (str, bytes)) and word in str(v)\n"
        "       and o is not locals()]",
    ),
    Attack(
        "descriptors of the service",
        "found = []\nfor n in range(3, 1000):\n"
        "    try: os.fstat(n); found.append(n)\n    except OSError: pass\n"
        "got = found != [3]",
    ),
    Attack(
        "what another tenant ran, in the frames above",
        "frame, seen = sys._getframe(1), []\n"
        "while frame: seen += map(repr, frame.f_locals.values()); frame = frame.f_back\n"
        "word = '-'.join(['what', 'another', 'tenant', 'ran'])\n"
        "got = [s for s in seen if word in s]",
    ),
    # What is looked for stands nowhere in its own memory, but each of its bytes one higher.
    Attack(
        "secrets in raw memory",
        "shift = bytes((n + 1) % 256 for n in range(256))\n"
        f"words = {[bytes(n + 1 for n in word.encode()) for word in (SECRET, OTHERS_WORD)]}\n"
        "inside, outside = os.pipe()\n"
        "got, looked = [], 0\n"
        "for near in (id(object()), id(sys), ctypes.addressof(ctypes.create_string_buffer(9))):\n"
        "    for place in range((near >> 12) - 8000 << 12, (near >> 12) + 8000 << 12, 4096):\n"
        "        if libc.write(outside, ctypes.c_void_p(place), 4096) == 4096:\n"
        "            page, looked = os.read(inside, 4096).translate(shift), looked + 1\n"
        "            got += [str(word) for word in words if word in page]\n"
        "assert looked > 500",
    ),
    Attack("the host's name", "got = os.uname().nodename != 'sandbox'"),
    Attack("a core dump", "os.abort()\ngot = True"),
    Attack("dereference nothing", "ctypes.string_at(0)\ngot = True"),
    Attack(
        "endless loop in a regular expression",
        "import re\ngot = re.match('(a+)+$', 'a' * 64 + 'b')",
    ),
    Attack("spin", "while True: pass\ngot = True"),
    Attack("sleep", "import time\ntime.sleep(1000)\ngot = True"),
    Attack(
        "be deaf to signals",
        "import signal\nfor n in range(1, 65):\n"
        "    try: signal.signal(n, signal.SIG_IGN)\n    except (OSError, ValueError): pass\n"
        "while True: pass\ngot = True",
    ),
    Attack("all memory at once", "got = len(bytearray(10 << 30))"),
    Attack(
        "all memory by and by", "held = []\nwhile True: held.append(bytearray(1 << 20))\ngot = True"
    ),
    Attack("deep recursion", "sys.setrecursionlimit(1 << 30)\ndef f(): f()\nf()\ngot = True"),
    Attack("an enormous number", "got = len(str(9 ** (10 ** 9)))"),
    Attack("no builtins", "import builtins\nbuiltins.__dict__.clear()\ngot = False"),
    Attack("no modules", "sys.modules.clear()\ngot = False"),
    Attack("close the way out", "os.close(3)\ngot = True"),
    Attack("flood the way out", "while True: os.write(3, b'x' * 65536)\ngot = True"),
    Attack(
        "flood with empty frames",
        "while True: os.write(3, bytes([40, 0, 0, 0, 0]) * 9999)\ngot = True",
    ),
    Attack(
        "a frame of four gigabytes",
        "os.write(3, bytes([42]) + b'\\xff' * 4)\nos._exit(0)\ngot = True",
    ),
    Attack(
        "speak for the service",
        "os.write(3, bytes([12, 0, 0, 0, 2]) + b'{}')\nos._exit(0)\ngot = True",
    ),
    Attack("hear what others say", "got = os.read(3, 1)"),
    Attack(
        "stay after the end",
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(99,)).start()\ngot = False",
    ),
    Attack("time out at exit", "import atexit, time\natexit.register(time.sleep, 99)\ngot = False"),
    Attack(
        "time out in a finaliser",
        "import builtins, time\nclass Slow:\n    def __del__(self): time.sleep(99)\n"
        "builtins.slow = Slow()\ngot = False",
    ),
    Attack("print without end", "while True: print('x' * 65536)\ngot = True", "sandbox_timeout"),
    Attack("a result of twenty megabytes", "got = 'x' * (20 << 20)", "sandbox_output_too_large"),
    Attack("a result that holds itself", "got = []\ngot.append(got)", "code_output_invalid"),
    Attack(
        "a result that nests deep",
        "got = 1\nfor _ in range(900): got = [got]",
        "code_output_invalid",
    ),
    Attack(
        "a forged result that nests deeper",
        "data = b'{\"values\": {\"got\": ' + b'[' * 99999 + b']' * 99999 + b'}}'\n"
        "os.write(3, bytes([42]) + len(data).to_bytes(4, 'big') + data)\nos._exit(0)\ngot = True",
        "code_output_invalid",
    ),
    Attack(
        "poison the interpreter for the next",
        "import json\nimport builtins as b\n"
        "json.dumps = os.write = os._exit = b.print = b.__import__ = b.len = None\n"
        "type.__call__ if False else sys.setrecursionlimit(60)\ngot = False",
    ),
    Attack(
        "an object nobody can print",
        "class E(Exception):\n    def __str__(self): return 1 / 0\nraise E\ngot = True",
    ),
)
