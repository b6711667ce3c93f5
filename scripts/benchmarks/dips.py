"""Rows B9 and B10: a link that dips, and a server that is dead for a while, for each broadcaster in turn.

How late a picture is: pictures come through a pipe, each with its number in it, and when each was due is known; the
meter in front of nginx-rtmp notes when its message was whole; ffmpeg decodes what arrived and the number is read.
The same for everybody, through reconnects too. Undecodable is what ffmpeg complains of in the server's recordings.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numbers_in_pictures
from row import US, Row
from setup import HERE, have, link_program, raw_material, say

FPS = 30
VIDEO_BPS = 2_000_000
DIP_FROM, DIP_TO, DIP_BPS = 10, 30, 600_000
DEAD_AT, DEAD_FOR = 8, 5
# What follows is not the broadcaster's start any more.
SETTLED = 5


class Broadcast:
    """What one broadcaster's run left behind; times in seconds after its first picture was due."""

    def __init__(self, folder, ffmpeg):
        self.times = json.loads((folder / "times.json").read_text())
        self.log = (folder / "broadcaster.log").read_text(errors="replace")
        self.messages, self.pictures, self.complaints = [], [], 0
        began = self.times["began"] or 0
        for life in (1, 2):
            notes, flv = folder / f"meter-{life}.jsonl", folder / f"arrivals-{life}.flv"
            lines = [json.loads(line) for line in notes.read_text().splitlines()] if notes.exists() else []
            if not lines:
                continue
            # The meter's FLV counts from the first message.
            arrivals = numbers_in_pictures.read(ffmpeg, flv)[0]
            self.pictures += [
                (number / FPS, lines[0]["at"] + ms / 1_000 - began) for ms, number in arrivals if number is not None
            ]
            self.messages += [dict(line, at=line["at"] - began) for line in lines]
            for recording in (folder / f"record-{life}").iterdir():
                self.complaints += len(numbers_in_pictures.read(ffmpeg, recording)[1])

    def is_any(self):
        return len(self.pictures) > FPS

    def lateness(self, since=SETTLED, until=1e9):
        """Seconds, of the pictures that arrived in this time."""
        return [arrived - due for due, arrived in self.pictures if since <= arrived <= until]

    def bits(self, since, until):
        """Media that arrived in this time."""
        media = ("video", "audio")
        return 8 * sum(m["bytes"] for m in self.messages if m["kind"] in media and since <= m["at"] < until)

    def connected(self):
        return self.messages[0]["at"]


def run(peers, who, command, seconds, steps, dead=None):
    """One broadcaster across the link; None, with a word, when nothing came of it."""
    # Sharp texture that moves everywhere needs more than the link has in its dip, however coarse it is coded.
    raw, _ = raw_material(peers.ffmpeg, 10, "soft", "gblur=sigma=3")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fifo = folder / "pictures.y4m"
        os.mkfifo(fifo)
        link = link_program()
        task = {
            "folder": name, "meter": str(link), "fifo": str(fifo), "raw": str(raw), "seconds": seconds, "dead": dead,
            "command": [str(word) for word in command(fifo, "rtmp://10.77.0.2/live/bench")],
        }
        across = [link, "run", "--up", steps, "--delay", "20ms", "--queue", "200", "--congestion", "cubic", "--",
                  sys.executable, HERE / "across.py", json.dumps(task)]
        say(f"  {who}")
        done = subprocess.run([str(word) for word in across], capture_output=True, text=True, check=False)
        if not (folder / "times.json").exists():
            say(f"  {who}: {done.stderr.strip()[-500:]}")
            return None
        broadcast = Broadcast(folder, peers.ffmpeg)
        if not broadcast.is_any():
            say(f"  {who} sent nothing: {broadcast.log.strip()[-300:]}")
            return None
        return broadcast


def b9(peers, _seconds, _port):
    dip = f"link 3 Mbit/s → {DIP_BPS // 1000} kbit/s for {DIP_TO - DIP_FROM} s → 3"
    peak = Row("B9", f"{dip}: latest picture", "s", "≤ 0.6 s", lambda f: f[US] <= 0.6)
    gap = Row("B9", "longest time without a picture", "s", "≤ 0.35 s", lambda f: f[US] <= 0.35)
    broken = Row("B9", "complaints of the decoder", "", "0", lambda f: f[US] == 0)
    lost = Row("B9", "pictures that never arrived", "", "–", lambda f: True)
    used = Row("B9", "capacity used in the dip", "%", "≥ 85 %", lambda f: f[US] >= 85)
    back = Row("B9", "back at 95 % of 2 Mbit/s after", "s", "≤ 5 s", lambda f: f[US] <= 5)
    seconds, rows = DIP_TO + 15, [peak, gap, broken, lost, used, back]
    if not have("ip"):
        return rows
    steps = f"0:3000,{DIP_FROM}:{DIP_BPS // 1000},{DIP_TO}:3000"
    for who, command in peers.live_pictures().items():
        broadcast = run(peers, who, command, seconds, steps)
        if broadcast is None:
            continue
        began = broadcast.connected()
        arrivals = sorted(arrived for _, arrived in broadcast.pictures if arrived > SETTLED)
        peak.figures[who] = max(broadcast.lateness())
        gap.figures[who] = max(later - earlier for earlier, later in zip(arrivals, arrivals[1:]))
        broken.figures[who] = broadcast.complaints
        lost.figures[who] = seconds * FPS - len({due for due, _ in broadcast.pictures})
        # The first second of the dip still carries what waited before it.
        dip_bits = broadcast.bits(began + DIP_FROM + 1, began + DIP_TO)
        used.figures[who] = 100 * dip_bits / (DIP_BPS * (DIP_TO - DIP_FROM - 1))
        tenths = range((DIP_TO + 1) * 10, (seconds - 1) * 10)
        ends = (began + tenth / 10 for tenth in tenths)
        full = (end for end in ends if broadcast.bits(end - 1, end) >= 0.95 * VIDEO_BPS)
        reached = next(full, None)
        back.figures[who] = None if reached is None else reached - began - DIP_TO
    return rows


def b10(peers, _seconds, _port):
    first = Row("B10", f"server dead for {DEAD_FOR} s: key frame after its port opens", "s", "≤ 0.25 s",
                lambda f: f[US] <= 0.25)
    late = Row("B10", "then, for 5 s, the latest picture", "s", "≤ 0.15 s", lambda f: f[US] <= 0.15)
    if not have("ip"):
        return [first, late]
    for who, command in peers.live_pictures().items():
        broadcast = run(peers, who, command, DEAD_AT + DEAD_FOR + 15, "0:3000", dead=[DEAD_AT, DEAD_FOR])
        if broadcast is None:
            continue
        listens = broadcast.times["listens"] - broadcast.times["began"]
        keys = [m["at"] for m in broadcast.messages if m["is_key"] and m["at"] > listens]
        if not keys:
            say(f"  {who} never came back (exit code {broadcast.times['code']})")
            continue
        first.figures[who] = keys[0] - listens
        late.figures[who] = max(broadcast.lateness(keys[0], keys[0] + 5), default=None)
    return [first, late]
