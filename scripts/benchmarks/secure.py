"""TLS in front of the benchmark's server: stunnel, with a certificate from an authority made for it."""

import socket
import subprocess
import tempfile
import time
from pathlib import Path


class Stunnel:
    """Takes RTMPS for `localhost` and hands it to a plain port of 127.0.0.1."""

    def __init__(self, program, backend):
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        self.ca = folder / "ca.pem"
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
        make_certificates(folder)
        (folder / "stunnel.conf").write_text(
            f"foreground = yes\npid =\n[rtmps]\naccept = 127.0.0.1:{self.port}\nconnect = 127.0.0.1:{backend}\n"
            f"cert = {folder}/server.pem\nkey = {folder}/server.key\n"
        )
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen([program, folder / "stunnel.conf"], **quiet)
        end = time.monotonic() + 10
        while not is_open(self.port):
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("stunnel does not come up")
            time.sleep(0.05)

    def url(self, name):
        return f"rtmps://localhost:{self.port}/live/{name}"

    def close(self):
        self._process.terminate()
        self._process.wait()
        self._folder.cleanup()


def is_open(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def make_certificates(folder):
    """ca.pem, server.pem and server.key."""

    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=benchmark authority")
    openssl("req", *new_key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    (folder / "names").write_text("subjectAltName = DNS:localhost\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-extfile", "names", "-out", "server.pem")
