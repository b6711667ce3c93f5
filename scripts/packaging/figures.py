#!/usr/bin/env python3
"""Whether the library is as large as docs/phones.md says: compares scripts/size's table with the page's.

  scripts/size | scripts/packaging/figures.py   a JSON line for each row; exit code 1 when one is off by more than 3 %

Another compiler or processor makes other code, so rows are compared on the system that the page names, and skipped with
exit code 77 elsewhere.
"""

import json
import re
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs/phones.md"
TOLERANCE = 0.03
ROW = re.compile(r"^\| ([^|]+) \| `([^`]*)` \| (\d+) \| (\d+) \|$", re.MULTILINE)
HEAD = re.compile(r"^\| library for ([^|]+) \|", re.MULTILINE)


def rows(text):
    """Stripped bytes by words and features."""
    return {(words, features): int(stripped) for words, features, stripped, _ in ROW.findall(text)}


def system(text):
    found = HEAD.search(text)
    return found[1] if found else None


def figures(measured, documented):
    """What a nightly run prints of each row that either has."""
    for key in sorted(measured.keys() | documented.keys()):
        value, told = measured.get(key), documented.get(key)
        fits = value is not None and told is not None and abs(value - told) <= told * TOLERANCE
        yield {"id": "SIZE", "what": f"{key[0]}, bytes", "value": value, "limit": told, "pass": fits}


def main():
    text, page = sys.stdin.read(), PAGE.read_text()
    if system(text) != system(page):
        print(f"skipped: size: the page is of {system(page)}, and this is {system(text)}", file=sys.stderr)
        sys.exit(77)
    found = list(figures(rows(text), rows(page)))
    for figure in found:
        print(json.dumps(figure))
    sys.exit(0 if found and all(figure["pass"] for figure in found) else 1)


if __name__ == "__main__":
    main()
