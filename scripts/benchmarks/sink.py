"""An RTMP server that only notes when each picture was whole: the end of the stop watch of rows B8 and B13."""

import socket
import struct
import threading
import time

HANDSHAKE = 1536
AUDIO, VIDEO, SET_CHUNK_SIZE, COMMAND = 8, 9, 1, 20


class Sink:
    """Takes one publisher after the other, on a port of 127.0.0.1 unless told otherwise."""

    def __init__(self, address=("127.0.0.1", 0), on_key=None):
        """`on_key` gets, at a connection's first whole key frame, milliseconds since it was accepted: of that one, and
        of the first media, which is a sequence header."""
        self._listener = socket.create_server(address)
        self._on_key = on_key
        self.port = self._listener.getsockname()[1]
        self.pictures = []
        self._arrived = threading.Event()
        self.closed = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def url(self):
        return f"rtmp://127.0.0.1:{self.port}/live/bench"

    def expect(self):
        """Forgets what came so far."""
        self.pictures = []
        self._arrived.clear()
        self.closed.clear()

    def first_picture(self, limit, publisher):
        """When the first picture was whole, on time.monotonic(); None when the publisher ended before it came."""
        end = time.monotonic() + limit
        while not self._arrived.wait(0.1):
            if publisher.poll() is not None or time.monotonic() > end:
                return None
        return self.pictures[0]

    def _serve(self):
        while True:
            connection, _ = self._listener.accept()
            self._accepted, self._media = time.monotonic(), None
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                self._publisher(Reader(connection), connection)
            except (ConnectionError, struct.error):
                pass
            finally:
                connection.close()
                self.closed.set()

    def _publisher(self, reader, connection):
        c0_c1 = reader.take(1 + HANDSHAKE)
        connection.sendall(b"\x03" + bytes(HANDSHAKE) + c0_c1[1:])
        reader.take(HANDSHAKE)
        awaits_key = self._on_key is not None
        for kind, stream, body in messages(reader):
            if awaits_key and kind in (AUDIO, VIDEO):
                now = (time.monotonic() - self._accepted) * 1_000
                self._media = self._media if self._media is not None else now
                # A key frame of H.264, and not its sequence header.
                if kind == VIDEO and body[0] == 0x17 and body[1] == 1:
                    awaits_key = False
                    self._on_key({"media": self._media, "key": now})
            # FLV: codec 7 is H.264, packet type 1 a picture.
            if kind == VIDEO and body[0] & 15 == 7 and body[1] == 1:
                self.pictures.append(time.monotonic())
                self._arrived.set()
            elif kind == COMMAND:
                answer(connection, body, stream)


class Reader:
    """Exact reads from a socket."""

    def __init__(self, connection):
        self._connection = connection
        self._buffer = bytearray()

    def take(self, count):
        while len(self._buffer) < count:
            received = self._connection.recv(65536)
            if not received:
                raise ConnectionError
            self._buffer += received
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken


def messages(reader):
    """De-chunks: yields type, message stream and body of each message."""
    chunk_size = 128
    streams = {}
    while True:
        first = reader.take(1)[0]
        form, csid = first >> 6, first & 63
        if csid == 0:
            csid = 64 + reader.take(1)[0]
        elif csid == 1:
            csid = 64 + int.from_bytes(reader.take(2), "little")
        state = streams.setdefault(csid, {"body": b"", "extended": False})
        if form < 3:
            header = reader.take((11, 7, 3)[form])
            stamp = int.from_bytes(header[:3], "big")
            state["extended"] = stamp == 0xFFFFFF
            if form < 2:
                state["length"], state["kind"] = int.from_bytes(header[3:6], "big"), header[6]
            if form == 0:
                state["stream"] = int.from_bytes(header[7:11], "little")
        if state["extended"]:
            reader.take(4)
        missing = state["length"] - len(state["body"])
        state["body"] += reader.take(min(missing, chunk_size))
        if len(state["body"]) < state["length"]:
            continue
        body, state["body"] = state["body"], b""
        if state["kind"] == SET_CHUNK_SIZE:
            chunk_size = int.from_bytes(body[:4], "big")
        yield state["kind"], state.get("stream", 0), body


def answer(connection, body, stream):
    """What a publisher waits for: connect, createStream, publish."""
    length = int.from_bytes(body[1:3], "big")
    name = body[3 : 3 + length].decode()
    transaction = body[4 + length : 12 + length]
    number = b"\x00" + transaction
    if name == "connect":
        status = status_object("NetConnection.Connect.Success")
        command(connection, 0, string("_result") + number + b"\x05" + status)
    elif name == "createStream":
        command(connection, 0, string("_result") + number + b"\x05\x00" + struct.pack(">d", 1))
    elif name == "publish":
        status = status_object("NetStream.Publish.Start")
        command(connection, stream, string("onStatus") + b"\x00" + bytes(8) + b"\x05" + status)


def string(text):
    return b"\x02" + name(text)


def name(text):
    return struct.pack(">H", len(text)) + text.encode()


def status_object(code):
    pairs = (("level", "status"), ("code", code), ("description", "ok"))
    return b"\x03" + b"".join(name(key) + string(value) for key, value in pairs) + b"\x00\x00\x09"


def command(connection, stream, body):
    chunks = [body[at : at + 128] for at in range(0, len(body), 128)]
    header = b"\x03\x00\x00\x00" + len(body).to_bytes(3, "big") + bytes([COMMAND])
    connection.sendall(header + stream.to_bytes(4, "little") + b"\xc3".join(chunks))
