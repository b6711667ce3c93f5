#!/usr/bin/env python3
"""What a shared library asks of a phone: read from the file itself, no toolchain needed.

  scripts/packaging/elf.py LIBRARY...   prints one line each; exit code 1 when a page of 16 KB would not do
"""

import struct
import sys
from pathlib import Path

MACHINES = {3: "x86", 40: "armeabi-v7a", 62: "x86_64", 183: "arm64-v8a"}
PT_LOAD, PT_DYNAMIC = 1, 2
DT_NEEDED, DT_STRTAB, DT_SONAME = 1, 5, 14
PAGE = 16 * 1024


class Elf:
    """A little-endian ELF file: its machine, the alignment of what is loaded, its own name and what it needs."""

    def __init__(self, data):
        if data[:4] != b"\x7fELF" or data[5] != 1:
            raise ValueError("not a little-endian ELF file")
        self.data = data
        self.wide = data[4] == 2
        self.machine = MACHINES.get(struct.unpack_from("<H", data, 18)[0], "unknown")
        self.loads, dynamic = [], None
        for kind, offset, address, file_size, align in self.segments():
            if kind == PT_LOAD:
                self.loads.append((offset, address, file_size, align))
            elif kind == PT_DYNAMIC:
                dynamic = (offset, file_size)
        self.needed, self.soname = self.names(dynamic) if dynamic else ([], None)

    def segments(self):
        at, = struct.unpack_from("<Q" if self.wide else "<I", self.data, 32 if self.wide else 28)
        size, count = struct.unpack_from("<HH", self.data, 54 if self.wide else 42)
        for number in range(count):
            here = at + number * size
            if self.wide:
                kind, _, offset, address, _, file_size, _, align = struct.unpack_from("<IIQQQQQQ", self.data, here)
            else:
                kind, offset, address, _, file_size, _, _, align = struct.unpack_from("<IIIIIIII", self.data, here)
            yield kind, offset, address, file_size, align

    def names(self, dynamic):
        offset, size = dynamic
        word = "<QQ" if self.wide else "<II"
        entries = list(struct.iter_unpack(word, self.data[offset:offset + size]))
        table = next((self.file_offset(value) for tag, value in entries if tag == DT_STRTAB), 0)
        text = lambda at: self.data[table + at:self.data.index(b"\0", table + at)].decode()  # noqa: E731
        needed = [text(value) for tag, value in entries if tag == DT_NEEDED]
        return needed, next((text(value) for tag, value in entries if tag == DT_SONAME), None)

    def file_offset(self, address):
        for offset, start, size, _ in self.loads:
            if start <= address < start + size:
                return address - start + offset
        raise ValueError(f"{address:#x} is in no segment")

    @property
    def alignment(self):
        return min((align for *_, align in self.loads), default=0)

    @property
    def fits_16k_pages(self):
        return bool(self.loads) and all(align % PAGE == 0 and (offset - address) % PAGE == 0
                                        for offset, address, _, align in self.loads)


def main():
    fits = True
    for path in map(Path, sys.argv[1:]):
        elf = Elf(path.read_bytes())
        # 32-bit phones have pages of 4 KB for good.
        fits &= elf.fits_16k_pages or not elf.wide
        print(f"{path.name}: {elf.machine}, {path.stat().st_size} bytes, pages of {elf.alignment // 1024} KB, "
              f"needs {' '.join(elf.needed) or 'nothing'}")
    sys.exit(0 if fits else 1)


if __name__ == "__main__":
    main()
