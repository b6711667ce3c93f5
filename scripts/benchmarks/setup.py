"""What the benchmark needs: our release build, the peers, the material, and an nginx-rtmp to push to."""

import functools
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
CACHE = ROOT / ".cache" / "bench"
PACKAGES = {
    "nginx": "nginx libnginx-mod-rtmp",
    "ip": "iproute2",
    "valgrind": "valgrind",
    "strace": "strace",
    "stunnel4": "stunnel4",
    "gst-launch-1.0": "gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad",
}


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(command, **options):
    return subprocess.run([str(word) for word in command], check=True, **options)


def install(packages):
    """Asks Debian for packages; quiet where that cannot be."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    say(f"installing {packages}")
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages.split()]
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def have(program):
    if not which(program):
        install(PACKAGES[program])
    return which(program)


def which(program):
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin")


def onair():
    """Our command, as it ships: whole-program optimised."""
    return built("onair", "onair-cli", "dist")


def link_program():
    """The link between two namespaces, and its meter."""
    return built("onair-link", "onair-link")


@functools.cache
def built(program, package, profile="release"):
    say(f"building {program} ({profile})")
    run(["cargo", "build", "--locked", "--profile", profile, "-q", "-p", package], cwd=ROOT)
    return target() / profile / program


def target_of(example, profile):
    """Where cargo leaves an example."""
    return target() / profile / "examples" / example


def target():
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def lift_socket_limit():
    """As many sockets as the system allows: each client needs one on both sides."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def python_with(package, folder):
    """A Python of its own that has this package from PyPI."""
    python = CACHE / folder / "bin" / "python"
    if not python.exists():
        say(f"fetching {package} from PyPI")
        run([sys.executable, "-m", "venv", CACHE / folder])
        run([python, "-m", "pip", "install", "-q", package])
    return python


def ffmpeg():
    """The modern ffmpeg that the PyPI wheel imageio-ffmpeg carries, or the machine's."""
    ask = "import imageio_ffmpeg as i; print(i.get_ffmpeg_exe())"
    try:
        return run([python_with("imageio-ffmpeg", "venv"), "-c", ask], capture_output=True, text=True).stdout.strip()
    except (subprocess.CalledProcessError, OSError) as error:
        say(f"no ffmpeg from PyPI ({error}); taking the machine's")
        return which("ffmpeg")


def librtmp():
    """Our small program on librtmp; None where its headers are not to be had."""
    return compiled("librtmp_push", "-lrtmp", package="librtmp-dev")


def one_send():
    """The least that a message to many costs, as a program; None where there is no C compiler."""
    return compiled("one_send", package="gcc libc6-dev")


def compiled(name, *libraries, package):
    program, source = CACHE / name, HERE / f"{name}.c"
    if program.exists() and program.stat().st_mtime > source.stat().st_mtime:
        return program
    for attempt in range(2):
        try:
            run(["cc", "-O2", "-o", program, source, *libraries], stderr=subprocess.DEVNULL)
            return program
        except (subprocess.CalledProcessError, OSError):
            if attempt == 0:
                install(package)
    return None


def material(ffmpeg_path, seconds, megabits=2):
    """720p30, so many Mbit/s of H.264 and 96 kbit/s of AAC in FLV."""
    file = CACHE / (f"material-{seconds}s.flv" if megabits == 2 else f"material-{megabits}M-{seconds}s.flv")
    rate = f"{megabits}M"
    if not file.exists():
        say(f"making {seconds} s of material")
        part = file.with_suffix(".part")
        run([
            ffmpeg_path, "-nostdin", "-v", "error", "-y",
            "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30",
            "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100",
            "-t", seconds, "-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-g", "60",
            "-b:v", rate, "-minrate", rate, "-maxrate", rate, "-bufsize", rate, "-x264-params", "nal-hrd=cbr",
            "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "96k", "-ac", "2", "-f", "flv", part,
        ])
        part.rename(file)
    return file


def quiet_material(ffmpeg_path):
    """360p30 of colour bars, with sound: its key frames fit a first flight of 14 kB."""
    file = CACHE / "quiet.flv"
    if not file.exists():
        part = file.with_suffix(".part")
        run([
            ffmpeg_path, "-nostdin", "-v", "error", "-y",
            "-f", "lavfi", "-i", "smptebars=size=640x360:rate=30",
            "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100",
            "-t", 10, "-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-g", "60", "-b:v", "300k",
            "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "96k", "-ac", "2", "-f", "flv", part,
        ])
        part.rename(file)
    return file


def raw_material(ffmpeg_path, seconds, name="raw", look="noise=alls=6:allf=t"):
    """Pictures in Y4M (41 MB a second) and sound in WAV: 720p30 of moving texture, 44.1 kHz stereo."""
    pictures, sound = CACHE / f"{name}-{seconds}s.y4m", CACHE / f"{name}-{seconds}s.wav"
    if not pictures.exists():
        say(f"making {seconds} s of raw material")
        part = CACHE / "part.y4m"
        run([
            ffmpeg_path, "-nostdin", "-v", "error", "-y",
            "-f", "lavfi", "-i", f"testsrc2=size=1280x720:rate=30,{look},format=yuv420p",
            "-f", "lavfi", "-i", "anoisesrc=sample_rate=44100:color=pink:amplitude=0.3",
            "-t", seconds, "-map", "1:a", "-ac", "2", sound, "-t", seconds, "-map", "0:v", part,
        ])
        part.rename(pictures)
    return pictures, sound


class Nginx:
    """nginx-rtmp on a port of its own, on its defaults, recording nothing; on that host, or here."""

    def __init__(self, port, host=None):
        self.port, self._address = port, host.address if host else "127.0.0.1"
        self._folder = tempfile.TemporaryDirectory()
        folder = self._folder.name
        module = next(Path("/usr").glob("lib*/nginx/modules/ngx_rtmp_module.so"))
        config = Path(folder) / "nginx.conf"
        config.write_text(
            f"load_module {module}; daemon off; master_process off; pid {folder}/pid;\n"
            f"error_log {folder}/error.log; events {{ worker_connections 256; }}\n"
            f"rtmp {{ server {{ listen {self._address}:{port}; application live {{ live on; }} }} }}\n"
        )
        start = host.start if host else subprocess.Popen
        self._process = start([which("nginx"), "-p", folder, "-e", f"{folder}/error.log", "-c", str(config)])
        time.sleep(0.5)
        if self._process.poll() is not None:
            raise RuntimeError(f"nginx does not start: {(Path(folder) / 'error.log').read_text()}")

    def url(self, key):
        return f"rtmp://{self._address}:{self.port}/live/{key}"

    def close(self):
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()
