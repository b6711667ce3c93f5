"""Rows B11 and B12: the servers on one host, those who watch and talk on another, and what a server has used. Row B1
has its senders where the servers are here, and its server where the audience is.

    servers' namespace, first processor          │          the audience's namespace, second processor
    10.78.0.1  server ─ TCP ─ veth ───────────────────────────── veth ─ TCP ─ this process, onair push

Over loopback who sends also does the receiver's half: its TCP runs before `send` returns, and wakes who waits. Remote
players do that on a machine of their own. Here packets are handed to the other side's processor (RPS), and the
audience reads on a clock, so nobody is woken. Of what goes on between the two sides the server has what a server
with a network card has: its TCP down to the device, and acknowledgements where they interrupt it.
"""

import contextlib
import ctypes
import os
import subprocess
import time
from pathlib import Path

from setup import have, say

SERVER, AUDIENCE = "10.78.0.1", "10.78.0.2"
# What publishers and hosts need, since the address is not loopback's.
TOKEN = "bench-bench-bench-bench"
DRAIN_EVERY, PRIORITY = 0.02, -10
CLONE_NEWNET = 0x40000000
# Packets that wait for the other processor: a room of a thousand is told with a thousand at once, which no device drops.
BACKLOG, PACKETS = Path("/proc/sys/net/core/netdev_max_backlog"), 20_000


class Host:
    """Where servers run."""

    address = SERVER

    def __init__(self, holder, processor):
        self._prefix = ["nsenter", f"--net=/proc/{holder}/ns/net", "taskset", "-c", str(processor)]

    def start(self, command, **options):
        """The process is the command's own."""
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        environment = dict(os.environ, ONAIR_PUBLISH_TOKEN=TOKEN)
        words = [str(word) for word in [*self._prefix, *command]]
        return subprocess.Popen(words, env=environment, **{**quiet, **options})


class Audience:
    """This process's own side, as a host."""

    address = AUDIENCE
    start = staticmethod(subprocess.Popen)


@contextlib.contextmanager
def two_hosts():
    """This process becomes the audience; gives the servers' host, or None, with a word, where that cannot be."""
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) < 2 or os.geteuid() != 0 or not have("ip"):
        say("  needs root, iproute2 and two processors")
        yield None
        return
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    theirs, own = processors[:2]
    backlog = BACKLOG.read_text()
    BACKLOG.write_text(str(PACKETS))
    # It ends when this process does, however that ends, and its namespace with it.
    holder = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        system("unshare", CLONE_NEWNET)
        os.sched_setaffinity(0, {own})
        # Before whatever else the machine does; the servers inherit it.
        os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)
        wait_for_namespace(holder.pid)
        link(holder.pid, theirs, own)
        yield Host(holder.pid, theirs)
    finally:
        holder.kill()
        holder.wait()
        system("setns", home, CLONE_NEWNET)
        os.close(home)
        BACKLOG.write_text(backlog)
        os.sched_setaffinity(0, processors)
        os.setpriority(os.PRIO_PROCESS, 0, 0)


def wait_for_namespace(pid):
    for _ in range(250):
        if os.path.basename(os.readlink(f"/proc/{pid}/exe")) == "cat":
            return
        time.sleep(0.02)
    raise OSError("the servers have no namespace of their own")


def link(holder, theirs, own):
    """A pair of devices; what comes out of one is handled by the processor of its side."""
    device, peer = "audience", "server"
    sides = [([], device, AUDIENCE, own), (["nsenter", f"--net=/proc/{holder}/ns/net"], peer, SERVER, theirs)]
    run("ip", "link", "add", device, "type", "veth", "peer", "name", peer, "netns", str(holder))
    for prefix, name, address, processor in sides:
        run(*prefix, "ip", "address", "add", f"{address}/24", "dev", name)
        run(*prefix, "ip", "link", "set", name, "up")
        run(*prefix, "ip", "link", "set", "lo", "up")
        # Of a sysfs that shows this namespace's devices.
        queue = f"/sys/class/net/{name}/queues/rx-0/rps_cpus"
        steer = f"mount -t sysfs none /sys && echo {1 << processor:x} > {queue}"
        run(*prefix, "unshare", "--mount", "sh", "-c", steer)


def run(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


def system(call, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, call)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), f"{call}: {os.strerror(ctypes.get_errno())}")


def came(selector, end):
    """What came for each, read on a clock until `end`: nobody sleeps on a socket, so nothing wakes anybody."""
    is_over = False
    while not is_over:
        left = end - time.monotonic()
        is_over = left <= DRAIN_EVERY
        time.sleep(max(0, min(left, DRAIN_EVERY)))
        for key, _ in selector.select(0):
            data = key.fileobj.recv(262_144)
            if not data:
                raise ConnectionError(f"{key.data} closed a connection")
            yield key, data


def used(pid):
    """Milliseconds of processor that the process has used, as its scheduler counts them."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e6
