"""B11: how soon somebody who joins the embedded server has a picture, and what each player costs it, beside nginx-rtmp.
The players are on another host (apart.py)."""

import contextlib
import functools
import http.client
import json
import selectors
import socket
import statistics
import struct
import subprocess
import time

import apart
from least import LEAST, least
from row import US, Row
from setup import Nginx, lift_socket_limit, material, say
from sink import HANDSHAKE, VIDEO, Reader, command, messages, name, string

JOINS, PLAYERS, FPS = 7, 50, 30
ROUNDS, GROUPS, GROUP_SECONDS = 3, 5, 2
FLV, NGINX = f"{US}, HTTP-FLV", "nginx-rtmp"
TAG_HEAD, TAG_TAIL = 11, 4


def b11(peers, seconds, port):
    with apart.two_hosts() as host:
        return rows(peers, max(seconds, 20), port, host)


def rows(peers, seconds, port, host):
    join = Row("B11", f"TCP connect → first key frame whole, median of {JOINS}", "ms", "≤ 20 ms",
               lambda f: max(f[US], f[FLV]) <= 20)
    fan_out = Row("B11", f"a minute of 720p30 to one of {PLAYERS} players", "CPU-ms", "≤ 0.55 × nginx-rtmp",
                  lambda f: max(f[US], f[FLV]) <= 0.55 * f[NGINX])
    if not host:
        return [join, fan_out]
    file = material(peers.ffmpeg, seconds)
    lift_socket_limit()
    # Each way to watch has a server of its own.
    servers = {US: Ours(peers.onair, RtmpPlayer, host), FLV: Ours(peers.onair, FlvPlayer, host), NGINX: Theirs(port, host)}
    try:
        with published(peers.onair, file, servers.values()):
            join.figures = {who: statistics.median(times) for who, times in joins(servers).items()}
        # A picture with its share of sound.
        size = file.stat().st_size // (seconds * FPS)
        floor = functools.partial(least, PLAYERS, size, FPS, host)
        fan_out.figures = costs(peers.onair, file, size * FPS * 60, servers, floor)
    except (OSError, ValueError, http.client.HTTPException) as error:
        say(f"  B11: {error}")
    finally:
        for server in servers.values():
            server.close()
    return [join, fan_out]


def joins(servers):
    """Milliseconds from connecting to the first whole key frame; each round's at other places in a group of pictures."""
    times = {who: [] for who in servers}
    for round_ in range(JOINS):
        for who, server in servers.items():
            time.sleep(0.03 * (round_ % 5))
            began = time.monotonic()
            player = server.player()
            player.wait_for_key_frame()
            times[who].append((time.monotonic() - began) * 1_000)
            player.connection.close()
    return times


def costs(onair, file, a_minute, servers, floor):
    """Processor time of each server for a player and minute (of so many bytes), in milliseconds: the median of groups
    of pictures. In turns, so that none has the others' acknowledgements to handle."""
    groups = {who: [] for who in servers}
    for _ in range(ROUNDS):
        for who, server in servers.items():
            with published(onair, file, [server]):
                groups[who] += turn(server)
        if sender := floor():
            with contextlib.closing(sender):
                groups.setdefault(LEAST, []).extend(turn(sender))
    received = {who: sum(of for _, of in costs) for who, costs in groups.items()}
    if min(received.values()) < 0.9 * max(received.values()):
        raise ValueError(f"not everybody got everything: {received}")
    # By what came, since a busy machine is late now and then.
    return {who: statistics.median(cost / of for cost, of in costs) * a_minute for who, costs in groups.items()}


def turn(server):
    """Of a number of groups of pictures, the server's processor time and how many bytes the players got."""
    groups = []
    with contextlib.ExitStack() as players, selectors.DefaultSelector() as selector:
        for _ in range(PLAYERS):
            player = players.enter_context(server.player().connection)
            player.setblocking(False)
            selector.register(player, selectors.EVENT_READ)
        # Until everybody has caught up.
        drain(selector, 2)
        for _ in range(GROUPS):
            before = apart.used(server.pid)
            received = drain(selector, GROUP_SECONDS)
            groups.append((apart.used(server.pid) - before, received))
    return groups


def drain(selector, seconds):
    """How many bytes came."""
    return sum(len(data) for _, data in apart.came(selector, time.monotonic() + seconds))


class Ours:
    """The embedded server, and one way to play from it."""

    def __init__(self, onair, player, host):
        any_port = f"{host.address}:0"
        command = [onair, "serve", "--rtmp", any_port, "--http", any_port, "--json"]
        self._process = host.start(command, stdout=subprocess.PIPE, text=True)
        self.pid = self._process.pid
        listening = json.loads(self._process.stdout.readline())
        self.rtmp, self._http = (int(listening[what].rpartition(":")[2]) for what in ("rtmp", "http"))
        self._player = player

    def player(self):
        return self._player(self._http if self._player is FlvPlayer else self.rtmp)

    def close(self):
        self._process.kill()
        self._process.wait()


class Theirs(Nginx):
    """nginx-rtmp."""

    def __init__(self, port, host):
        super().__init__(port, host)
        self.rtmp, self.pid = port, self._process.pid

    def player(self):
        return RtmpPlayer(self.rtmp)


class RtmpPlayer:
    """Connects, asks, and reads."""

    def __init__(self, port):
        self.connection = connect(port)
        self.connection.sendall(b"\x03" + bytes(HANDSHAKE))
        reader = Reader(self.connection)
        answer = reader.take(1 + 2 * HANDSHAKE)
        self.connection.sendall(answer[1 : 1 + HANDSHAKE])
        self._messages = messages(reader)
        address = name("app") + string("live") + name("tcUrl") + string(f"rtmp://{apart.SERVER}:{port}/live")
        self._ask("connect", 1, b"\x03" + address + b"\x00\x00\x09")
        self._ask("createStream", 2, b"\x05")
        command(self.connection, 1, string("play") + number(3) + b"\x05" + string("bench"))

    def _ask(self, what, transaction, arguments):
        command(self.connection, 0, string(what) + number(transaction) + arguments)
        result = string("_result") + number(transaction)
        while not next(self._messages)[2].startswith(result):
            pass

    def wait_for_key_frame(self):
        while not is_key_frame(*next(self._messages)[::2]):
            pass


class FlvPlayer:
    """The same by HTTP."""

    def __init__(self, port):
        self.connection = connect(port)
        self.connection.sendall(b"GET /live/bench.flv HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self._response = http.client.HTTPResponse(self.connection)
        self._response.begin()
        if self._response.status != 200:
            raise ValueError(f"HTTP-FLV: {self._response.status}")

    def wait_for_key_frame(self):
        self._response.read(9 + TAG_TAIL)
        while True:
            head = self._response.read(TAG_HEAD)
            body = self._response.read(int.from_bytes(head[1:4], "big"))
            self._response.read(TAG_TAIL)
            if is_key_frame(head[0], body):
                return


def connect(port):
    connection = socket.create_connection((apart.SERVER, port), timeout=20)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def number(value):
    return b"\x00" + struct.pack(">d", value)


def is_key_frame(kind, body):
    """Of H.264, and not its sequence header."""
    return kind == VIDEO and body[:2] == b"\x17\x01"


@contextlib.contextmanager
def published(onair, file, servers):
    """The same to all, in real time."""
    publishers = []
    try:
        for server in servers:
            command = [onair, "push", f"rtmp://{apart.SERVER}:{server.rtmp}/live/bench?token={apart.TOKEN}", "--flv", file, "--json"]
            quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
            publishers.append(subprocess.Popen([str(word) for word in command], **quiet))
        for publisher in publishers:
            if not any('"live"' in line for line in publisher.stdout):
                raise ConnectionError("a server does not take what is published")
        yield
    finally:
        for publisher in publishers:
            publisher.kill()
            publisher.wait()
        # Until the servers have noticed: they refuse a second publisher of the same name.
        time.sleep(0.5)
