"""How the columns of somebody's file become the fields of an order: a small TOML file, see FORMAT."""

import string
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from server.intake.fields import FIELDS
from server.intake.problems import UnusableFileError

_TOP_KEYS = {"format", "name", "zone", "merchant", "recognise", "fields"}
_RULE_KEYS = {"column", "template", "constant", "formats", "unit", "words", "optional"}
_UNITS = {"weight": ("kg", "g"), "cod": ("yuan", "fen")}
SHIPPED = ("template", "lade_pickup")
FORMAT = f"""\
# What a mapping says:
#
#   format = 1                       the version of this format
#   name = "lade_pickup"
#   zone = "Asia/Shanghai"           of all times without an offset
#   merchant = "lade"                optional; --merchant wins
#   recognise = ["order_id", ...]    optional; a header with all of these chooses this mapping by itself
#
#   [fields.reference]               one section per field, see below
#   column = "order_id"              a column, or a list of names of which the first present is taken
#   template = "LP{{order_id}}"        or text made of columns
#   constant = "pickup"              or one value for all rows
#   formats = ["%m-%d %H:%M:%S"]     times only; without %Y the year comes from --year
#   unit = "kg"                      weight: kg or g; cod: yuan or fen
#   words = {{ "送" = "delivery" }}     what a cell may say, and what it means
#   optional = true                  an empty cell is fine although the field is normally required
#
# Needed: {", ".join(name for name, field in FIELDS.items() if field.required)}
# If there: {", ".join(name for name, field in FIELDS.items() if not field.required)}
"""


@dataclass(frozen=True)
class FieldRule:
    """Where one field comes from. Exactly one of columns, template, constant is given."""

    columns: tuple[str, ...]
    template: str | None
    constant: str | None
    formats: tuple[str, ...]
    unit: str | None
    words: dict[str, str]
    optional: bool

    def source(self, header: Iterable[str]) -> str | None:
        """The column this rule reads in a given header; None when it reads none or several."""
        present = set(header)
        return next((name for name in self.columns if name in present), None)

    def placeholders(self) -> list[str]:
        """The columns a template needs."""
        return [name for _, name, _, _ in string.Formatter().parse(self.template or "") if name]

    def text(self, row: dict[str, str]) -> str:
        """The raw text of the field in one row, '' when there is none."""
        if self.constant is not None:
            return self.constant
        if self.template is not None:
            cells = {name: row.get(name, "") for name in self.placeholders()}
            return self.template.format(**cells) if all(cells.values()) else ""
        column = self.source(row)
        return row[column] if column else ""


@dataclass(frozen=True)
class Mapping:
    """One checked mapping."""

    name: str
    zone: ZoneInfo
    merchant: str | None
    recognise: frozenset[str]
    fields: dict[str, FieldRule]

    def missing_columns(self, header: tuple[str, ...]) -> list[str]:
        """Columns without which no row can be read, in the order of the fields."""
        lacking: list[str] = []
        for name, rule in self.fields.items():
            needed = FIELDS[name].required and not rule.optional
            if rule.template is not None:
                lacking += [column for column in rule.placeholders() if column not in header]
            elif rule.columns and needed and rule.source(header) is None:
                lacking.append(rule.columns[0])
        return list(dict.fromkeys(lacking))


def load_mapping(path: Path) -> Mapping:
    """A mapping from a file somebody wrote.

    Raises:
        UnusableFileError: no such file, no TOML, or not the format described above.
    """
    try:
        return _parse(path.read_text("utf-8"))
    except OSError as error:
        raise UnusableFileError("bad_map", why=error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise UnusableFileError("bad_map", why="not UTF-8") from error


def shipped_mappings() -> list[Mapping]:
    """The mappings that come with Doorstep; our own template first."""
    return [_parse(shipped_text(name)) for name in SHIPPED]


def shipped_text(name: str) -> str:
    """The file of a shipped mapping."""
    return (resources.files("server.intake") / "maps" / f"{name}.toml").read_text("utf-8")


def choose_document(header: tuple[str, ...]) -> dict[str, Any] | None:
    """What the shipped mapping for a header says, for the desk to show and change; columns as they are called here."""
    try:
        mapping = choose_mapping(header)
    except UnusableFileError:
        return None
    if mapping.missing_columns(header):
        return None
    document = tomllib.loads(shipped_text(mapping.name))
    fields = {}
    for name, rule in mapping.fields.items():
        if rule.columns and rule.source(header) is None:
            continue
        given = document["fields"][name]
        fields[name] = {**given, "column": rule.source(header)} if rule.columns else given
    return {**{key: document[key] for key in document if key != "recognise"}, "fields": fields}


def choose_mapping(header: tuple[str, ...]) -> Mapping:
    """The shipped mapping a header is made for; a header that resembles our template gets the template's.

    Raises:
        UnusableFileError: none fits.
    """
    known = shipped_mappings()
    for mapping in known:
        if mapping.recognise and mapping.recognise <= set(header):
            return mapping
    ours = known[0]
    if sum(rule.source(header) is not None for rule in ours.fields.values()) >= 3:
        return ours
    raise UnusableFileError("no_map")


def _parse(text: str) -> Mapping:
    try:
        return read_mapping(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise UnusableFileError("bad_map", why=str(error)) from error


def read_mapping(document: dict[str, Any]) -> Mapping:
    """A mapping from what a TOML file, or the desk, says.

    Raises:
        UnusableFileError: not the format described above.
    """
    _known_keys(document, _TOP_KEYS, "the top")
    if document.get("format") != 1:
        raise UnusableFileError("bad_map", why="format must be 1")
    fields = document.get("fields")
    if not isinstance(fields, dict):
        raise UnusableFileError("bad_map", why="no [fields]")
    rules = {name: _rule(name, rule) for name, rule in fields.items()}
    for name, kind in FIELDS.items():
        if kind.required and name not in rules:
            raise UnusableFileError("bad_map", why=f"no [fields.{name}]")
    return Mapping(
        name=str(document.get("name", "unnamed")),
        zone=_zone(document.get("zone", "Asia/Shanghai")),
        merchant=_text_or_none(document.get("merchant"), "merchant"),
        recognise=frozenset(_texts(document.get("recognise", []), "recognise")),
        fields=rules,
    )


def _rule(name: str, rule: object) -> FieldRule:
    if name not in FIELDS:
        raise UnusableFileError("bad_map", why=f"there is no field {name}; fields are {', '.join(FIELDS)}")
    if not isinstance(rule, dict):
        raise UnusableFileError("bad_map", why=f"fields.{name} must be a section")
    _known_keys(rule, _RULE_KEYS, f"fields.{name}")
    if sum(key in rule for key in ("column", "template", "constant")) != 1:
        raise UnusableFileError(
            "bad_map", why=f"fields.{name} needs exactly one of column, template, constant"
        )
    unit = _text_or_none(rule.get("unit"), f"fields.{name}.unit")
    if unit is not None and unit not in _UNITS.get(name, ()):
        raise UnusableFileError("bad_map", why=f"fields.{name} cannot have the unit {unit}")
    words = rule.get("words", {})
    if not isinstance(words, dict) or not all(isinstance(value, str) for value in words.values()):
        raise UnusableFileError("bad_map", why=f"fields.{name}.words must map text to text")
    column = rule.get("column", [])
    return FieldRule(
        columns=tuple(_texts([column] if isinstance(column, str) else column, f"fields.{name}.column")),
        template=_template(rule.get("template"), name),
        constant=_text_or_none(rule.get("constant"), f"fields.{name}.constant"),
        formats=tuple(_texts(rule.get("formats", []), f"fields.{name}.formats")),
        unit=unit,
        words=words,
        optional=rule.get("optional", False) is True,
    )


def _template(value: object, name: str) -> str | None:
    text = _text_or_none(value, f"fields.{name}.template")
    if text is None:
        return None
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError as error:
        raise UnusableFileError("bad_map", why=f"fields.{name}.template: {error}") from error
    for _, column, spec, conversion in parts:
        if column is not None and (not column or spec or conversion or set(column) & set(".[]")):
            raise UnusableFileError("bad_map", why=f"fields.{name}.template may only name columns")
    return text


def _zone(name: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnusableFileError("bad_map", why=f"there is no time zone {name}") from error


def _known_keys(section: dict[str, Any], known: set[str], where: str) -> None:
    strange = sorted(set(section) - known)
    if strange:
        raise UnusableFileError("bad_map", why=f"{where} has unknown keys: {', '.join(strange)}")


def _text_or_none(value: object, where: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise UnusableFileError("bad_map", why=f"{where} must be text")


def _texts(value: object, where: str) -> list[str]:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    raise UnusableFileError("bad_map", why=f"{where} must be text or a list of texts")
