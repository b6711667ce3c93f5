"""B12: what a comment costs the server of a room with a thousand members, beside node's socket.io. The members are on
another host (apart.py)."""

import json
import selectors
import socket
import statistics
import time

import apart
from least import LEAST, least
from row import US, Row
from setup import ROOT, have, lift_socket_limit, say

MEMBERS, TALKERS, ROUNDS, MESSAGES, A_SECOND = 1_000, 40, 10, 20, 10
# Of a comment as our server frames it.
MESSAGE_BYTES = 130
PING, PONG = b"\x81\x012", b"\x81\x81\0\0\0\x003"
HEARD = b'["comment",'
NODE = "node"


def b12(peers, _seconds, port):
    row = Row("B12", f"{ROUNDS * MESSAGES * MEMBERS:,} deliveries in a room of {MEMBERS:,}, per 1,000", "CPU-ms", "≤ 0.35 × node",
              lambda f: f[US] <= 0.35 * f[NODE])
    lift_socket_limit()
    with apart.two_hosts() as host:
        if host:
            # In short turns: what disturbs one disturbs all, and none has the others' acknowledgements to handle.
            crowds = {}
            try:
                gather(crowds, peers.onair, port, host)
                row.figures = costs(crowds)
            except (OSError, TimeoutError) as error:
                say(f"  B12: {error}")
            finally:
                for crowd in crowds.values():
                    crowd.close()
    return [row]


def gather(crowds, onair, port, host):
    """Servers with everybody in."""
    serve = [onair, "serve", "--rtmp", f"{host.address}:0", "--http", f"{host.address}:{port}"]
    crowds[US] = Room(host.start(serve), (host.address, port))
    node = ["node", ROOT / "tests/e2e/web/rooms/first.mjs", port + 1, host.address]
    if have("node") and (ROOT / "tests/e2e/web/node_modules/socket.io").is_dir():
        crowds[NODE] = Room(host.start(node), (host.address, port + 1))
    for room in crowds.values():
        room.fill()
    if floor := least(MEMBERS, MESSAGE_BYTES, A_SECOND, host):
        crowds[LEAST] = Told(floor)


def costs(crowds):
    """Processor time of each server for 1,000 deliveries, in milliseconds: the median of its turns."""
    with selectors.DefaultSelector() as selector:
        for crowd in crowds.values():
            for member in crowd.members:
                member.setblocking(False)
                selector.register(member, selectors.EVENT_READ, crowd)
        # Until everybody has been told how many there are.
        listen(selector, time.monotonic() + 3)
        turns = {who: [] for who in crowds}
        for round_ in range(ROUNDS):
            for who, crowd in crowds.items():
                before, heard = apart.used(crowd.pid), crowd.heard
                talk(crowd, selector, round_ * MESSAGES)
                turns[who].append((apart.used(crowd.pid) - before) * 1_000 / (crowd.heard - heard))
    return {who: statistics.median(costs) for who, costs in turns.items()}


def talk(crowd, selector, first):
    """So many messages, until all have heard them."""
    began, wanted = time.monotonic(), crowd.heard + MESSAGES * crowd.size
    crowd.begin()
    for number in range(MESSAGES):
        crowd.tell(first + number)
        listen(selector, began + (number + 1) / A_SECOND)
    crowd.end()
    while crowd.heard < wanted:
        if time.monotonic() > began + 30:
            raise TimeoutError(f"{wanted - crowd.heard:,.0f} deliveries are missing")
        listen(selector, time.monotonic() + 0.1)
    # Acknowledgements.
    listen(selector, time.monotonic() + 0.3)


def listen(selector, end):
    """Counts what comes."""
    for key, data in apart.came(selector, end):
        key.data.hear(key.fileobj, data)


class Room:
    """A server with a room, its host and its members."""

    def __init__(self, process, address):
        self._process, self._address = process, address
        self.pid, self.members, self.heard = process.pid, [], 0

    def fill(self):
        """All come in."""
        self._enter(apart.TOKEN, "create_room", {"key": "bench", "title": "A show"})
        time.sleep(0.5)
        for _ in range(MEMBERS):
            self._enter("", "join_room", "bench")

    def _enter(self, token, event, argument):
        member = connect(self._address, token)
        tell(member, event, argument)
        self.members.append(member)

    @property
    def size(self):
        return len(self.members)

    def begin(self):
        """Its turn."""

    end = begin

    def tell(self, number):
        """One of its members says something."""
        body = {"roomKey": "bench", "text": f"{number:04}".ljust(40, "."), "name": "Ada Lovelace"}
        tell(self.members[1 + number % TALKERS], "comment", body)

    def hear(self, member, data):
        """Counts comments; pings are answered."""
        self.heard += data.count(HEARD)
        if PING in data:
            member.send(PONG)

    def close(self):
        """With all connections."""
        self._process.kill()
        self._process.wait()
        for member in self.members:
            member.close()


class Told:
    """As many who are sent as many bytes by a program that does nothing else."""

    # It keeps its own time, and need not have sent all.
    size = MEMBERS * 0.9

    def __init__(self, floor):
        self._floor, self.pid, self._bytes = floor, floor.pid, 0
        self.members = [floor.player().connection for _ in range(MEMBERS)]
        self.end()

    @property
    def heard(self):
        return self._bytes // MESSAGE_BYTES

    def begin(self):
        """Its turn."""
        self._floor.begin()

    def end(self):
        """It was."""
        self._floor.end()

    def tell(self, _number):
        """Nobody has to say anything."""

    def hear(self, _member, data):
        """Counts."""
        self._bytes += len(data)

    def close(self):
        """With all connections."""
        self._floor.close()
        for member in self.members:
            member.close()


def connect(address, token):
    """A member that has been let in."""
    deadline = time.monotonic() + 20
    while True:
        try:
            member = socket.create_connection(address, timeout=20)
            break
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
    member.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    member.sendall(b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
                   b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
    until(member, b'"sid"')
    member.sendall(frame("40" + json.dumps({"token": token})))
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
