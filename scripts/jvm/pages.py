"""Pages about the Kotlin library, made by Dokka from its KDoc, and what Dokka minds about that."""

import json
import re
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
LINK = re.compile(r"^WARN: (Couldn't resolve link: .*)$", re.MULTILINE)
UNDOCUMENTED = re.compile(r"^WARN: Undocumented: (\S+?)/#\S* |^WARN: Undocumented: (\S+)/ ", re.MULTILINE)
# As the compiler's explicit API mode: what overrides has its KDoc above, a data class says what its properties are.
EXEMPT = (re.compile(r"\boverride (?:suspend )?(?:val|var|fun) (\w+)"), re.compile(r"^\s+val (\w+):", re.MULTILINE))


def made(out, roots, classpath, jars):
    """Writes HTML into the folder `out` and returns what is wrong with the KDoc of `roots`."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    parts = ("dokka-base", "analysis", "freemarker", "kotlinx-html", "markdown", "jsoup")
    plugins = [str(jar) for jar in jars if jar.name.startswith(parts)]
    source_set = {
        "displayName": "Android and JVM", "sourceSetID": {"scopeId": "onair", "sourceSetName": "main"},
        "sourceRoots": [str(root) for root in roots], "classpath": [str(jar) for jar in classpath],
        "reportUndocumented": True, "jdkVersion": 8, "analysisPlatform": "jvm", "noJdkLink": True, "noStdlibLink": True,
        "perPackageOptions": [{"matchingRegex": r"io\.onair\.ffi.*", "suppress": True, "reportUndocumented": False,
                               "skipDeprecated": False, "documentedVisibilities": ["PUBLIC"]}],
    }
    configuration = out / "dokka.json"
    configuration.write_text(json.dumps({
        "moduleName": "OnAir", "outputDir": str(out), "offlineMode": True, "sourceSets": [source_set],
        "pluginsClasspath": plugins}))
    ended = subprocess.run(
        ["java", "-Xmx1500m", "-cp", ":".join(str(jar) for jar in jars), str(HERE / "Pages.java"), str(configuration)],
        capture_output=True, text=True, check=False)
    configuration.unlink()
    if ended.returncode or not (out / "index.html").exists():
        return [f"Dokka failed: {line}" for line in ended.stderr.strip().splitlines()[:5]]
    text = "\n".join(file.read_text() for root in roots for file in sorted(root.rglob("*.kt")))
    return problems(ended.stderr, text)


def problems(said, sources):
    """Links that lead nowhere, and what has no KDoc and should."""
    exempt = {name for pattern in EXEMPT for name in pattern.findall(sources)} | {"toString"}
    found = LINK.findall(said)
    for member, type_name in UNDOCUMENTED.findall(said):
        name = re.split(r"[/.]", member or type_name)[-1]
        if name not in exempt and name != "Companion":
            found.append(f"no KDoc: {member or type_name}")
    return sorted(set(found))
