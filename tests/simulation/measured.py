"""The figures of a soak, as they stand in docs/MEASURED.md."""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from tests.simulation.run import Figures

HEADING = "## The simulator (`make soak`)"


def write(file: Path, figures: Figures, first: int, seconds: float) -> None:
    """Puts the section into the document, in place of the one before."""
    put(file, HEADING, _section(figures, first, seconds))


def put(file: Path, heading: str, section: str) -> None:
    """Puts a section that begins with its heading into a document, in place of the one before."""
    text = file.read_text(encoding="utf-8")
    before, _, rest = text.partition(heading)
    after = rest[found:] if (found := rest.find("\n## ")) >= 0 else ""
    file.write_text(f"{before.rstrip()}\n\n{section}\n{after}", encoding="utf-8")


def _section(figures: Figures, first: int, seconds: float) -> str:
    commit = subprocess.run(
        ("git", "rev-parse", "--short", "HEAD"), capture_output=True, text=True, check=False
    )
    day = datetime.now(UTC).date().isoformat()
    fired = "\n".join(f"| {fault} | {times:,} |" for fault, times in sorted(figures.fired.items()))
    failed = figures.failed
    verdict = "Everything held." if failed is None else f"Seed {failed.seed} failed: {failed.violation}"
    return (
        f"{HEADING}\n\n"
        f"{day}, commit {commit.stdout.strip() or 'unknown'}, {os.cpu_count()} cores, {seconds:,.0f} s, "
        f"seeds from {first} on. {verdict}\n\n"
        f"    {figures.line()}\n\n"
        f"| fault that fired | times |\n|---|---|\n{fired}"
    )
