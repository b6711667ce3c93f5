"""Android's library format and the JVM's, put together from classes, a manifest and native libraries; and a check of either.

An AAR is a zip with agreed names. Files are written in a fixed order with one date, so that the same input gives the same
bytes.
"""

import functools
import io
import re
import struct
import xml.etree.ElementTree as xml
import zipfile
from pathlib import Path

from elf import Elf

ANDROID = "{http://schemas.android.com/apk/res/android}"
ABIS = {"aarch64-linux-android": "arm64-v8a", "armv7-linux-androideabi": "armeabi-v7a",
        "x86_64-linux-android": "x86_64"}
LIBRARY = "libonair_ffi.so"
NAMESPACE = "io.onair"
MIN_SDK = 24
# Class files of Java 8: what every Android build of today takes.
NEWEST_CLASS = 52
METADATA = "META-INF/com/android/build/gradle/aar-metadata.properties"
# Ours alone belong into an AAR; what comes along by its POM must not be in it twice.
OURS = ("io/onair/", "META-INF/")
SOURCES = Path(__file__).resolve().parents[2] / "bindings/kotlin/onair/src"
# What the library may offer: to Kotlin by JNI and by UniFFI, and to C.
PREFIXES = ("Java_io_onair_ffi_", "uniffi_onair_ffi_", "ffi_onair_ffi_", "UNIFFI_META_", "onair_")


def zipped(files):
    """The bytes of a zip of `files`, a mapping from names to bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name])
    return out.getvalue()


def classes(jars):
    """The content of our jars in one mapping."""
    files = {}
    for jar in jars:
        with zipfile.ZipFile(jar) as archive:
            for name in archive.namelist():
                if not name.endswith("/") and name != "META-INF/MANIFEST.MF":
                    files[name] = archive.read(name)
    return files


def aar(jars, manifest, rules, libraries):
    """The AAR's bytes. `libraries` maps ABIs to the bytes of the native library."""
    files = {
        "AndroidManifest.xml": manifest,
        "classes.jar": zipped(classes(jars)),
        "proguard.txt": rules,
        "R.txt": b"",
        METADATA: b"aarFormatVersion=1.0\naarMetadataVersion=1.0\nminCompileSdk=34\nminCompileSdkExtension=0\n"
                  b"minAndroidGradlePluginVersion=8.0.0\ncoreLibraryDesugaringEnabled=false\n",
    }
    files |= {f"jni/{abi}/{LIBRARY}": data for abi, data in libraries.items()}
    return zipped(files)


def problems(data, abis):
    """What is wrong with the AAR `data`, which is to have native libraries for `abis`; an empty list when it is right."""
    found = []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        for name in ("AndroidManifest.xml", "classes.jar", "proguard.txt", "R.txt", METADATA):
            if name not in names:
                found.append(f"{name} is missing")
        if found:
            return found
        found += manifest_problems(archive.read("AndroidManifest.xml"))
        found += class_problems(archive.read("classes.jar"))
        rules = archive.read("proguard.txt").decode()
        found += [f"proguard.txt does not keep {kept}" for kept in ("com.sun.jna.**", "io.onair.ffi.**")
                  if f"-keep class {kept}" not in rules]
        native = {name: archive.read(name) for name in names if name.startswith("jni/")}
    found += native_problems(native, abis)
    return found


def manifest_problems(text):
    root = xml.fromstring(text)
    found = []
    if root.get("package") not in (None, NAMESPACE):
        found.append(f"the manifest's package is {root.get('package')}")
    sdk = root.find("uses-sdk")
    if sdk is None or sdk.get(f"{ANDROID}minSdkVersion") != str(MIN_SDK):
        found.append(f"the manifest does not say minSdkVersion {MIN_SDK}")
    permissions = {element.get(f"{ANDROID}name") for element in root.iter("uses-permission")}
    if "android.permission.INTERNET" not in permissions:
        found.append("the manifest does not ask for INTERNET")
    return found


def class_problems(jar):
    found = []
    with zipfile.ZipFile(io.BytesIO(jar)) as archive:
        names = archive.namelist()
        if not any(name.startswith("io/onair/ffi/") for name in names):
            found.append("classes.jar has no classes of io.onair.ffi")
        for name in names:
            if not name.startswith(OURS):
                found.append(f"classes.jar has {name}, which is not ours")
            elif name.endswith(".class"):
                version, = struct.unpack_from(">H", archive.read(name), 6)
                if version > NEWEST_CLASS:
                    found.append(f"{name} is of class version {version}")
    return found


def jna_problems(data):
    """What keeps the JNA that comes along from running beside us: it lacks an ABI, or fits no pages of 16 KB."""
    found = []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for abi in ABIS.values():
            name = f"jni/{abi}/libjnidispatch.so"
            if name not in archive.namelist():
                found.append(f"JNA has no {name}")
                continue
            elf = Elf(archive.read(name))
            if elf.wide and not elf.fits_16k_pages:
                found.append(f"JNA's {name} does not fit pages of 16 KB: {elf.alignment}")
    return found


@functools.cache
def wanted_symbols():
    """What Kotlin calls by name, as its sources declare it."""
    declared = re.compile(r"external fun (\w+)\(")
    names = set(declared.findall((SOURCES / "generated/io/onair/ffi/onair_ffi.kt").read_text()))
    for file in (SOURCES / "main/io/onair/ffi").glob("*.kt"):
        names |= {f"Java_io_onair_ffi_{file.stem}_{name}" for name in declared.findall(file.read_text())}
    return names


def symbol_problems(name, elf):
    found = []
    missing = sorted(wanted_symbols() - elf.exports)
    if missing:
        found.append(f"{name} lacks {len(missing)} names that Kotlin calls: {' '.join(missing[:3])}")
    foreign = sorted(one for one in elf.exports if not one.startswith(PREFIXES))
    if foreign:
        found.append(f"{name} offers {len(foreign)} names that are not ours: {' '.join(foreign[:3])}")
    return found


def native_problems(native, abis):
    found = []
    wanted = {f"jni/{abi}/{LIBRARY}": abi for abi in abis}
    found += [f"{name} is missing" for name in wanted if name not in native]
    found += [f"{name} is not expected" for name in native if name not in wanted]
    for name in wanted.keys() & native.keys():
        elf = Elf(native[name])
        if elf.machine != wanted[name]:
            found.append(f"{name} is for {elf.machine}")
        if elf.wide and not elf.fits_16k_pages:
            found.append(f"{name} does not fit pages of 16 KB: {elf.alignment}")
        if elf.soname not in (None, LIBRARY):
            found.append(f"{name} calls itself {elf.soname}")
        if elf.has_text_relocations:
            found.append(f"{name} has text relocations, which phones refuse")
        if not elf.is_stripped:
            found.append(f"{name} is not stripped")
        found += symbol_problems(name, elf)
        foreign = set(elf.needed) - {"libc.so", "libm.so", "libdl.so", "liblog.so", "libc++_shared.so"}
        if foreign:
            found.append(f"{name} needs {' '.join(sorted(foreign))}, which no phone has")
    return found
