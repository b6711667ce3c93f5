"""Row B8: how many round trips a broadcaster needs from its SYN to the first media at the server.

The server answers at once, so what it sees between accept and the first media byte is the broadcaster's own way of
talking. Measured across a link of real kernels at several delays; the slope over the round trip time, by least
squares, leaves everything out that does not depend on it. Before accept the SYN, its answer and the acknowledgement
have taken one and a half round trips, for everybody.
"""

import json
import subprocess
import sys

from row import US, Row
from setup import HERE, have, link_program, quiet_material, say

RTTS_MS = (0, 50, 100, 200)
BEFORE_ACCEPT = 1.5
TRIES = 3


def b8(peers, _seconds, _port):
    first = Row("B8", "SYN → first media byte at the server", "RTT", "2.5", lambda f: f[US] <= 2.5)
    key = Row("B8", "SYN → first key frame whole at the server", "RTT", "2.5", lambda f: f[US] <= 2.5)
    if not have("ip"):
        return [first, key]
    shipped = peers.ship(quiet_material(peers.ffmpeg), paced=True)
    # Of a file OnAir sends nothing before the server has said yes: it must all arrive. A camera's pictures need not.
    commands = {US: peers.camera(), "onair file": shipped.pop(US), **shipped}
    points = {who: {"media": [], "key": []} for who in commands}
    for rtt in RTTS_MS:
        for who, seen in across(commands, rtt).items():
            for what, values in seen.items():
                points[who][what] += [(rtt, value) for value in values]
    for row, what in ((first, "media"), (key, "key")):
        for who, seen in points.items():
            if len({rtt for rtt, _ in seen[what]}) < len(RTTS_MS):
                say(f"  {who}: too few runs with media")
                continue
            row.figures[who] = BEFORE_ACCEPT + slope(seen[what])
    return [first, key]


def across(commands, rtt):
    """Milliseconds from accept to the first media byte and to the first whole key frame, by broadcaster."""
    say(f"  at a round trip of {rtt} ms")
    url = "rtmp://10.77.0.2:1935/live/{}"
    task = {
        "tries": TRIES,
        "commands": {who: [str(word) for word in command(url.format(number))]
                     for number, (who, command) in enumerate(commands.items())},
    }
    words = [link_program(), "run", "--delay", f"{rtt // 2}ms", "--queue", "2000", "--",
             sys.executable, HERE / "first_media.py", json.dumps(task)]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    try:
        return json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        say(f"  {(done.stderr or done.stdout).strip()[-500:]}")
        return {}


def slope(points):
    """Of a line through (x, y), by least squares."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    across_x = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / across_x
