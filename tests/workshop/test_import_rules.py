"""Each import rule is shown to bite: a copy of the tree gets one forbidden import, and the checker refuses it."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")

# contract -> file that is changed, line that is planted
PLANTED = [
    pytest.param(
        "server-layers", "server/core/clock.py", "import server.auth.queries", id="core knows a feature"
    ),
    pytest.param(
        "server-layers", "server/tasks/service.py", "import server.conflicts.queries", id="a floor looks up"
    ),
    pytest.param(
        "server-layers", "server/ops/pipeline.py", "import server.handheld.api", id="ops knows a door"
    ),
    pytest.param(
        "server-layers",
        "server/handheld/api.py",
        "import server.dispatch.api",
        id="two doors know each other",
    ),
    pytest.param(
        "server-layers",
        "server/demo/generate.py",
        "import server.day.driver",
        id="the demo rests on the real day",
    ),
    pytest.param(
        "server-layers", "server/newroom/__init__.py", "import server.core.clock", id="an unplaced room"
    ),
    pytest.param("sync-layers", "sync/canonical.py", "import sync.validate", id="canonical knows the rules"),
    pytest.param(
        "sync-layers", "sync/newfile.py", "import sync.canonical", id="an unplaced file of the protocol"
    ),
    *(
        pytest.param("sync-is-pure", "sync/apply.py", f"import {name}", id=f"sync knows {name}")
        for name in ("server", "flask", "sqlalchemy", "uuid", "random", "secrets", "time", "os", "socket")
    ),
    *(
        pytest.param("no-flask-inside", f"server/auth/{part}.py", "import flask", id=f"{part} speaks Flask")
        for part in ("service", "queries", "policy", "events", "models")
    ),
    *(
        pytest.param(
            "decisions-without-database",
            f"server/tasks/{part}.py",
            "import sqlalchemy",
            id=f"{part} asks the database",
        )
        for part in ("policy", "events")
    ),
    *(
        pytest.param(
            "records-written-by-ops",
            "server/dispatch/api.py",
            f"import server.{record}.service",
            id=f"a door writes {record}",
        )
        for record in ("conflicts", "messages", "parcels", "payments", "proofs", "shifts", "tasks")
    ),
    *(
        pytest.param(
            f"models-of-{room}",
            "server/app.py",
            f"import server.{room}.models",
            id=f"a stranger reads {room}'s tables",
        )
        for room in (
            "auth",
            "conflicts",
            "crm",
            "dispatch",
            "intake",
            "links",
            "messages",
            "notifications",
            "ops",
            "parcels",
            "payments",
            "proofs",
            "shifts",
            "tasks",
        )
    ),
]


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of everything import-linter looks at."""
    copy = tmp_path_factory.mktemp("tree")
    for package in ("server", "sync"):
        shutil.copytree(
            ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__", "ts", "vectors")
        )
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def lint_imports(tree: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    words = [word for contract in contracts for word in ("--contract", contract)]
    return subprocess.run(
        [LINT_IMPORTS, "--no-cache", *words],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_tree_as_it_is_keeps_every_rule(pristine: Path) -> None:
    looked = lint_imports(pristine)
    assert looked.returncode == 0, looked.stdout + looked.stderr
    assert " 0 broken" in looked.stdout


@pytest.mark.parametrize(("contract", "file", "line"), PLANTED)
def test_a_forbidden_import_is_refused(pristine: Path, contract: str, file: str, line: str) -> None:
    target = pristine / file
    before = target.read_text(encoding="utf-8") if target.exists() else None
    folder_was_there = target.parent.exists()
    target.parent.mkdir(exist_ok=True)
    target.write_text(f"{before or ''}\n{line}\n", encoding="utf-8")
    try:
        looked = lint_imports(pristine, contract)
    finally:
        if before is not None:
            target.write_text(before, encoding="utf-8")
        elif folder_was_there:
            target.unlink()
        else:
            shutil.rmtree(target.parent)
    assert looked.returncode == 1, looked.stdout + looked.stderr
    assert "BROKEN" in looked.stdout


def test_every_contract_has_been_seen_to_bite() -> None:
    """A contract added to pyproject.toml needs a line above."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    assert {contract["id"] for contract in contracts} == {case.values[0] for case in PLANTED}


def test_every_feature_with_tables_keeps_them_to_itself() -> None:
    rooms = {f"models-of-{file.parent.name}" for file in (ROOT / "server").glob("*/models.py")}
    assert rooms == {case.values[0] for case in PLANTED if str(case.values[0]).startswith("models-of-")}


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("sync/merge.py", "import datetime as dt\n\nNOW = dt.datetime.now(tz=dt.UTC)"),
        ("sync/merge.py", "import datetime as dt\n\nTODAY = dt.date.today()"),
        ("server/ops/pipeline.py", "import time\n\nNOW = time.time()"),
        ("server/tasks/service.py", "import uuid\n\nID = uuid.uuid4()"),
        ("server/tasks/service.py", "import random"),
    ],
)
def test_reading_the_clock_or_drawing_lots_is_refused(pristine: Path, file: str, line: str) -> None:
    """ruff's part of the same rule: import-linter cannot forbid a single function."""
    looked = subprocess.run(
        [
            sys.executable,
            "-m",
            "ruff",
            "check",
            "--select",
            "TID251",
            "--stdin-filename",
            str(ROOT / file),
            "-",
        ],
        cwd=ROOT,
        input=f"{line}\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert looked.returncode == 1, looked.stdout
    assert "TID251" in looked.stdout
