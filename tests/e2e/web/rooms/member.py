"""python3 member.py URL TRANSPORTS: a host and a viewer by python-socketio, from create to close. Writes one JSON object."""

import json
import queue
import sys

import socketio

URL, TRANSPORTS = sys.argv[1], sys.argv[2].split(",")
PATIENCE = 10


def connected():
    client, heard = socketio.Client(reconnection=False), {}
    for event in ("comment", "upvote", "room_closed"):
        heard[event] = queue.Queue()
        client.on(event, heard[event].put)
    client.connect(URL, transports=TRANSPORTS)
    return client, heard


def ask(client, event, *arguments):
    return client.call(event, arguments if len(arguments) > 1 else arguments[0], timeout=PATIENCE)


host, host_heard = connected()
viewer, viewer_heard = connected()
KEY = "python-" + "-".join(TRANSPORTS)
seen = {"created": ask(host, "create_room", {"key": KEY, "title": "A show"})}
seen["joined"] = ask(viewer, "join_room", KEY)
seen["stranger"] = ask(viewer, "close_room", KEY)
seen["said"] = ask(viewer, "comment", {"roomKey": KEY, "text": "Καλησπέρα"})
seen["liked"] = ask(viewer, "upvote", KEY, {"n": 3})
seen["host_heard"] = host_heard["comment"].get(timeout=PATIENCE)
seen["viewer_heard"] = viewer_heard["comment"].get(timeout=PATIENCE)
seen["upvote"] = host_heard["upvote"].get(timeout=PATIENCE)
seen["closed"] = ask(host, "close_room", KEY)
seen["end"] = viewer_heard["room_closed"].get(timeout=PATIENCE)
host.disconnect()
viewer.disconnect()
print(json.dumps(seen))
