"""`doorstep orders import | resume | template | mapping`."""

import csv
import io
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from server.auth import queries as auth
from server.core.clock import now_ms
from server.core.db import read
from server.intake import queries, service
from server.intake.mapping import (
    FORMAT,
    SHIPPED,
    Mapping,
    choose_mapping,
    load_mapping,
    shipped_mappings,
    shipped_text,
)
from server.intake.problems import Lang, RowProblem, UnusableFileError
from server.intake.table import read_table

_MOST_LINES = 200
_EXAMPLE = {
    "kind": "delivery",
    "reference": "A-1001",
    "waybill": "DS2026000001",
    "pieces": "1",
    "weight_kg": "1.25",
    "goods": "书 books",
    "name": "王小明",
    "phone": "129 0000 0001",
    "address": "杭州市西湖区示例路 8 号",
    "community": "示例小区",
    "building": "3",
    "unit": "2",
    "room": "501",
    "longitude": "120.0035",
    "latitude": "30.32773",
    "window_start": "2026-05-01 09:00",
    "window_end": "2026-05-01 11:00",
    "cod_yuan": "128.50",
    "requests": "call_first: 派送前请先打电话 | no_ring: 宝宝在睡觉",
}


class UnusableError(click.ClickException):
    """One sentence on stderr, exit status 2."""

    exit_code = 2


@click.group()
def orders() -> None:
    """Orders in: files of merchants become tasks."""


@orders.command("template")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="en", help="Language of the column names.")
def template(lang: Lang) -> None:
    """Print our own CSV template: the header and one example row."""
    rules = shipped_mappings()[0].fields.values()
    english = [rule.columns[0] for rule in rules]
    header = [rule.columns[-1] for rule in rules] if lang == "zh" else english
    out = io.StringIO()
    csv.writer(out).writerows([header, [_EXAMPLE.get(name, "") for name in english]])
    click.echo(out.getvalue().replace("\r\n", "\n"), nl=False)


@orders.command("mapping")
@click.argument("name", type=click.Choice(SHIPPED), default=SHIPPED[0])
def mapping_file(name: str) -> None:
    """Print a shipped mapping (TOML), to start one's own from: give it to `orders import --map`."""
    click.echo(f"{FORMAT}\n{shipped_text(name)}", nl=False)


@orders.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--station", required=True, help="Code of the station the orders are for.")
@click.option(
    "--map", "map_file", type=click.Path(path_type=Path), help="Mapping (TOML) of columns to fields."
)
@click.option("--merchant", help="Whose orders these are.")
@click.option(
    "--year", type=click.IntRange(2000, 2100), help="Year of dates that have none; default this year."
)
@click.option("--user", "username", help="Who imports; default the station's first admin or dispatcher.")
@click.option("--lang", type=click.Choice(["zh", "en"]), default=None, help="Language of the messages.")
@click.option("--dry-run", is_flag=True, help="Validate and count, store nothing.")
def import_orders(
    file: Path,
    station: str,
    map_file: Path | None,
    merchant: str | None,
    year: int | None,
    username: str | None,
    lang: Lang | None,
    dry_run: bool,
) -> None:
    """Import an order file (CSV, UTF-8): all of it, or nothing and the list of what is wrong.

    Exit status: 0 imported (or nothing new), 1 rows are wrong, 2 the file cannot be used.
    """
    speak = lang or _language()
    try:
        table = read_table(file)
        mapping = load_mapping(map_file) if map_file else choose_mapping(table.header)
        with read():
            person = _person(station, username)
        request = service.Request(table, mapping, merchant, year or _this_year(mapping), person)
        if not dry_run:
            _with_bar(speak, lambda progress: service.resume(person.station_id, progress=progress))
        report = service.check(request) if dry_run else service.accept(request)
    except UnusableFileError as error:
        raise UnusableError(error.say(speak)) from error
    _print_lines(report.changed, speak)
    if report.problems:
        _print_lines(report.problems, speak)
        raise click.ClickException(_refused(report, speak))
    if report.batch_id:
        batch = report.batch_id
        _with_bar(speak, lambda progress: service.apply(batch, progress))
        _print_refused_rows(batch, speak)
    click.echo(_summary(report, dry_run, speak))


@orders.command("resume")
@click.option("--lang", type=click.Choice(["zh", "en"]), default=None, help="Language of the messages.")
def resume(lang: Lang | None) -> None:
    """Finish accepted imports that were cut off."""
    speak = lang or _language()
    count = _with_bar(speak, lambda progress: service.resume(progress=progress))
    click.echo(f"已补导入 {count} 行" if speak == "zh" else f"{count} rows applied")


def _person(code: str, username: str | None) -> service.Person:
    station = auth.station_by_code(code)
    if station is None:
        raise UnusableError(f"There is no station {code}")
    users = [user for role in ("admin", "dispatcher") for user in auth.users_of(station.id, role)]
    chosen = next((user for user in users if username in (None, user.username)), None)
    if chosen is None:
        raise UnusableError(f"Station {code} has no admin or dispatcher {username or ''}".rstrip())
    return service.Person(chosen.id, station.id, chosen.role)


def _this_year(mapping: Mapping) -> int:
    return datetime.fromtimestamp(now_ms() / 1000, UTC).astimezone(mapping.zone).year


def _language() -> Lang:
    """The language of the terminal, as gettext would choose it."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(name):
            return "zh" if os.environ[name].startswith("zh") else "en"
    return "en"


def _with_bar(lang: Lang, work: Callable[[service.Progress], int]) -> int:
    """Runs `work` with a progress bar on stderr; the bar appears with the first step."""
    shown: list[Any] = []

    def progress(done: int, rows: int) -> None:
        if not shown:
            bar = click.progressbar(
                length=rows, label="导入" if lang == "zh" else "Importing", file=sys.stderr
            )
            shown.append(bar.__enter__())
        shown[0].update(done - shown[0].pos)

    count = work(progress)
    if shown:
        shown[0].render_finish()
    return count


def _print_lines(problems: list[RowProblem], lang: Lang) -> None:
    for problem in problems[:_MOST_LINES]:
        click.echo(problem.say(lang), err=True)
    more = len(problems) - _MOST_LINES
    if more > 0:
        click.echo(f"……另有 {more} 处" if lang == "zh" else f"... and {more} more", err=True)


def _print_refused_rows(batch_id: str, lang: Lang) -> None:
    with read():
        rows = queries.refused_rows(batch_id)
    for number, status in rows:
        told = f"第 {number} 行：{status}" if lang == "zh" else f"row {number}: the order is {status}"
        click.echo(told, err=True)


def _refused(report: service.Report, lang: Lang) -> str:
    wrong, rows = len({problem.row for problem in report.problems}), report.rows
    if lang == "zh":
        return f"{rows} 行中有 {wrong} 行有误，未导入任何订单"
    return f"{wrong} of {rows} rows are wrong; nothing was imported"


def _summary(report: service.Report, dry_run: bool, lang: Lang) -> str:
    told, rows, old = len(report.changed), report.rows, report.unchanged
    if lang == "zh":
        verb = "可导入" if dry_run else "已导入"
        return f"共 {rows} 行：{verb} {report.new}，未变 {old}，已存在 {told}"
    verb = "would be imported" if dry_run else "imported"
    return f"{rows} rows: {report.new} {verb}, {old} unchanged, {told} already there"
