"""The system calls that a jailed interpreter needs, by their numbers on the machines we know."""

from dataclasses import dataclass

#: Argument to filters: name, number on x86-64, number on aarch64; 0 where a machine lacks the call.
_TABLE = """
read 0 63, write 1 64, open 2 -, close 3 57, stat 4 -, fstat 5 80, lstat 6 -, poll 7 -,
lseek 8 62, munmap 11 215, brk 12 214, rt_sigaction 13 134, rt_sigprocmask 14 135,
rt_sigreturn 15 139, pread64 17 67, pwrite64 18 68, readv 19 65, writev 20 66, access 21 -,
pipe 22 -, select 23 -, sched_yield 24 124, mremap 25 216, msync 26 227, madvise 28 233,
dup 32 23, dup2 33 -, nanosleep 35 101, getitimer 36 102, alarm 37 -, setitimer 38 103,
getpid 39 172, sendto 44 206, recvfrom 45 207, exit 60 93, uname 63 160, flock 73 32,
fsync 74 82, fdatasync 75 83, truncate 76 45, ftruncate 77 46, getcwd 79 17, chdir 80 49,
rename 82 -, mkdir 83 -, rmdir 84 -, unlink 87 -, readlink 89 -, chmod 90 -, fchmod 91 52,
umask 95 166, gettimeofday 96 169, getrlimit 97 163, getrusage 98 165, sysinfo 99 179,
times 100 153, getuid 102 174, getgid 104 176, geteuid 107 175, getegid 108 177, getppid 110 173,
getgroups 115 158, getresuid 118 148, getresgid 120 150, sigaltstack 131 132, statfs 137 43,
fstatfs 138 44, gettid 186 178, time 201 -, futex 202 98, sched_getaffinity 204 123,
epoll_create 213 -, getdents64 217 61, restart_syscall 219 128, fadvise64 221 223,
clock_gettime 228 113, clock_getres 229 114, clock_nanosleep 230 115, exit_group 231 94,
epoll_wait 232 -, epoll_ctl 233 21, openat 257 56, mkdirat 258 34, newfstatat 262 79,
unlinkat 263 35, renameat 264 38, readlinkat 267 78, fchmodat 268 53, faccessat 269 48,
pselect6 270 72, ppoll 271 73, set_robust_list 273 99, utimensat 280 88, epoll_pwait 281 22,
fallocate 285 47, epoll_create1 291 20, dup3 292 24, pipe2 293 59, getcpu 309 168,
renameat2 316 276, getrandom 318 278, copy_file_range 326 285, statx 332 291, rseq 334 293,
close_range 436 436, faccessat2 439 439
"""
#: Those that are allowed with certain arguments only.
_CHECKED = """
mmap 9 222, mprotect 10 226, ioctl 16 29, fcntl 72 25, socketpair 53 199, clone 56 220, kill 62 129,
tgkill 234 131, prlimit64 302 261, clone3 435 435
"""


@dataclass(frozen=True, slots=True)
class Machine:
    """What a filter must know of a kind of machine."""

    audit: int
    allowed: tuple[int, ...]
    checked: dict[str, int]


def _column(table: str, column: int) -> dict[str, int]:
    rows = [row.split() for row in table.replace("\n", " ").split(",")]
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}


MACHINES = {
    name: Machine(audit, tuple(sorted(_column(_TABLE, at).values())), _column(_CHECKED, at))
    for name, audit, at in (("x86_64", 0xC000003E, 1), ("aarch64", 0xC00000B7, 2))
}
