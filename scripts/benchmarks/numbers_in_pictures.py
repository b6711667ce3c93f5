"""Numbers that survive encoding: written into the top of raw 720p pictures, read back with any ffmpeg.

Thirty-two black or white fields, 40×32 pixels each: 24 bits of the number, 8 bits to check it.
"""

import subprocess
import tempfile

WIDTH, HEIGHT, CELL = 1280, 720, 32
FRAME_BYTES = len(b"FRAME\n") + WIDTH * HEIGHT * 3 // 2
HEADER = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F30:1 Ip A1:1 C420jpeg\n".encode()
BLACK, WHITE = b"\x10" * (WIDTH // 32), b"\xeb" * (WIDTH // 32)


def numbered(picture, number):
    """A Y4M frame with its number in it."""
    code = number << 8 | check(number)
    row = b"".join(WHITE if code >> bit & 1 else BLACK for bit in range(31, -1, -1))
    head = len(b"FRAME\n")
    return picture[:head] + row * CELL + picture[head + WIDTH * CELL :]


def check(number):
    return ((number * 167 + 91) ^ (number >> 7)) & 0xFF


def read(ffmpeg, file):
    """(milliseconds on the file's clock, number) of each picture that decodes, and the lines of complaint.

    A picture whose number cannot be read has None for it.
    """
    with tempfile.NamedTemporaryFile("r") as times:
        fields = ["-map", "0:v", "-fps_mode", "passthrough", "-enc_time_base", "1:1000",
                  "-vf", f"crop={WIDTH}:{CELL}:0:0,scale=32:1:flags=area,format=gray"]
        command = [ffmpeg, "-nostdin", "-hide_banner", "-v", "error", "-y", "-copyts", "-i", file,
                   *fields, "-f", "rawvideo", "-", *fields, "-f", "framecrc", times.name]
        done = subprocess.run([str(word) for word in command], capture_output=True, check=False)
        stamps = [int(line.split(",")[2]) for line in times if not line.startswith("#")]
    pictures = [done.stdout[at : at + 32] for at in range(0, len(done.stdout), 32)]
    return list(zip(stamps, map(number_in, pictures))), done.stderr.decode(errors="replace").splitlines()


def number_in(fields):
    code = 0
    for brightness in fields:
        code = code << 1 | (brightness > 128)
    return code >> 8 if check(code >> 8) == code & 0xFF else None
