"""How well pictures are read: what was expected of each, what came, and the sums by symbology."""

from __future__ import annotations

import csv
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.scan.reader import Hit, Read, Reader

NOTHING = "falsepositives-"
"""Folders of pictures without any code are called so."""

_PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".avif"}


@dataclass(frozen=True)
class Picture:
    """One picture: what it should say, "" when that is not known, and whether it has no code at all."""

    path: Path
    name: str
    symbology: str
    expected: str
    as_bytes: bool
    empty: bool


@dataclass
class Row:
    """The sums of one symbology."""

    of: int = 0
    read: int = 0
    misread: int = 0
    false_reads: int = 0


@dataclass
class Report:
    """All of it; `notes` says which pictures were misread or wrongly read, and what as."""

    rows: dict[str, Row]
    notes: list[str]
    ms: list[float]

    @property
    def sum(self) -> Row:
        """Over all symbologies."""
        rows = self.rows.values()
        return Row(
            sum(one.of for one in rows),
            sum(one.read for one in rows),
            sum(one.misread for one in rows),
            sum(one.false_reads for one in rows),
        )

    def lines(self) -> Iterator[str]:
        """As it is printed; the last line is for machines."""
        yield f"{'symbology':<14}{'pictures':>9}{'read':>7}{'misread':>9}{'false reads':>13}"
        for name, row in sorted(self.rows.items()):
            yield f"{name:<14}{row.of:>9}{row.read:>7}{row.misread:>9}{row.false_reads:>13}"
        yield from self.notes
        if self.ms:
            yield f"median {statistics.median(self.ms):.0f} ms a picture, longest {max(self.ms):.0f} ms"
        total = self.sum
        yield (f"read={total.read} of={total.of} misread={total.misread} false_reads={total.false_reads}")


def pictures(folder: Path, manifest: Path) -> list[Picture]:
    """The manifest's pictures, and those of the folders without codes that it does not name."""
    listed = [_listed(folder, row) for row in _rows(manifest)]
    known = {one.path.resolve() for one in listed}
    others = [
        Picture(file, str(file.relative_to(folder)), "none", "", as_bytes=False, empty=True)
        for file in sorted(folder.rglob("*"))
        if file.suffix.lower() in _PICTURES and _is_empty(folder, file) and file.resolve() not in known
    ]
    return listed + others


def _rows(manifest: Path) -> list[dict[str, str]]:
    # newline="": a line break inside a text is the text's own.
    with manifest.open(encoding="utf-8-sig", newline="") as lines:
        rows = [{key: value or "" for key, value in row.items() if key} for row in csv.DictReader(lines)]
    if rows and not {"file", "expected"} <= rows[0].keys():
        raise ValueError(f"{manifest} needs the columns file and expected")
    return rows


def _is_empty(folder: Path, file: Path) -> bool:
    below = (folder.resolve().name, *file.relative_to(folder).parts)
    return any(part.startswith(NOTHING) for part in below)


def _listed(folder: Path, row: dict[str, str]) -> Picture:
    path = folder / row["file"]
    symbology = row.get("format", "").strip("?") or row.get("set", "") or Path(row["file"]).parent.name or "?"
    return Picture(
        path,
        row["file"],
        "none" if _is_empty(folder, path) else symbology,
        row["expected"],
        row.get("kind") == "bytes",
        _is_empty(folder, path),
    )


def _same(hit: Hit, picture: Picture) -> bool:
    """Line ends are compared as one: a table of texts cannot be trusted to have kept them."""
    if picture.as_bytes:
        return hit.hex == picture.expected.lower()
    return hit.text.replace("\r\n", "\n") == picture.expected.replace("\r\n", "\n")


def evaluate(reader: Reader, wanted: Iterable[Picture]) -> Report:
    """Reads every picture once."""
    report = Report({}, [], [])
    for picture in wanted:
        try:
            seen = reader.read(picture.path.read_bytes())
        except OSError as error:
            seen = Read([], 0, f"cannot be opened: {error.strerror}")
        _count(report, picture, seen)
    return report


def _count(report: Report, picture: Picture, seen: Read) -> None:
    if seen.trouble:
        report.notes.append(f"{picture.name}: {seen.trouble}")
    else:
        report.ms.append(seen.ms)
    if not picture.empty and not picture.expected:
        return
    row = report.rows.setdefault(picture.symbology, Row())
    said = ", ".join(f"{hit.symbology} {hit.text[:40]!r}" for hit in seen.hits)
    if picture.empty:
        row.false_reads += len(seen.hits)
        if seen.hits:
            report.notes.append(f"false read: {picture.name} as {said}")
    else:
        row.of += 1
        right = any(_same(hit, picture) for hit in seen.hits)
        row.read += right
        if seen.hits and not right:
            row.misread += 1
            report.notes.append(f"misread: {picture.name} as {said}, not {picture.expected[:40]!r}")
