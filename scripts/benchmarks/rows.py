"""The rows of the table: how each figure is measured, and what it should be."""

import contextlib
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import apart
import beauty
import chat
import dips
import flights
import quality
import watching
from least import LEAST, least
from row import US, Row
from setup import Nginx, have, material, raw_material, say, which

FPS = 30
SEND_CALL = re.compile(r"\b(?:sendto|sendmsg|sendmmsg|write|writev)\(\d+<TCP")


def start(command, host=None, **options):
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
    begin = host.start if host else subprocess.Popen
    return begin([str(word) for word in command], **{**quiet, **options})


def finish(who, process, limit):
    """CPU-seconds of the process; None, with a word, when it failed."""
    drain = threading.Thread(target=lambda: setattr(process, "words", process.stderr.read()))
    drain.start()
    timer = threading.Timer(limit, process.kill)
    timer.start()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode, process.usage = os.waitstatus_to_exitcode(status), usage
    timer.cancel()
    drain.join()
    if process.returncode != 0:
        say(f"  {who} failed ({process.returncode}): {process.words.decode(errors='replace').strip()[-300:]}")
        return None
    return usage.ru_utime + usage.ru_stime


def cpu_side_by_side(row, commands, seconds, nginx, host=None):
    """CPU-seconds per minute of everybody, in real time and at once: what disturbs one disturbs all. On that host, or here."""
    try:
        running = {
            who: start(command(nginx.url(f"{row.name}-{number}")), host)
            for number, (who, command) in enumerate(commands.items())
        }
        for who, process in running.items():
            cpu = finish(who, process, seconds + 60)
            row.figures[who] = cpu and cpu * 60 / seconds
    finally:
        nginx.close()
    return [row]


def b1(peers, seconds, port):
    """With the server on another host, as it is for a phone, and over loopback."""
    file, words = material(peers.ffmpeg, seconds), f"ship {seconds} s of 720p30 in real time"
    apart_row, near_row = (
        Row("B1", what, "CPU-s/min", "≤ 0.40 × ffmpeg", lambda f: f[US] <= 0.40 * f["ffmpeg"])
        for what in (f"{words} to another host", f"{words} over loopback")
    )
    with apart.two_hosts() as host:
        if host:
            ship(peers, file, seconds, apart_row, Nginx(port, apart.Audience()), host)
    ship(peers, file, seconds, near_row, Nginx(port))
    return [apart_row, near_row]


def ship(peers, file, seconds, row, nginx, host=None):
    with least_shipping(row, file.stat().st_size // (seconds * FPS), host):
        cpu_side_by_side(row, peers.ship(file, paced=True), seconds, nginx, host)


@contextlib.contextmanager
def least_shipping(row, size, host):
    """What it takes meanwhile to wake up for each picture and send so much."""
    floor = least(1, size, FPS, host)
    if not floor:
        yield
        return
    try:
        connection = floor.player().connection
        reader = threading.Thread(target=read_all, args=(connection,), daemon=True)
        reader.start()
        before, began = apart.used(floor.pid), time.monotonic()
        yield
        # One that could not send all has given up.
        if reader.is_alive():
            spent = (apart.used(floor.pid) - before) / 1_000
            row.figures[LEAST] = spent * 60 / (time.monotonic() - began)
    finally:
        floor.close()


def read_all(connection):
    with contextlib.suppress(OSError):
        while connection.recv(65_536):
            pass


def b4(peers, seconds, port):
    seconds = min(seconds, 20)
    row = Row("B4", f"encode and ship {seconds} s of raw 720p30", "CPU-s/min", "≤ 0.78 × ffmpeg",
              lambda f: f[US] <= 0.78 * f["ffmpeg"])
    files = raw_material(peers.ffmpeg, seconds)
    return cpu_side_by_side(row, peers.pipeline(*files), seconds, Nginx(port))


def b2(peers, seconds, port):
    row = Row("B2", "user instructions per MB sent", "M/MB", "≤ 0.20 M", lambda f: f[US] <= 0.20)
    if not have("valgrind"):
        return [row]
    nginx, short = Nginx(port), 10
    try:
        files = [material(peers.ffmpeg, length) for length in (max(seconds, 2 * short), short)]
        megabytes = (files[0].stat().st_size - files[1].stat().st_size) / 1e6
        # The difference of two lengths leaves starting and stopping out.
        for number, who in enumerate(peers.ship(files[0], paced=False)):
            counts = []
            for file in files:
                command = peers.ship(file, paced=False)[who](nginx.url(f"b2-{number}-{len(counts)}"))
                tool = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
                process = start(tool + command)
                if finish(who, process, 300) is None:
                    break
                found = re.search(rb"I +refs: +([\d,]+)", process.words)
                counts.append(int(found.group(1).replace(b",", b"")))
            row.figures[who] = (counts[0] - counts[1]) / 1e6 / megabytes if len(counts) == 2 else None
    finally:
        nginx.close()
    return [row]


def b3(peers, seconds, port):
    row = Row("B3", "send calls per streamed minute", "calls/min", "≤ 2,000", lambda f: f[US] <= 2_000)
    if not have("strace"):
        return [row]
    nginx, file = Nginx(port), material(peers.ffmpeg, seconds)
    folder = tempfile.TemporaryDirectory()
    try:
        running = {}
        for number, (who, command) in enumerate(peers.ship(file, paced=True).items()):
            log = Path(folder.name) / str(number)
            calls = "trace=sendto,sendmsg,sendmmsg,write,writev"
            tool = ["strace", "-f", "-yy", "-s", "0", "-e", calls, "-e", "signal=none", "-o", log]
            running[who] = (start(tool + command(nginx.url(f"b3-{number}"))), log)
        for who, (process, log) in running.items():
            done = finish(who, process, seconds + 60)
            lines = log.read_text(errors="replace").splitlines()
            calls = sum(1 for line in lines if SEND_CALL.search(line))
            row.figures[who] = None if done is None else calls * 60 / seconds
    finally:
        nginx.close()
        folder.cleanup()
    return [row]


def b13(peers, seconds, _port):
    from sink import Sink

    sink = Sink()
    first = Row("B13", "exec → first 360p picture at the server, median", "ms", "≤ 30 ms", lambda f: f[US] <= 30)
    times = {who: [] for who in peers.pattern()}
    for _ in range(max(3, seconds // 4)):
        for who, command in peers.pattern().items():
            sink.expect()
            began = time.monotonic()
            process = start(command(sink.url()), stderr=subprocess.DEVNULL)
            arrived = sink.first_picture(15, process)
            process.kill()
            process.wait()
            sink.closed.wait(5)
            if arrived:
                times[who].append((arrived - began) * 1_000)
    first.figures = {who: statistics.median(values) if values else None for who, values in times.items()}

    p50 = Row("B13", "720p picture in → whole at the server, p50", "ms", "≤ 4 ms", lambda f: f[US] <= 4)
    p95 = Row("B13", "720p picture in → whole at the server, p95", "ms", "≤ 6 ms", lambda f: f[US] <= 6)
    with tempfile.TemporaryDirectory() as folder:
        fifo = Path(folder) / "pictures.y4m"
        os.mkfifo(fifo)
        for who, command in peers.pictures(fifo).items():
            sink.expect()
            process = start(command(sink.url()), stderr=subprocess.DEVNULL)
            handed_over = feed(fifo, process, min(seconds, 10) * 30)
            sink.closed.wait(10)
            process.kill()
            process.wait()
            if not handed_over or len(sink.pictures) < len(handed_over) - 1:
                say(f"  {who}: only {len(sink.pictures)} of {len(handed_over)} pictures arrived")
                continue
            # The first ones carry the connection's start.
            delays = sorted((out - put) * 1_000 for put, out in list(zip(handed_over, sink.pictures))[15:])
            p50.figures[who] = statistics.median(delays)
            p95.figures[who] = delays[len(delays) * 95 // 100]
    return [first, p50, p95]


def open_pipe(fifo, reader):
    """The writing end, once the reader has opened the other; None when it ended before."""
    while reader.poll() is None:
        try:
            pipe = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
            os.set_blocking(pipe, True)
            return os.fdopen(pipe, "wb", buffering=0)
        except OSError:
            time.sleep(0.01)
    return None


def feed(fifo, reader, count):
    """Writes pictures into the pipe at 30 a second; when each was handed over."""
    width, height = 1280, 720
    noise = os.urandom(width * 64)

    def picture(number):
        # A soft texture that wanders, so that the encoder has honest work.
        luma = bytearray(width * height)
        for y in range(height):
            at = (number * 2 + y * 3) % (width * 63)
            luma[y * width : (y + 1) * width] = noise[at : at + width] if y % 16 == 0 else bytes([96 + y % 64]) * width
        return b"FRAME\n" + bytes(luma) + bytes([128]) * (width * height // 2)

    # Made before, forth and back: making them meanwhile would take the processor, and Python's lock, from who is
    # measured and from the sink.
    forth = [picture(number) for number in range(30)]
    pictures = forth + forth[-2:0:-1]
    handed_over = []
    pipe = open_pipe(fifo, reader)
    if pipe is None:
        return handed_over
    try:
        with pipe:
            pipe.write(f"YUV4MPEG2 W{width} H{height} F30:1 Ip A1:1 C420jpeg\n".encode())
            began = None
            for number in range(count):
                # After the first one the reader's own clock runs; being a little late leaves its pacing out.
                if number == 1:
                    began = time.monotonic() + 0.5
                if began is not None:
                    time.sleep(max(0.0, began + number / 30 - time.monotonic()))
                view = memoryview(pictures[number % len(pictures)])
                while view:
                    view = view[pipe.write(view):]
                handed_over.append(time.monotonic())
    except BrokenPipeError:
        pass
    return handed_over


def rtmps(peers, seconds, port):
    from secure import Stunnel

    plain = f"{US}, RTMP"
    works = {
        f"encode and ship {seconds} s of 360p30 through TLS": ("--quality", "low3", "--duration", f"{seconds}s"),
        f"ship {seconds} s of encoded 720p30 through TLS": ("--flv", material(peers.ffmpeg, seconds)),
    }
    rows = [Row("RTMPS", what, "CPU-s/min", "≤ 1.10 × RTMP", lambda f: f[US] <= 1.10 * f[plain]) for what in works]
    if not have("stunnel4"):
        return rows
    nginx, stunnel = Nginx(port), Stunnel(which("stunnel4"), port)
    try:
        for row in rows:
            # In turns and at once, three of each: what disturbs one disturbs all.
            running = []
            for _ in range(3):
                for who, url, options in ((plain, nginx.url, ()), (US, stunnel.url, ("--tls-ca", stunnel.ca))):
                    command = [peers.onair, "push", url(f"rtmps-{len(running)}"), *works[row.what], *options]
                    running.append((who, start(command)))
            used = {plain: [], US: []}
            for who, process in running:
                used[who].append(finish(who, process, seconds + 60))
            for who, cpu in used.items():
                row.figures[who] = None if None in cpu else statistics.mean(cpu) * 60 / seconds
    finally:
        stunnel.close()
        nginx.close()
    return rows


def m08(peers, seconds, port):
    """What shipping takes of a battery: a processor's time, and how often one is woken."""
    share = Row("M08", f"ship {seconds} s of 6 Mbit/s in real time, share of one core", "%", "≤ 2 %", lambda f: f[US] <= 2)
    wakes = Row("M08", "the same, wake-ups (a thread that slept runs again)", "1/s", "≤ 120", lambda f: f[US] <= 120)
    file, nginx = material(peers.ffmpeg, seconds, megabits=6), Nginx(port)
    try:
        running = {who: start(command(nginx.url(f"m08-{number}")))
                   for number, (who, command) in enumerate(peers.ship(file, paced=True).items())}
        for who, process in running.items():
            cpu = finish(who, process, seconds + 60)
            if cpu is not None:
                share.figures[who] = cpu * 100 / seconds
                wakes.figures[who] = process.usage.ru_nvcsw / seconds
    finally:
        nginx.close()
    return [share, wakes]


ROWS = {
    "B1": b1, "B2": b2, "B3": b3, "B4": b4, "B5": beauty.b5, "B6": quality.b6, "B7": beauty.b7,
    "B8": flights.b8, "B9": dips.b9, "B10": dips.b10, "B11": watching.b11,
    "B12": chat.b12, "B13": b13, "M08": m08, "RTMPS": rtmps,
}


def table(rows):
    """Lines of text: a column a participant."""
    everybody = []
    for row in rows:
        everybody.extend(who for who in row.figures if who not in everybody)
    lines = [["row", "what", "unit", *everybody, "goal", ""]]
    for row in rows:
        figures = [figure(row.figures.get(who)) for who in everybody]
        lines.append([row.name, row.what, row.unit, *figures, row.goal, row.verdict()])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def figure(value):
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    sys.exit("run scripts/bench")
