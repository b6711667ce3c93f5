"""What the checks of packages find: each with a package that is right and with ones that are not.

  python3 -m unittest discover -s scripts/packaging
"""

import importlib.util
import io
import json
import struct
import tempfile
import unittest
import zipfile
from datetime import date
from importlib.machinery import SourceFileLoader
from pathlib import Path

import aar
import xcframework
from elf import Elf

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = (ROOT / "bindings/kotlin/onair/src/android/AndroidManifest.xml").read_bytes()
RULES = (ROOT / "bindings/kotlin/onair/consumer-rules.pro").read_bytes()


def library(machine=183, align=16384, wide=True):
    """A shared library of nothing but headers."""
    if wide:
        head = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0)
        return head + struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, 120, 120, align)
    head = b"\x7fELF\1\1\1" + bytes(9) + struct.pack("<HHIIIIIHHHHHH", 3, machine, 1, 0, 52, 0, 0, 52, 32, 1, 0, 0, 0)
    return head + struct.pack("<IIIIIIII", 1, 0, 0, 0, 84, 84, 5, align)


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

    def test_the_page_a_library_is_laid_out_for_is_read(self):
        self.assertTrue(Elf(library()).fits_16k_pages)
        self.assertFalse(Elf(library(align=4096)).fits_16k_pages)


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
