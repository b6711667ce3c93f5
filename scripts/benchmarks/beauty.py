"""B5 and B7: what the beauty filter costs, beside ffmpeg's and OpenCV's bilateral filters."""

import resource
import subprocess

from row import US, Row
from setup import ROOT, Nginx, python_with, raw_material, run, say, target_of

ROUNDS, FEW, MANY = 6, 20, 120
# Reckons like its C++ users: one thread, best of many.
OPENCV = """
import sys, time
import cv2, numpy
cv2.setNumThreads(1)
noise = numpy.random.default_rng(1).integers(0, 256, (720, 1280, 3), numpy.uint8)
picture = cv2.GaussianBlur(noise, (0, 0), 3)
if sys.argv[1] == "luma":
    picture = picture[:, :, 0].copy()
def once():
    began = time.perf_counter()
    cv2.bilateralFilter(picture, 5, 30, 30)
    return time.perf_counter() - began
print(min(once() for _ in range(40)) * 1000)
"""


def cpu_ms(command):
    """CPU-milliseconds of a command that ends well; None otherwise."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([str(word) for word in command], stdout=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used * 1_000 if done.returncode == 0 else None


def a_picture(command):
    """CPU-milliseconds a picture: many less few, which leaves starting out. `command` takes their number."""
    few, many = cpu_ms(command(FEW)), cpu_ms(command(MANY))
    return None if few is None or many is None else (many - few) / (MANY - FEW)


def opencv_python():
    """A Python with OpenCV, in a folder of its own; None where PyPI does not give it."""
    try:
        python = python_with("opencv-python-headless", "opencv")
        run([python, "-c", "import cv2"])
        return python
    except (subprocess.CalledProcessError, OSError) as error:
        say(f"no OpenCV ({error})")
        return None


def opencv_ms(python, what):
    done = subprocess.run([python, "-c", OPENCV, what], capture_output=True, text=True, check=False)
    return float(done.stdout) if done.returncode == 0 else None


def b7(peers, _seconds, _port):
    program = target_of("beauty", "release")
    run(["cargo", "build", "--locked", "--release", "-q", "-p", "onair-media", "--no-default-features", "--example",
         "beauty"], cwd=ROOT)
    python = opencv_python()
    goals = {"exact rgba": 1.2, "fast i420": 0.5}
    rows = []
    for work, goal in goals.items():
        quality, layout = work.split()
        pixels = {"rgba": "gbrp", "i420": "yuv420p"}[layout]

        def ours(count, quality=quality, layout=layout):
            return [program, quality, layout, count]

        def ffmpeg(count, pixels=pixels):
            source = f"testsrc2=size=1280x720:rate=30:duration=0.1,format={pixels},loop=loop={count}:size=1"
            return [peers.ffmpeg, "-nostdin", "-v", "error", "-threads", "1", "-filter_threads", "1", "-f", "lavfi",
                    "-i", source, "-vf", "bilateral", "-frames:v", count, "-f", "null", "-"]

        figures = {US: [], "ffmpeg bilateral": [], "OpenCV bilateral": []}
        for _ in range(ROUNDS):
            figures[US].append(a_picture(ours))
            figures["ffmpeg bilateral"].append(a_picture(ffmpeg) if peers.ffmpeg else None)
            figures["OpenCV bilateral"].append(opencv_ms(python, "luma" if layout == "i420" else "bgr") if python else None)
        row = Row("B7", f"beauty, {quality}, 720p {layout.upper()}, one thread, best of {ROUNDS}", "ms", f"≤ {goal} ms",
                  lambda f, goal=goal: f[US] <= goal)
        for who, values in figures.items():
            row.figures[who] = min((value for value in values if value is not None), default=None)
        rows.append(row)
    return rows


def b5(peers, seconds, port):
    from rows import cpu_side_by_side

    seconds = min(seconds, 20)
    row = Row("B5", f"encode and ship {seconds} s of raw 720p30, with beauty", "CPU-s/min", "≤ 0.40 × ffmpeg bilateral",
              lambda f: f[US] <= 0.40 * f["ffmpeg bilateral"])
    return cpu_side_by_side(row, peers.beautified(*raw_material(peers.ffmpeg, seconds)), seconds, Nginx(port))
