"""The least that a message costs: one send each, by a small program in C. What is above it is everybody's own."""

import itertools
import signal
import socket
import subprocess
import time

from setup import one_send

LEAST = "one send in C"


class Least:
    """Sends `size` bytes to each of so many clients, so often a second, once all of them have come."""

    def __init__(self, program, clients, size, a_second, host):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        words = [program, port, clients, size, 1_000_000 // a_second]
        if host:
            self._address = (host.address, port)
            self._process = host.start([*words, host.address])
        else:
            self._address = ("127.0.0.1", port)
            self._process = subprocess.Popen([str(word) for word in words], stderr=subprocess.DEVNULL)
        self.pid = self._process.pid

    def player(self):
        return Client(self._address)

    def begin(self):
        """Goes on."""
        self._process.send_signal(signal.SIGCONT)

    def end(self):
        """Stands still."""
        self._process.send_signal(signal.SIGSTOP)

    def close(self):
        self._process.kill()
        self._process.wait()


class Client:
    """Somebody who is sent everything."""

    def __init__(self, address):
        for attempt in itertools.count():
            try:
                self.connection = socket.create_connection(address, timeout=20)
                return
            except ConnectionRefusedError:
                if attempt == 100:
                    raise
                time.sleep(0.02)


def least(clients, size, a_second, host=None):
    """On that host, or here; None where there is no C compiler."""
    program = one_send()
    return program and Least(program, clients, size, a_second, host)
