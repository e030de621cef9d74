"""What the documents name exists: commands, make's targets, files, words."""

import re
import subprocess
from pathlib import Path

import click
import pytest

from server.cli import main as doorstep

ROOT = Path(__file__).parents[2]
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "DECISIONS.md", "GLOSSARY.md", "CHANGELOG.md")
EXAMPLES = ("server/tickets", "tests/server/tickets", "courier/measure")
"""Folders of the recipes in CONTRIBUTING.md that a reader is going to make."""
MADE_BY_COMMANDS = ("build/", "var/", "pwa/dist")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def named_paths(document: str) -> set[str]:
    """Paths in backticks or links, with the braces of `{zh,en}` and the like taken apart."""
    quoted = re.findall(r"`([\w./{},-]+)`", text(document)) + re.findall(r"\]\(([\w./-]+)\)", text(document))
    found = set()
    for one in quoted:
        if "/" not in one or one.startswith("/"):
            continue
        braces = re.search(r"\{([^}]+)\}", one)
        words = braces.group(1).split(",") if braces else [""]
        found |= {re.sub(r"\{[^}]+\}", word, one) for word in words}
    return {one for one in found if not any(mark in one for mark in (*EXAMPLES, *MADE_BY_COMMANDS))}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_a_document_names_exists(document: str) -> None:
    roots = (ROOT, ROOT / "server", ROOT / "pwa")
    missing = [one for one in named_paths(document) if not any((root / one).exists() for root in roots)]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_make_target_a_document_names_exists(document: str) -> None:
    named = set(re.findall(r"(?:`|^ {4})make (?:-s )?([a-z-]+)", text(document), re.MULTILINE))
    known = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE))
    assert named - known == set()


def commands(group: click.Group, path: str = "") -> set[str]:
    """`users add`, `db upgrade`, ...: all commands below a group."""
    found: set[str] = set()
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        full = f"{path} {name}".strip()
        found |= commands(command, full) if isinstance(command, click.Group) else {full}
    return found


def test_the_readme_lists_every_command_and_no_other() -> None:
    listed = set()
    for line in re.findall(r"^\| `doorstep (.+?) \|", text("README.md"), re.MULTILINE):
        first, *others = [part.strip(" `") for part in line.split(" / ")]
        words = [word for word in first.split() if re.fullmatch(r"[a-z]+", word)]
        listed.add(" ".join(words))
        listed |= {" ".join([*words[:-1], other]) for other in others}
    assert listed == commands(doorstep) - {"db revision"}  # for who writes migrations: CONTRIBUTING.md


def test_the_layers_in_the_architecture_are_those_of_the_checker() -> None:
    said = re.search(r"^ {4}server +(.+?)^ {4}sync", text("ARCHITECTURE.md"), re.MULTILINE | re.DOTALL)
    assert said
    layers = [" ".join(layer.split()) for layer in said.group(1).split(">")]
    configured = re.search(
        r'containers = \["server"\]\nlayers = \[(.+?)\]', text("pyproject.toml"), re.DOTALL
    )
    assert configured
    assert layers == re.findall(r'"([^"]+)"', configured.group(1))


def test_the_procfile_names_commands_that_exist() -> None:
    for line in text("Procfile").splitlines():
        assert line.split()[1] == "doorstep"
        assert line.split()[2] in commands(doorstep)


def test_nothing_made_by_a_command_is_kept_in_the_repository() -> None:
    inside = subprocess.run(
        ["git", "rev-parse", "--is-inside-work-tree"], cwd=ROOT, capture_output=True, check=False
    )
    if inside.returncode:  # an unpacked archive has no repository to look at
        return
    ignored = [
        ".venv/x",
        "node_modules/x",
        "build/x",
        "var/x",
        "pwa/dist/x",
        "server/__pycache__/x",
        "a.egg-info/x",
    ]
    looked = subprocess.run(
        ["git", "check-ignore", *ignored], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert looked.stdout.split() == ignored
