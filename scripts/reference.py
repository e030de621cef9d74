"""Writes docs/reference.md from the code: everything that has a name others rely on, with a sentence on it.

usage: reference.py [--check]; with --check writes nothing and exits 1 when the file is out of step.
A thing without a sentence cannot be written: the name of the culprit is printed, and the exit status is 1.
"""

import importlib
import inspect
import pkgutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from flask import Flask
from prometheus_client.registry import CollectorRegistry

import server
from server.app import create_app
from server.core import config, metrics
from server.core.access import access_of
from server.core.errors import Code
from sync.tables import CASE_KINDS, OPERATIONS, REASONS

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docs" / "reference.md"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
HEAD = """# Reference

Written by `make generate` from the code; do not edit. Words are explained in [GLOSSARY.md](../GLOSSARY.md), the
rules of sync in [sync/SPEC.md](../sync/SPEC.md), requests and answers in detail at `/api/docs` of a running server.
"""
Row = tuple[str, ...]


class UndocumentedError(Exception):
    """Something with a name has no sentence."""


def sentence(text: str | None, name: str) -> str:
    """The first sentence of a docstring, on one line.

    :raises UndocumentedError: there is none.
    """
    paragraph = " ".join((inspect.cleandoc(text or "").split("\n\n")[0]).split())
    if not paragraph:
        raise UndocumentedError(name)
    return paragraph.replace("|", "\\|")


def operations() -> Iterator[Row]:
    """Every type of operation."""
    for name, rule in sorted(OPERATIONS.items()):
        who, words = ", ".join(rule["roles"]), (sentence(rule["en"], name), sentence(rule["zh"], name))
        yield f"`{name}`", str(rule["v"]), rule["entity"], rule["class"], who, *words


def events() -> Iterator[Row]:
    """Every event of the house: the dataclasses of each feature's events.py."""
    for module in pkgutil.walk_packages(server.__path__, "server."):
        if not module.name.endswith(".events"):
            continue
        feature = module.name.split(".")[-2]
        for name, made in sorted(vars(importlib.import_module(module.name)).items()):
            if inspect.isclass(made) and made.__module__ == module.name:
                yield f"`{name}`", feature, sentence(made.__doc__, f"{module.name}.{name}")


def addresses(app: Flask) -> Iterator[Row]:
    """Every address, its method and who may use it."""
    for rule in sorted(app.url_map.iter_rules(), key=str):
        view = app.view_functions[rule.endpoint]
        for method in METHODS:
            if method in (rule.methods or ()):
                handler = getattr(view, "view_class", None)
                made = getattr(handler, method.lower(), view) if handler else view
                about = sentence(made.__doc__ or view.__doc__, f"{method} {rule}")
                yield f"`{method} {rule}`", access_of(app, rule.endpoint) or "", about


def settings() -> Iterator[Row]:
    """Every setting."""
    for name, default, about in config.TABLE:
        yield f"`{name}`", default or "empty", sentence(about, name)


def reasons() -> Iterator[Row]:
    """Every reason of an exception."""
    for code, reason in REASONS.items():
        words = (reason["zh"], reason["en"], reason["next"], ", ".join(reason["for"]))
        if not all(words):
            raise UndocumentedError(code)
        yield (
            f"`{code}`",
            *words,
            ", ".join(reason["evidence"]),
            ", ".join(reason["ems"]),
            reason["aftership"] or "",
        )


def cases() -> Iterator[Row]:
    """Every kind of case."""
    for kind, rule in CASE_KINDS.items():
        about = sentence(rule["en"], kind)
        yield (
            f"`{kind}`",
            rule["rule"],
            rule["suggested"],
            ", ".join(rule["outcomes"]),
            about,
            sentence(rule["zh"], kind),
        )


def problems() -> Iterator[Row]:
    """Every problem code."""
    for code in Code:
        yield f"`{code}`", str(code.status), sentence(code.meaning, str(code))


def measures(registry: CollectorRegistry) -> Iterator[Row]:
    """Every metric."""
    for metric in sorted(registry.collect(), key=lambda one: one.name):
        if metric.name.startswith("doorstep"):
            yield f"`{metric.name}`", metric.type, sentence(metric.documentation, metric.name)


def table(title: str, columns: Row, rows: Iterator[Row]) -> str:
    """One section with one table."""
    lines = ["| " + " | ".join(row) + " |" for row in (columns, ("---",) * len(columns), *rows)]
    return f"\n## {title}\n\n" + "\n".join(lines) + "\n"


def written() -> str:
    """The whole file.

    :raises UndocumentedError: something has no sentence.
    """
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        url = f"sqlite:///{data / 'reference.db'}"
        app = create_app(
            config.Settings(database_url=url, data=data, secret_key="reference", env="test"), live=False
        )
    about = ("name", "says")
    sections: list[tuple[str, Row, Callable[[], Iterator[Row]]]] = [
        ("Operations", ("type", "version", "about", "class", "who may write it", "says", "含义"), operations),
        ("Events", (about[0], "feature", about[1]), events),
        ("Addresses", ("address", "who", "does"), lambda: addresses(app)),
        ("Settings", ("variable", "default", "meaning"), settings),
        ("Reasons", ("code", "中文", "English", "next", "for", "evidence", "EMS", "AfterShip"), reasons),
        ("Kinds of case", ("kind", "rule", "suggested", "outcomes", "means", "含义"), cases),
        ("Problem codes", ("code", "status", "means"), problems),
        ("Metrics", ("metric", "kind", "counts"), lambda: measures(metrics.REGISTRY)),
    ]
    return HEAD + "".join(table(title, columns, rows()) for title, columns, rows in sections)


def main(arguments: list[str]) -> int:
    """Write the file, or look whether it is in step."""
    try:
        text = written()
    except UndocumentedError as error:
        print(f"{error} says nothing of itself: write the docstring (or description) it is missing.")
        return 1
    if arguments != ["--check"]:
        FILE.parent.mkdir(exist_ok=True)
        FILE.write_text(text, encoding="utf-8")
    elif not FILE.exists() or FILE.read_text(encoding="utf-8") != text:
        print("docs/reference.md is out of step with the code: make generate")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
