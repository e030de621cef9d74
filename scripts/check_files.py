"""No source file longer than one can hold in the head: 400 lines, generated files and migrations aside.

usage: check_files.py [FOLDER]; prints each file that is too long and exits 1 when there is one.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

LONGEST = 400
KINDS = {".py", ".ts", ".svelte", ".css", ".html", ".mjs", ".js", ".sh"}
SOURCES = ("server", "sync", "pwa", "tests", "scripts")
NOT_OURS = {"generated", "migrations", "node_modules", "dist", "__pycache__"}


def too_long(root: Path) -> Iterator[tuple[Path, int]]:
    """Each source file below `root` that is longer than LONGEST lines, with its length."""
    for file in sorted(file for folder in SOURCES for file in (root / folder).rglob("*")):
        relative = file.relative_to(root)
        if not file.is_file() or file.suffix not in KINDS or NOT_OURS & set(relative.parts):
            continue
        if ".generated." in file.name or file.name.endswith(".d.ts"):
            continue
        lines = len(file.read_text(encoding="utf-8").splitlines())
        if lines > LONGEST:
            yield relative, lines


def main(arguments: list[str]) -> int:
    """Check the project in the folder given, or the one we stand in."""
    found = list(too_long(Path(arguments[0]) if arguments else Path.cwd()))
    for file, lines in found:
        print(f"{file}: {lines} lines; {LONGEST} is the limit. Split it where it tells two stories.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
