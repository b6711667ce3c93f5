"""Apple's folder for a library of several platforms, put together by hand and looked over; needs none of Apple's tools.

One folder for each platform, in it the archive and the headers, and Info.plist that says what is where. The headers lie
one level deeper, as two such libraries in an app would otherwise both bring the same Headers/module.modulemap.
"""

import hashlib
import plistlib
import shutil
import zipfile
from pathlib import Path

MODULE = "OnAirCore"
ARCHIVE = "libonair_ffi.a"
# Folder: the system, its variant and the processors, in Apple's words.
SLICES = {
    "ios-arm64": ("ios", None, ["arm64"]),
    "ios-arm64_x86_64-simulator": ("ios", "simulator", ["arm64", "x86_64"]),
    "macos-arm64_x86_64": ("macos", None, ["arm64", "x86_64"]),
}
# What stands at the front of a Mach-O file, and of one for several processors.
PROCESSORS = {0x0100000C: "arm64", 0x01000007: "x86_64"}
FAT = (b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf")
THIN, ARCHIVES = b"\xcf\xfa\xed\xfe", b"!<arch>\n"


def make(folder, archives, headers):
    """Writes `folder`.xcframework anew from `archives`, a mapping from names of SLICES to files."""
    shutil.rmtree(folder, ignore_errors=True)
    libraries = []
    for name, archive in archives.items():
        system, variant, processors = SLICES[name]
        (folder / name).mkdir(parents=True)
        shutil.copy(archive, folder / name / ARCHIVE)
        shutil.copytree(headers, folder / name / "Headers" / MODULE)
        entry = {"BinaryPath": ARCHIVE, "HeadersPath": "Headers", "LibraryIdentifier": name, "LibraryPath": ARCHIVE,
                 "SupportedArchitectures": processors, "SupportedPlatform": system}
        libraries.append(entry | ({"SupportedPlatformVariant": variant} if variant else {}))
    info = {"AvailableLibraries": libraries, "CFBundlePackageType": "XFWK", "XCFrameworkFormatVersion": "1.0"}
    (folder / "Info.plist").write_bytes(plistlib.dumps(info))


def problems(folder):
    """What is wrong with an .xcframework, by whomever it was made; an empty list when it is right."""
    info = plistlib.loads((folder / "Info.plist").read_bytes())
    found = []
    if info.get("CFBundlePackageType") != "XFWK":
        found.append("Info.plist is not of an XFWK")
    for entry in info["AvailableLibraries"]:
        name = entry["LibraryIdentifier"]
        archive = folder / name / entry["LibraryPath"]
        headers = folder / name / entry["HeadersPath"] / MODULE
        if not archive.is_file():
            found.append(f"{name} has no {entry['LibraryPath']}")
            continue
        if processors(archive) != set(entry["SupportedArchitectures"]):
            found.append(f"{name} is for {sorted(processors(archive))}, not {entry['SupportedArchitectures']}")
        found += [f"{name} has no {file}" for file in ("module.modulemap", f"{MODULE}.h") if not (headers / file).is_file()]
    return found


def processors(archive):
    """The processors an archive has code for."""
    data = archive.read_bytes()
    if data[:4] in FAT:
        size = 20 if data[:4] == FAT[0] else 32
        kinds = [int.from_bytes(data[8 + i * size:12 + i * size]) for i in range(int.from_bytes(data[4:8]))]
        return {PROCESSORS.get(kind, "unknown") for kind in kinds}
    found = set()
    at = len(ARCHIVES)
    if not data.startswith(ARCHIVES):
        return found
    while at + 60 <= len(data):
        name, size = data[at:at + 16].decode("latin-1"), int(data[at + 48:at + 58])
        # BSD archives keep a long name in front of the content.
        skip = int(name[3:]) if name.startswith("#1/") else 0
        member = data[at + 60 + skip:at + 68 + skip]
        if member[:4] == THIN:
            found.add(PROCESSORS.get(int.from_bytes(member[4:8], "little"), "unknown"))
        at += 60 + size + size % 2
    return found


def zipped(folder, out):
    """A zip of the folder that is the same for the same content, and its SHA-256, which SwiftPM wants to know."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(file for file in folder.rglob("*") if file.is_file()):
            entry = zipfile.ZipInfo(str(Path(folder.name) / file.relative_to(folder)), (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, file.read_bytes())
    return hashlib.sha256(out.read_bytes()).hexdigest()
