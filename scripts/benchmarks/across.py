#!/usr/bin/env python3
"""One broadcaster across a bottleneck: runs on the near side of `onair-link run`, which scripts/bench starts.

    pipe of numbered pictures → broadcaster ═ link ═ meter → nginx-rtmp
                                                      ↓
                                  when each message was whole, and what was in it

Reads what to do as JSON from its argument, and leaves meter.jsonl, arrivals.flv, the server's recordings and times.json
in the folder named there.
"""

import fcntl
import json
import mmap
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from numbers_in_pictures import FRAME_BYTES, HEADER, numbered

FPS = 30
F_SETPIPE_SZ = 1031
SERVER_PORT, METER_PORT = 1936, 1935


class FarEnd:
    """nginx-rtmp and the meter in front of it; both can die and come back."""

    def __init__(self, folder, meter):
        self._folder, self._meter = folder, meter
        self._prefix = shlex.split(os.environ["ONAIR_LINK_FAR"])
        self._address = os.environ["ONAIR_LINK_FAR_ADDRESS"]
        self._lives, self._processes = 0, []

    def start(self):
        """Comes up; when the port was open, seconds since 1970."""
        self._lives += 1
        record = self._folder / f"record-{self._lives}"
        record.mkdir()
        module = next(Path("/usr").glob("lib*/nginx/modules/ngx_rtmp_module.so"))
        config, log = self._folder / "nginx.conf", self._folder / "error.log"
        config.write_text(
            f"load_module {module}; user root; daemon off; master_process off; pid {self._folder}/pid;\n"
            f"error_log {log}; events {{ worker_connections 256; }}\n"
            f"rtmp {{ server {{ listen 127.0.0.1:{SERVER_PORT}; application live {{\n"
            f"  live on; record all; record_unique on; record_path {record}; }} }} }}\n"
        )
        self._run(["nginx", "-p", self._folder, "-e", log, "-c", config])
        self._wait_for(SERVER_PORT)
        notes = open(self._folder / f"meter-{self._lives}.jsonl", "w")
        flv = self._folder / f"arrivals-{self._lives}.flv"
        listen, to = f"{self._address}:{METER_PORT}", f"127.0.0.1:{SERVER_PORT}"
        self._run([self._meter, "meter", "--listen", listen, "--to", to, "--flv", flv], stdout=notes)
        self._wait_for(METER_PORT)
        return time.time()

    def die(self):
        for process in self._processes:
            process.kill()
            process.wait()
        self._processes = []

    def _run(self, command, **options):
        path = os.environ.get("PATH", "") + ":/usr/sbin"
        environment = dict(os.environ, PATH=path)
        words = [*self._prefix, *(str(word) for word in command)]
        self._processes.append(subprocess.Popen(words, env=environment, **options))

    def _wait_for(self, port):
        for _ in range(1_000):
            listening = subprocess.run([*self._prefix, "cat", "/proc/net/tcp"], capture_output=True, text=True)
            if f":{port:04X} 00000000:0000 0A" in listening.stdout:
                return
            time.sleep(0.005)
        raise RuntimeError(f"nothing listens on {port}: {(self._folder / 'error.log').read_text()}")


def feed(fifo, raw, count, reader):
    """Writes numbered pictures into the pipe when they are due; when the first was, or None when nobody read."""
    with open(raw, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as pictures:
        first = pictures.find(b"\n") + 1
        stock = (len(pictures) - first) // FRAME_BYTES
        pipe = open_pipe(fifo, reader)
        if pipe is None:
            return None
        began = time.time()
        with pipe:
            try:
                pipe.write(HEADER)
                for number in range(count):
                    at = first + number % stock * FRAME_BYTES
                    picture = numbered(pictures[at : at + FRAME_BYTES], number)
                    # After the first one the reader's own clock runs; half a second of lateness leaves its pacing out.
                    if number == 1:
                        began = time.time() + 0.5 - 1 / FPS
                    time.sleep(max(0.0, began + number / FPS - time.time()))
                    view = memoryview(picture)
                    while view:
                        view = view[pipe.write(view):]
                    # A broadcaster that blocks is not waited for without end.
                    if time.time() > began + count / FPS + 10:
                        break
            except BrokenPipeError:
                pass
        return began


def open_pipe(fifo, reader):
    """The writing end, once the reader has opened the other; None when it ended before."""
    while reader.poll() is None:
        try:
            pipe = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            time.sleep(0.01)
            continue
        os.set_blocking(pipe, True)
        fcntl.fcntl(pipe, F_SETPIPE_SZ, 1 << 20)
        return os.fdopen(pipe, "wb", buffering=0)
    return None


def main():
    task = json.loads(sys.argv[1])
    folder, times = Path(task["folder"]), {}
    far = FarEnd(folder, task["meter"])
    far.start()
    with open(folder / "broadcaster.log", "w") as log:
        broadcaster = subprocess.Popen(task["command"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    feeder = threading.Thread(
        target=lambda: times.update(began=feed(task["fifo"], task["raw"], task["seconds"] * FPS, broadcaster))
    )
    started = time.time()
    feeder.start()
    if task["dead"]:
        at, lasts = task["dead"]
        time.sleep(at)
        far.die()
        times["died"] = time.time()
        time.sleep(max(0.0, lasts - (time.time() - times["died"])))
        times["listens"] = far.start()
    feeder.join(max(0.0, started + task["seconds"] + 20 - time.time()))
    try:
        broadcaster.wait(10)
    except subprocess.TimeoutExpired:
        broadcaster.send_signal(signal.SIGKILL)
        broadcaster.wait()
    feeder.join()
    times["code"] = broadcaster.returncode
    far.die()
    (folder / "times.json").write_text(json.dumps(times))


if __name__ == "__main__":
    main()
