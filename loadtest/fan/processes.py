"""Processes of ./dev bench fanout: pinned to a core, gone when the bench is, however it ends. And what /proc says of them."""
import ctypes
import os
import pathlib
import select
import signal
import subprocess
import time

SERVER_CORE, CLIENT_CORE = ("0", "1") if os.cpu_count() > 1 else ("0", "0")
PR_SET_PDEATHSIG = 1
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
STOP_S = 15

_libc = ctypes.CDLL(None)
_running = []


class Broken(Exception):
    """A server or the client did not do what was asked, in words."""


def _die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def start(words, core, log, urgent=False, **more):
    """In a session of its own: Ctrl-C reaches us alone, and we end it in order. `urgent` goes before all others of its core."""
    before = ["chrt", "--rr", "1"] if urgent and os.geteuid() == 0 else []
    process = subprocess.Popen([*before, "taskset", "-c", core, *map(str, words)], stderr=log, text=True, start_new_session=True,
                               preexec_fn=_die_with_parent, **more)
    _running.append(process)
    return process


def stop(process):
    if process not in _running:
        return
    _running.remove(process)
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for end in (process.stdin, process.stdout):
        if end is not None:
            try:
                end.close()
            except OSError:
                pass


def stop_all():
    for process in _running:
        if process.poll() is None:
            process.terminate()
    for process in list(_running):
        stop(process)


def line_of(process, patience_s):
    """The next line of its output."""
    ready, _, _ = select.select([process.stdout], [], [], patience_s)
    line = process.stdout.readline() if ready else ""
    if not line:
        raise Broken(f"no answer in {patience_s} s" if process.poll() is None else f"ended with {process.returncode}")
    return line


def wait_until(done, what, patience_s=20):
    until = time.monotonic() + patience_s
    while not done():
        if time.monotonic() > until:
            raise Broken(f"{what}: not within {patience_s} s")
        time.sleep(0.02)


def words_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def children_of(pid):
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        found += [int(word) for word in (task / "children").read_text(encoding="ascii").split()]
    return found


def _cpu_of(pid):
    """User and system. The scheduler's nanoseconds, which are what /proc/PID/stat rounds to hundredths; those where it keeps none."""
    try:
        ns = sum(int((task / "schedstat").read_text(encoding="ascii").split()[0]) for task in pathlib.Path(f"/proc/{pid}/task").iterdir())
        if ns > 0:
            return ns / 1e9
    except OSError:
        pass
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(stat[11]) + int(stat[12])) / TICKS


def cpu_s(pids):
    try:
        return sum(_cpu_of(pid) for pid in pids)
    except OSError as gone:
        raise Broken("a process of the server is gone") from gone


def core_busy_s():
    """Of the servers' core, whoever it worked for: also what the kernel books on nobody."""
    line = next(line for line in pathlib.Path("/proc/stat").read_text(encoding="ascii").splitlines() if line.startswith(f"cpu{SERVER_CORE} "))
    user, nice, system, _, _, irq, softirq = map(int, line.split()[1:8])
    return (user + nice + system + irq + softirq) / TICKS


def rss_bytes(pids):
    return sum(int(pathlib.Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE for pid in pids)
