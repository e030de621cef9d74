"""`doorstep orders`: what a person types, reads, and the exit status a script sees."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import func, select

from server.core.db import db, read
from server.intake import applying
from server.intake.cli import orders
from server.intake.models import ImportBatch
from server.tasks.models import Task
from tests.people import Cast

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
LADE = (
    "order_id,region_id,city,courier_id,accept_time,time_window_start,time_window_end,lng,lat,aoi_id,aoi_type,pickup_time\n"
    "77,1,Hangzhou,liang,05-01 08:41:00,05-01 13:00:00,05-01 15:00:00,120.0035,30.32773,519,14,05-01 09:46:00\n"
)


def run(app: Flask, *arguments: str | Path, lang: str = "en") -> Result:
    with app.app_context():
        return CliRunner(env={"LC_ALL": f"{lang}_XX.UTF-8"}).invoke(orders, [str(one) for one in arguments])


def written(folder: Path, text: str) -> Path:
    file = folder / "f.csv"
    file.write_text(text, "utf-8")
    return file


def tasks(app: Flask) -> int:
    with app.app_context(), read():
        return db.session.scalar(select(func.count()).select_from(Task)) or 0


def test_the_printed_template_can_be_imported(app: Flask, cast: Cast, tmp_path: Path) -> None:
    for number, lang in enumerate(("en", "zh")):
        printed = run(app, "template", "--lang", lang)
        file = written(
            tmp_path, printed.output.replace("1001", f"10{number}1").replace("00001", f"0000{number}")
        )
        done = run(app, "import", file, "--station", cast.home.code, "--merchant", "shop")
        assert (done.exit_code, done.output.splitlines()[-1]) == (
            0,
            "1 rows: 1 imported, 0 unchanged, 0 already there",
        ), done.output
    assert tasks(app) == 2


def test_a_real_file_needs_no_mapping_and_no_merchant(app: Flask, cast: Cast, tmp_path: Path) -> None:
    file = written(tmp_path, LADE)
    for expected in ("共 1 行：已导入 1，未变 0，已存在 0", "共 1 行：已导入 0，未变 1，已存在 0"):
        done = run(app, "import", file, "--station", cast.home.code, "--year", "2026", lang="zh")
        assert (done.exit_code, done.output.splitlines()[-1]) == (0, expected)
    changed = written(tmp_path, LADE.replace("15:00:00", "16:00:00"))
    done = run(app, "import", changed, "--station", cast.home.code, "--year", "2026")
    assert done.exit_code == 0 and "row 2, order_id: “77” was imported before" in done.output
    with app.app_context(), read():
        task = db.session.scalars(select(Task)).one()
        assert task.record["window_end"] == 1_777_618_800_000
        assert task.courier_id is None, "the file's courier is a hint, not an assignment"


def test_a_dry_run_counts_and_stores_nothing(app: Flask, cast: Cast, tmp_path: Path) -> None:
    done = run(app, "import", written(tmp_path, LADE), "--station", cast.home.code, "--dry-run")
    assert (done.exit_code, done.output) == (0, "1 rows: 1 would be imported, 0 unchanged, 0 already there\n")
    with app.app_context(), read():
        assert db.session.scalar(select(func.count()).select_from(ImportBatch)) == 0


def test_wrong_rows_are_listed_and_nothing_is_imported(app: Flask, cast: Cast, tmp_path: Path) -> None:
    file = written(
        tmp_path, LADE + LADE.splitlines()[1].replace("77,", "78,").replace("120.0035", "east") + "\n"
    )
    done = run(app, "import", file, "--station", cast.home.code)
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        "row 3, lng: “east” is not a number",
        "Error: 1 of 2 rows are wrong; nothing was imported",
    ]
    assert tasks(app) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--station", "XX99"), "There is no station XX99"),
        (("--station", "HZ01", "--user", "liang"), "has no admin or dispatcher liang"),
        (("--station", "HZ01", "--map", "none.toml"), "The mapping file is wrong"),
    ],
)
@pytest.mark.usefixtures("cast")
def test_what_cannot_be_used_ends_with_2(
    app: Flask, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = run(app, "import", written(tmp_path, LADE), *arguments)
    assert done.exit_code == 2 and said in done.output and done.output.count("\n") == 1


@pytest.mark.usefixtures("cast")
def test_a_file_that_is_no_table_ends_with_2(app: Flask, tmp_path: Path) -> None:
    for text in ("", "one sentence", "a,b\n1,2\n"):
        done = run(app, "import", written(tmp_path, text), "--station", "HZ01")
        assert done.exit_code == 2 and done.output.startswith("Error: ") and done.output.count("\n") == 1


def test_an_accepted_import_that_was_cut_off_is_finished_by_resume_or_by_the_next(
    app: Flask, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, LADE)
    monkeypatch.setattr(applying, "apply", lambda *_: 0)
    run(app, "import", file, "--station", cast.home.code)
    assert tasks(app) == 0
    monkeypatch.undo()
    done = run(app, "resume")
    assert (done.exit_code, done.output.splitlines()[-1], tasks(app)) == (0, "1 rows applied", 1)


def test_a_printed_mapping_is_one_to_start_from(app: Flask, cast: Cast, tmp_path: Path) -> None:
    mapping = tmp_path / "mine.toml"
    mapping.write_text(run(app, "mapping", "lade_pickup").output.replace('"lade"', '"mine"'), "utf-8")
    done = run(app, "import", written(tmp_path, LADE), "--station", cast.home.code, "--map", mapping)
    assert done.exit_code == 0, done.output
    with app.app_context(), read():
        assert db.session.scalars(select(Task)).one().merchant == "mine"


def test_wrong_rows_are_left_out_and_written_into_a_file(app: Flask, cast: Cast, tmp_path: Path) -> None:
    bad = LADE.splitlines()[1].replace("77,", "78,").replace("120.0035", "east")
    file, back = written(tmp_path, LADE + bad + "\n"), tmp_path / "bad.csv"
    arguments = (
        "import",
        file,
        "--station",
        cast.home.code,
        "--year",
        "2026",
        "--skip-bad",
        "--bad-rows",
        back,
    )
    done = run(app, *arguments)
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1] == (
        "2 rows: 1 imported, 0 unchanged, 0 already there, 1 wrong and left out"
    )
    assert back.read_text("utf-8").splitlines()[1].startswith("78,") and tasks(app) == 1


def test_a_whole_import_is_undone_once(app: Flask, cast: Cast, tmp_path: Path) -> None:
    run(app, "import", written(tmp_path, LADE), "--station", cast.home.code)
    listed = run(app, "list", "--station", cast.home.code).output.split()
    assert listed[1] == "applied"
    done = run(app, "undo", listed[0], "--reason", "错了", "--user", "dora")
    assert (done.exit_code, done.output) == (0, "1 tasks cancelled\n")
    again = run(app, "undo", listed[0], "--reason", "错了", "--user", "dora")
    assert again.exit_code == 2 and "undone" in again.output
    assert run(app, "undo", listed[0], "--reason", "错了", "--user", "ning").exit_code == 2
