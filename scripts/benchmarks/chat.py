"""B12: what a comment costs the server of a room with a thousand members, beside node's socket.io."""

import json
import os
import selectors
import socket
import subprocess
import time
from pathlib import Path

from least import LEAST, least
from row import US, Row
from setup import have, lift_socket_limit, say

MEMBERS, TALKERS, MESSAGES, A_SECOND = 1_000, 40, 200, 10
# Of a comment as our server frames it.
MESSAGE_BYTES = 130
ROOT = Path(__file__).resolve().parents[2]
PING, PONG = b"\x81\x012", b"\x81\x81\0\0\0\x003"
HEARD = b'["comment",'


def b12(peers, _seconds, port):
    row = Row("B12", f"{MESSAGES * MEMBERS:,} deliveries in a room of {MEMBERS:,}, per 1,000", "CPU-ms", "≤ 0.35 × node",
              lambda f: f[US] <= 0.35 * f["node"])
    lift_socket_limit()
    servers = {US: [peers.onair, "serve", "--rtmp", "127.0.0.1:0", "--http", f"127.0.0.1:{port}"]}
    if have("node") and (ROOT / "tests/e2e/web/node_modules/socket.io").is_dir():
        servers["node"] = ["node", ROOT / "tests/e2e/web/rooms/first.mjs", str(port)]
    for who, command in servers.items():
        server = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            row.figures[who] = cost(server.pid, port)
        except (OSError, TimeoutError) as error:
            say(f"  {who}: {error}")
        finally:
            server.kill()
            server.wait()
    if floor := least(MEMBERS, MESSAGE_BYTES, A_SECOND):
        try:
            row.figures[LEAST] = least_cost(floor)
        except OSError as error:
            say(f"  {LEAST}: {error}")
    return [row]


def cost(pid, port):
    """Processor time of the server for 1,000 deliveries, in milliseconds."""
    host = connect(port)
    tell(host, "create_room", {"key": "bench", "title": "A show"})
    time.sleep(0.5)
    members = [connect(port) for _ in range(MEMBERS)]
    for member in members:
        tell(member, "join_room", "bench")
    talkers = members[:TALKERS]
    with selectors.DefaultSelector() as selector:
        for member in [host, *members]:
            member.setblocking(False)
            selector.register(member, selectors.EVENT_READ)
        # Until everybody is in and has been told how many there are.
        listen(selector, time.monotonic() + 3, None)
        before, heard, began = used(pid), 0, time.monotonic()
        for number in range(MESSAGES):
            body = {"roomKey": "bench", "text": f"{number:04}".ljust(40, "."), "name": "Ada Lovelace"}
            tell(talkers[number % TALKERS], "comment", body)
            heard += listen(selector, began + (number + 1) / A_SECOND, None)
        wanted = MESSAGES * (MEMBERS + 1)
        heard += listen(selector, time.monotonic() + 20, wanted - heard)
        if heard < wanted:
            raise TimeoutError(f"{heard:,} of {wanted:,} deliveries")
        return (used(pid) - before) * 1e6 / heard


def least_cost(floor):
    """The same of as many sends of as many bytes."""
    try:
        clients = [floor.player().connection for _ in range(MEMBERS)]
        with selectors.DefaultSelector() as selector:
            for client in clients:
                selector.register(client, selectors.EVENT_READ)
            before, heard, end = used(floor.pid), 0, time.monotonic() + MESSAGES / A_SECOND
            while (left := end - time.monotonic()) > 0:
                for key, _ in selector.select(left):
                    data = key.fileobj.recv(65_536)
                    if not data:
                        raise ConnectionError("it could not send all and gave up")
                    heard += len(data)
            return (used(floor.pid) - before) * 1e6 / (heard / MESSAGE_BYTES)
    finally:
        floor.close()


def connect(port):
    """A member that has been let in."""
    deadline = time.monotonic() + 20
    while True:
        try:
            member = socket.create_connection(("127.0.0.1", port), timeout=20)
            break
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
    member.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    member.sendall(b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
                   b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
    until(member, b'"sid"')
    member.sendall(frame("40"))
    until(member, b'40{"sid"')
    return member


def until(member, words):
    came = b""
    while words not in came:
        more = member.recv(4096)
        if not more:
            raise ConnectionError("the server closed the connection")
        came += more


def tell(member, event, argument):
    member.sendall(frame(f"42{json.dumps([event, argument])}"))


def frame(text):
    """A masked text frame, with a mask of zeroes."""
    payload = text.encode()
    length = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
    return b"\x81" + length + bytes(4) + payload


def listen(selector, deadline, wanted):
    """Comments that came to anybody until the deadline, or until there are so many; pings are answered."""
    heard = 0
    while (left := deadline - time.monotonic()) > 0 and (wanted is None or heard < wanted):
        for key, _ in selector.select(left):
            data = key.fileobj.recv(65_536)
            heard += data.count(HEARD)
            if PING in data:
                key.fileobj.send(PONG)
            if not data:
                raise ConnectionError("the server closed a member's connection")
    return heard


def used(pid):
    """Seconds of processor that the process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
