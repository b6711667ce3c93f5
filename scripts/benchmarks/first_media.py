#!/usr/bin/env python3
"""Runs on the near side of `onair-link run`, for row B8: broadcasters in turn, and beyond the link a server that notes
when each connection's first media byte came and when its first key frame was whole."""

import json
import os
import select
import shlex
import subprocess
import sys
import time

from sink import AUDIO, VIDEO, Sink

PATIENCE = 15


def serve():
    """The far side: a line of JSON for each connection, at its first key frame."""
    address = (os.environ["ONAIR_LINK_FAR_ADDRESS"], 1935)
    Sink(address, on_key=lambda seen: print(json.dumps(seen), flush=True))
    print("listens", flush=True)
    while True:
        time.sleep(1)


def main():
    task = json.loads(sys.argv[1])
    far = subprocess.Popen(
        [*shlex.split(os.environ["ONAIR_LINK_FAR"]), sys.executable, "-u", __file__, "--serve"],
        stdout=subprocess.PIPE, text=True,
    )
    seen = {who: {"media": [], "key": []} for who in task["commands"]}
    try:
        far.stdout.readline()
        for _ in range(task["tries"]):
            for who, command in task["commands"].items():
                quiet = subprocess.DEVNULL
                broadcaster = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)
                line = read_line(far.stdout, PATIENCE)
                broadcaster.kill()
                broadcaster.wait()
                if line:
                    for what, value in json.loads(line).items():
                        seen[who][what].append(value)
    finally:
        far.kill()
        far.wait()
    print(json.dumps(seen))


def read_line(stream, patience):
    """The next line; None when it does not come in time."""
    ready, _, _ = select.select([stream], [], [], patience)
    return stream.readline() if ready else None


if __name__ == "__main__":
    serve() if sys.argv[1] == "--serve" else main()
