"""B6: the picture's quality at the bitrates of phones, by VMAF, beside the same library's defaults in ffmpeg."""

import json
import statistics
import subprocess
import tempfile
from pathlib import Path

from row import US, Row
from setup import CACHE, ROOT, run, say, target_of

SECONDS, FPS = 8, 30
PORTRAIT = ROOT / "core" / "media" / "tests" / "data" / "beauty" / "astronaut.png"
STREAMS = [(360, 500), (360, 800), (540, 1000), (720, 800), (720, 1200), (720, 2000)]


def pictures(ffmpeg, height):
    """A camera that sways over four small portraits, with its noise: 16:9, Y4M. So busy that the peer's figures lie
    about where those of live pictures do, 50 to 85, and not where everything looks the same."""
    width, file = height * 16 // 9, CACHE / f"sway-{height}-{SECONDS}s.y4m"
    if not file.exists():
        say(f"making {SECONDS} s of {height}p")
        part, side = CACHE / "part.y4m", width * 5 // 8
        look = (f"[0:v]scale={side}:{side}:flags=lanczos,split=4[a][b][c][d];[a][b]hstack[x];[c][d]hstack[y];[x][y]vstack,"
                f"rotate='0.4*sin(t*4.1)',crop={width}:{height}:x='(iw-ow)*(0.5+0.5*sin(t*6.3))':"
                "y='(ih-oh)*(0.5+0.5*sin(t*4.7))',noise=alls=8:allf=t,format=yuv420p")
        run([ffmpeg, "-nostdin", "-v", "error", "-y", "-loop", "1", "-framerate", FPS, "-i", PORTRAIT, "-t", SECONDS,
             "-filter_complex", look, part])
        part.rename(file)
    return file


def vmaf(ffmpeg, coded, original):
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "vmaf.json"
        # By number, as raw H.264 has no times.
        graph = (f"[0:v]setpts=N/{FPS}/TB[a];[1:v]setpts=N/{FPS}/TB[b];"
                 f"[a][b]libvmaf=log_fmt=json:log_path={log}:n_threads=2:n_subsample=5")
        run([ffmpeg, "-nostdin", "-v", "fatal", "-r", FPS, "-i", coded, "-r", FPS, "-i", original, "-lavfi", graph, "-f",
             "null", "-"])
        return json.loads(log.read_text())["pooled_metrics"]["vmaf"]["mean"]


def b6(peers, _seconds, _port):
    program = target_of("encode", "debug")
    # Optimised or not, it makes the same bits.
    run(["cargo", "build", "--locked", "-q", "-p", "onair-media", "--example", "encode"], cwd=ROOT)
    rows, gains = [], []
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder) / "ours.h264", Path(folder) / "theirs.h264"
        for height, kbps in STREAMS:
            file = pictures(peers.ffmpeg, height)
            row = Row("B6", f"{height}p30 at {kbps} kbit/s", "VMAF", "≥ ffmpeg + 3.5",
                      lambda f: f[US] >= f["ffmpeg"] + 3.5)
            try:
                run([peers.ffmpeg, "-nostdin", "-v", "error", "-y", "-i", file, "-c:v", "libopenh264", "-b:v",
                     f"{kbps}k", "-g", "60", "-f", "h264", theirs])
                # The peer overshoots on such pictures, so we get what it really used.
                run([program, file, ours, round(rate(theirs) * 1_000)])
                row.figures = {US: vmaf(peers.ffmpeg, ours, file), "ffmpeg": vmaf(peers.ffmpeg, theirs, file)}
                row.what += f" (used: {rate(ours):.0f} and {rate(theirs):.0f})"
                gains.append(row.figures[US] - row.figures["ffmpeg"])
            except (subprocess.CalledProcessError, KeyError) as error:
                say(f"  {height}p {kbps}k: {error}")
            rows.append(row)
    mean = Row("B6", "what is won on the mean", "VMAF", "≥ 5", lambda f: f[US] >= 5)
    mean.figures[US] = statistics.mean(gains) if gains else None
    return [*rows, mean]


def rate(file):
    """kbit/s that were really used."""
    return file.stat().st_size * 8 / 1_000 / SECONDS
