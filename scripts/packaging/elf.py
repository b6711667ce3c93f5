#!/usr/bin/env python3
"""What a shared library asks of a phone: read from the file itself, no toolchain needed.

  scripts/packaging/elf.py LIBRARY...   prints one line each; exit code 1 when a page of 16 KB would not do
"""

import struct
import sys
from pathlib import Path

MACHINES = {3: "x86", 40: "armeabi-v7a", 62: "x86_64", 183: "arm64-v8a"}
PT_LOAD, PT_DYNAMIC = 1, 2
DT_NEEDED, DT_STRTAB, DT_SONAME, DT_TEXTREL, DT_FLAGS = 1, 5, 14, 22, 30
DF_TEXTREL = 4
SHT_SYMTAB, SHT_DYNSYM = 2, 11
PAGE = 16 * 1024


class Elf:
    """A little-endian ELF file: its machine, the alignment of what is loaded, its own name, what it needs and what it offers."""

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
        entries = self.entries(dynamic) if dynamic else []
        self.needed, self.soname = self.names(entries)
        # Code that is changed when it is loaded: no page of it can be shared, and new phones refuse it.
        self.has_text_relocations = any(tag == DT_TEXTREL or (tag == DT_FLAGS and value & DF_TEXTREL)
                                        for tag, value in entries)
        sections = list(self.sections())
        self.is_stripped = all(kind != SHT_SYMTAB for kind, *_ in sections)
        self.exports = {name for kind, offset, size, link in sections if kind == SHT_DYNSYM
                        for name in self.symbols(offset, size, sections[link][1])}

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

    def sections(self):
        at, = struct.unpack_from("<Q" if self.wide else "<I", self.data, 40 if self.wide else 32)
        size, count = struct.unpack_from("<HH", self.data, 58 if self.wide else 46)
        for number in range(count):
            here = at + number * size
            form = "<IIQQQQI" if self.wide else "<IIIIIII"
            _, kind, _, _, offset, length, link = struct.unpack_from(form, self.data, here)
            yield kind, offset, length, link

    def symbols(self, offset, size, names):
        """What others may call by its name."""
        table = self.data[offset:offset + size]
        if self.wide:
            rows = ((name, info, other, where) for name, info, other, where, _, _ in struct.iter_unpack("<IBBHQQ", table))
        else:
            rows = ((name, info, other, where) for name, _, _, info, other, where in struct.iter_unpack("<IIIBBH", table))
        for name, info, other, where in rows:
            # Global or weak, defined here, and not hidden.
            if info >> 4 in (1, 2) and where and other & 3 == 0:
                yield self.text(names + name)

    def text(self, at):
        return self.data[at:self.data.index(b"\0", at)].decode()

    def entries(self, dynamic):
        offset, size = dynamic
        return list(struct.iter_unpack("<QQ" if self.wide else "<II", self.data[offset:offset + size]))

    def names(self, entries):
        table = next((self.file_offset(value) for tag, value in entries if tag == DT_STRTAB), 0)
        needed = [self.text(table + value) for tag, value in entries if tag == DT_NEEDED]
        return needed, next((self.text(table + value) for tag, value in entries if tag == DT_SONAME), None)

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
              f"{len(elf.exports)} names, needs {' '.join(elf.needed) or 'nothing'}")
    sys.exit(0 if fits else 1)


if __name__ == "__main__":
    main()
