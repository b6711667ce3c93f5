"""What the checks of packages find: each with a package that is right and with ones that are not.

  python3 -m unittest discover -s scripts/packaging
"""

import importlib.util
import io
import json
import os
import struct
import tempfile
import unittest
import zipfile
from datetime import date
from importlib.machinery import SourceFileLoader
from pathlib import Path

import aar
import figures
import xcframework
from elf import Elf

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = (ROOT / "bindings/kotlin/onair/src/android/AndroidManifest.xml").read_bytes()
RULES = (ROOT / "bindings/kotlin/onair/consumer-rules.pro").read_bytes()


def library(machine=183, align=16384, wide=True, more=(), lacks="", flags=0, kinds=(11, 3)):
    """A shared library of headers and names: those that Kotlin calls, `more`, but not `lacks`. `kinds` are its sections'."""
    head, segment, section = (64, 56, 64) if wide else (52, 32, 40)
    names = [name for name in sorted(aar.wanted_symbols()) if name != lacks] + list(more)
    text, symbols = b"\0", bytes(24 if wide else 16)
    for name in names:
        symbols += (struct.pack("<IBBHQQ", len(text), 0x12, 0, 1, 0, 0) if wide
                    else struct.pack("<IIIBBH", len(text), 0, 0, 0x12, 0, 1))
        text += name.encode() + b"\0"
    dynamic = struct.pack("<QQ" if wide else "<II", 30, flags)
    at = head + 2 * segment
    places = [(at, len(symbols)), (at + len(symbols), len(text))]
    dynamic_at = at + len(symbols) + len(text)
    sections_at = dynamic_at + len(dynamic)
    form = "<IIQQQQIIQQ" if wide else "<IIIIIIIIII"
    sections = bytes(section)
    for kind, (offset, size) in zip(kinds, places):
        sections += struct.pack(form, 0, kind, 0, 0, offset, size, 2, 0, 0, 0)
    numbers = (3, machine, 1, 0, head, sections_at, 0, head, segment, 2, section, 3, 0)
    start = b"\x7fELF" + bytes([2 if wide else 1, 1, 1]) + bytes(9)
    start += struct.pack("<HHIQQQIHHHHHH" if wide else "<HHIIIIIHHHHHH", *numbers)
    for kind, offset, size, alignment in ((1, 0, sections_at, align), (2, dynamic_at, len(dynamic), 8)):
        start += (struct.pack("<IIQQQQQQ", kind, 5, offset, offset, 0, size, size, alignment) if wide
                  else struct.pack("<IIIIIIII", kind, offset, offset, 0, size, size, 5, alignment))
    return start + symbols + text + dynamic + sections


def jar(folder, files):
    path = Path(folder) / "classes.jar"
    path.write_bytes(aar.zipped(files))
    return path


def class_file(version=52):
    return b"\xca\xfe\xba\xbe" + struct.pack(">HH", 0, version)


def package(classes=None, manifest=MANIFEST, rules=RULES, libraries=None):
    with tempfile.TemporaryDirectory() as folder:
        jars = [jar(folder, classes or {"io/onair/ffi/LiveSession.class": class_file()})]
        return aar.aar(jars, manifest, rules, libraries if libraries is not None else {"arm64-v8a": library()})


class Aar(unittest.TestCase):
    def test_the_one_we_make_is_right_and_the_same_each_time(self):
        self.assertEqual(aar.problems(package(), ["arm64-v8a"]), [])
        self.assertEqual(package(), package())
        self.assertEqual(aar.problems(package(libraries={}), []), [])

    def test_every_fault_is_named(self):
        faults = [
            (package(libraries={"arm64-v8a": library(align=4096)}), "pages of 16 KB"),
            (package(libraries={"arm64-v8a": library(machine=62)}), "is for x86_64"),
            (package(libraries={"arm64-v8a": library(lacks="Java_io_onair_ffi_Easel_drawPacked")}), "Easel_drawPacked"),
            (package(libraries={"arm64-v8a": library(more=["malloc"])}), "not ours: malloc"),
            (package(libraries={"arm64-v8a": library(flags=4)}), "text relocations"),
            (package(libraries={"arm64-v8a": library(kinds=(2, 3))}), "is not stripped"),
            (package(libraries={}), "libonair_ffi.so is missing"),
            (package(libraries={"arm64-v8a": library(), "x86": library(3, wide=False)}), "not expected"),
            (package(classes={"kotlin/Unit.class": class_file()}), "not ours"),
            (package(classes={"io/onair/ffi/A.class": class_file(61)}), "class version 61"),
            (package(manifest=MANIFEST.replace(b'"24"', b'"19"')), "minSdkVersion"),
            (package(manifest=MANIFEST.replace(b"INTERNET", b"VIBRATE")), "INTERNET"),
            (package(rules=b"-dontwarn java.awt.**\n"), "does not keep com.sun.jna"),
        ]
        for data, words in faults:
            found = aar.problems(data, ["arm64-v8a"])
            self.assertTrue(any(words in problem for problem in found), f"{words!r} not in {found}")

    def test_a_32_bit_library_may_have_small_pages(self):
        data = package(libraries={"armeabi-v7a": library(40, 4096, wide=False)})
        self.assertEqual(aar.problems(data, ["armeabi-v7a"]), [])

    def test_a_jna_that_lacks_an_abi_or_has_small_pages_is_named(self):
        files = {f"jni/{abi}/libjnidispatch.so": library() for abi in aar.ABIS.values()}
        self.assertEqual(aar.jna_problems(aar.zipped(files)), [])
        files["jni/x86_64/libjnidispatch.so"] = library(align=4096)
        del files["jni/armeabi-v7a/libjnidispatch.so"]
        self.assertEqual(len(aar.jna_problems(aar.zipped(files))), 2)

    def test_an_aar_without_its_parts_is_told_so(self):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("classes.jar", b"")
        self.assertIn("AndroidManifest.xml is missing", aar.problems(out.getvalue(), []))


class Libraries(unittest.TestCase):
    def test_what_is_no_elf_is_refused(self):
        with self.assertRaises(ValueError):
            Elf(b"MZ" + bytes(100))

    def test_what_kotlin_calls_by_name_is_in_the_library_that_was_built_here(self):
        built = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug/deps/libonair_ffi.so"
        if not built.exists():
            self.skipTest("cargo has built no library")
        elf = Elf(built.read_bytes())
        self.assertGreater(len(aar.wanted_symbols()), 200)
        self.assertEqual(aar.symbol_problems("it", elf), [])
        self.assertFalse(elf.has_text_relocations)
        self.assertFalse(elf.is_stripped, "as cargo builds it")

    def test_the_page_a_library_is_laid_out_for_is_read(self):
        self.assertTrue(Elf(library()).fits_16k_pages)
        self.assertFalse(Elf(library(align=4096)).fits_16k_pages)


class Figures(unittest.TestCase):
    def test_a_library_that_is_not_as_large_as_the_page_says_is_told(self):
        page = figures.PAGE.read_text()
        documented = figures.rows(page)
        self.assertEqual(len(documented), 3, "with software codecs and TLS, without codecs, without either")
        self.assertEqual(figures.system(page), "Linux x86_64")
        for factor, passes in ((1, True), (1.02, True), (0.98, True), (1.04, False), (0.96, False)):
            measured = {key: int(size * factor) for key, size in documented.items()}
            found = {figure["pass"] for figure in figures.figures(measured, documented)}
            self.assertEqual(found, {passes}, factor)
        less = dict(list(documented.items())[1:])
        for pair in ((less, documented), (documented, less)):
            self.assertEqual(sum(not figure["pass"] for figure in figures.figures(*pair)), 1)


class Xcframework(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        headers = self.folder / "headers"
        headers.mkdir()
        for name in ("module.modulemap", "OnAirCore.h"):
            (headers / name).write_text("")
        self.archive = self.folder / "lib.a"
        self.archive.write_bytes(b"!<arch>\n" + b"a.o".ljust(48) + b"8".ljust(10) + b"`\n" + xcframework.THIN
                                 + struct.pack("<I", 0x0100000C))
        self.made = self.folder / "OnAirCore.xcframework"
        xcframework.make(self.made, {"ios-arm64": self.archive}, headers)

    def test_the_one_we_make_is_right_and_zips_the_same_each_time(self):
        self.assertEqual(xcframework.problems(self.made), [])
        sums = {xcframework.zipped(self.made, self.folder / f"{number}.zip") for number in range(2)}
        self.assertEqual(len(sums), 1)

    def test_a_foreign_processor_and_a_lost_header_are_named(self):
        archive = self.made / "ios-arm64" / xcframework.ARCHIVE
        archive.write_bytes(archive.read_bytes().replace(struct.pack("<I", 0x0100000C), struct.pack("<I", 0x01000007)))
        (self.made / "ios-arm64/Headers/OnAirCore/module.modulemap").unlink()
        found = " ".join(xcframework.problems(self.made))
        self.assertIn("is for ['x86_64']", found)
        self.assertIn("no module.modulemap", found)


class Release(unittest.TestCase):
    def setUp(self):
        loader = SourceFileLoader("release", str(ROOT / "scripts/release"))
        self.release = importlib.util.module_from_spec(importlib.util.spec_from_loader("release", loader))
        loader.exec_module(self.release)
        self.root = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.root / "bindings/swift").mkdir(parents=True)
        for name in ("Cargo.toml", "Cargo.lock", "CHANGELOG.md"):
            (self.root / name).write_bytes((ROOT / name).read_bytes())
        self.zip = self.root / "a.zip"
        self.zip.write_bytes(b"zip")

    def test_a_prepared_tree_is_a_release_with_the_checksum_of_its_binary(self):
        url = "https://example.org/9.9.9/OnAirCore.xcframework.zip"
        self.assertTrue(self.release.problems(self.root, "9.9.9"))
        self.release.prepare(self.root, "9.9.9", self.zip, url, date(2030, 1, 2))
        self.assertEqual(self.release.problems(self.root, "9.9.9"), [])
        told = json.loads((self.root / "bindings/swift/release.json").read_text())
        self.assertEqual(told["checksum"], "4a70fe9aa6436e02c2dea340fbd1e352e4ef2d8ce6ca52ad25d4b95471fc8bf2")
        self.assertIn("## 9.9.9 - 2030-01-02", (self.root / "CHANGELOG.md").read_text())

    def test_an_address_without_the_version_or_without_tls_is_refused(self):
        for url in ("https://example.org/1.0.0/a.zip", "http://example.org/9.9.9/a.zip"):
            with self.assertRaises(SystemExit):
                self.release.prepare(self.root, "9.9.9", self.zip, url, date(2030, 1, 2))


if __name__ == "__main__":
    unittest.main()
