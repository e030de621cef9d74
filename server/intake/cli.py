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
from server.core.db import read, transaction
from server.core.stores import blob_store
from server.intake import applying, files, giveback, queries, remembered, service, undoing
from server.intake.mapping import (
    FORMAT,
    SHIPPED,
    Mapping,
    choose_mapping,
    load_mapping,
    read_mapping,
    shipped_mappings,
    shipped_text,
)
from server.intake.problems import Lang, RowProblem, UnusableFileError
from server.intake.table import Table, read_table

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
@click.option("--sheet", help="Name of the sheet (xlsx); default the first that can be seen.")
@click.option("--skip-bad", is_flag=True, help="Import the rows that are right, leave the others out.")
@click.option(
    "--bad-rows",
    "bad_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the wrong rows, each with the reason, into this file; in the form they came in.",
)
@click.option("--dry-run", is_flag=True, help="Validate and count, store nothing.")
def import_orders(
    file: Path,
    station: str,
    map_file: Path | None,
    merchant: str | None,
    year: int | None,
    username: str | None,
    lang: Lang | None,
    sheet: str | None,
    skip_bad: bool,
    bad_file: Path | None,
    dry_run: bool,
) -> None:
    """Import an order file (csv or xlsx): all of it, or nothing and the list of what is wrong.

    Exit status: 0 imported (or nothing new), 1 rows are wrong, 2 the file cannot be used.
    """
    speak = lang or _language()
    try:
        table = read_table(file, sheet)
        with read():
            person = _person(station, username)
            mapping = load_mapping(map_file) if map_file else _mapping_for(table, person, merchant)
        request = service.Request(table, mapping, merchant, year or _this_year(mapping), person, skip_bad)
        if not dry_run:
            _with_bar(speak, lambda progress: applying.resume(person.station_id, progress=progress))
            _keep(file)
        report = service.check(request) if dry_run else service.accept(request)
    except UnusableFileError as error:
        raise UnusableError(error.say(speak)) from error
    _print_lines(report.changed, speak)
    if report.problems:
        _print_lines(report.problems, speak)
        if bad_file is not None:
            _write_bad_rows(bad_file, table, report, speak)
    if report.refused(skip_bad):
        raise click.ClickException(_refused(report, speak))
    if report.batch_id:
        batch = report.batch_id
        _with_bar(speak, lambda progress: applying.apply(batch, progress))
        _print_refused_rows(batch, speak)
    click.echo(_summary(report, dry_run, speak))


@orders.command("resume")
@click.option("--lang", type=click.Choice(["zh", "en"]), default=None, help="Language of the messages.")
def resume(lang: Lang | None) -> None:
    """Finish accepted imports that were cut off."""
    speak = lang or _language()
    count = _with_bar(speak, lambda progress: applying.resume(progress=progress))
    click.echo(f"已补导入 {count} 行" if speak == "zh" else f"{count} rows applied")


@orders.command("undo")
@click.argument("import_id")
@click.option("--reason", required=True, help="Why; it stands in every cancelled task.")
@click.option(
    "--user", "username", required=True, help="Who undoes it: an admin or dispatcher of its station."
)
@click.option("--lang", type=click.Choice(["zh", "en"]), default=None, help="Language of the messages.")
def undo(import_id: str, reason: str, username: str, lang: Lang | None) -> None:
    """Take a whole import back while nothing of it has moved: its tasks are cancelled, nothing is deleted.

    Exit status: 0 undone, 1 something has moved, 2 there is nothing to undo.
    """
    speak = lang or _language()
    try:
        with transaction():
            user = auth.user_by_username(username)
            batch = queries.batch(import_id)
            if batch is None or user is None or user.station_id != batch.station_id:
                raise UnusableError(f"There is no import {import_id} that {username} could undo")
            if user.role not in ("admin", "dispatcher"):
                raise UnusableError(f"{username} is no admin or dispatcher")
            undoing.ask(import_id, user.id, reason[:500])
    except undoing.StateError as error:
        raise UnusableError(f"The import is {error}; only an applied one can be undone") from error
    except undoing.MovedError as error:
        for one in error.moved[:_MOST_LINES]:
            click.echo(f"{one.row}: {one.reference} {one.waybill} {one.status}", err=True)
        count = len(error.moved)
        told = (
            f"{count} 个订单已有进展，未撤销"
            if speak == "zh"
            else f"{count} orders have moved; nothing was undone"
        )
        raise click.ClickException(told) from error
    count = undoing.carry_out(import_id)
    click.echo(f"已取消 {count} 个任务" if speak == "zh" else f"{count} tasks cancelled")


@orders.command("list")
@click.option("--station", required=True, help="Code of the station.")
def list_imports(station: str) -> None:
    """List imports, newest first: id, state, rows, file."""
    with read():
        known = auth.station_by_code(station)
        if known is None:
            raise UnusableError(f"There is no station {station}")
        batches, _ = queries.of_station(known.id, 50)
    for one in batches:
        click.echo(f"{one.id}  {one.status:9} {one.new_rows:6} of {one.rows:6}  {one.file_name}")


def _mapping_for(table: Table, person: service.Person, merchant: str | None) -> Mapping:
    """What was made for this header at the desk, else what comes with Doorstep."""
    known = remembered.recall(person.station_id, table.header, merchant)
    if known is None:
        return choose_mapping(table.header)
    return read_mapping({**known.document, "merchant": known.merchant})


def _keep(file: Path) -> None:
    """The file stays as evidence of what was imported."""
    store = blob_store()
    with file.open("rb") as stream:
        files.keep(stream, store.root, store)


def _write_bad_rows(target: Path, table: Table, report: service.Report, lang: Lang) -> None:
    wrong: dict[int, list[dict[str, Any]]] = {}
    for problem in report.problems:
        wrong.setdefault(problem.row, []).append(problem.as_json())
    target.write_bytes(giveback.bad_rows_file(table, wrong, lang))


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


def _with_bar(lang: Lang, work: Callable[[applying.Progress], int]) -> int:
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
        left = f"，有误跳过 {report.wrong}" if report.wrong else ""
        return f"共 {rows} 行：{verb} {report.new}，未变 {old}，已存在 {told}{left}"
    verb = "would be imported" if dry_run else "imported"
    left = f", {report.wrong} wrong and left out" if report.wrong else ""
    return f"{rows} rows: {report.new} {verb}, {old} unchanged, {told} already there{left}"
