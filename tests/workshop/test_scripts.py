"""The scripts behind make: they say what is missing in words a person can act on, and count what ran."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from scripts import check_files, summary

ROOT = Path(__file__).parents[2]
TOOLS = [
    "awk",
    "bash",
    "cat",
    "chmod",
    "cut",
    "dirname",
    "env",
    "find",
    "flock",
    "grep",
    "id",
    "ln",
    "make",
    "mkdir",
    "mktemp",
    "printf",
    "renice",
    "rm",
    "sed",
    "sha256sum",
    "sort",
    "stat",
    "uname",
    "xargs",
]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The few files bootstrapping looks at, in a folder with a space in its name."""
    copy = tmp_path / "my checkout"
    copy.mkdir()
    shutil.copytree(ROOT / "scripts", copy / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "pyproject.toml", "constraints.txt", "package.json", "package-lock.json"):
        shutil.copy(ROOT / name, copy)
    return copy


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A PATH with the plain tools only: no Python, no Node, no apt."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        if found:
            (folder / name).symlink_to(found)
    return folder


def fake(folder: Path, name: str, body: str) -> None:
    (folder / name).unlink(missing_ok=True)
    (folder / name).write_text(f"#!/bin/bash\n{body}\n", encoding="utf-8")
    (folder / name).chmod(0o755)


def run(checkout: Path, tools: Path, *command: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": str(tools), "HOME": str(checkout)}
    return subprocess.run(
        command, cwd=checkout, env=env, capture_output=True, text=True, check=False, timeout=60
    )


def test_without_python_it_says_what_to_type(checkout: Path, tools: Path) -> None:
    ended = run(checkout, tools, "make", "run")
    assert ended.returncode == 2
    assert "Python 3.11 or newer; found: none" in ended.stderr
    assert "apt-get install python3 python3-venv" in ended.stderr
    assert not (checkout / ".venv").exists()


def test_with_an_old_python_it_says_which(checkout: Path, tools: Path) -> None:
    fake(tools, "python3", '[ "$1" = --version ] && echo Python 3.9.2 && exit 0; exit 1')
    ended = run(checkout, tools, "make", "run")
    assert "Python 3.11 or newer; found: Python 3.9.2" in ended.stderr


def test_without_python3_venv_it_says_what_to_type(checkout: Path, tools: Path) -> None:
    fake(tools, "python3", f'case "$2" in *ensurepip*) exit 1;; esac; exec "{sys.executable}" "$@"')
    ended = run(checkout, tools, "make", "run")
    assert ended.returncode == 2
    assert "apt-get install python3-venv" in ended.stderr
    assert not (checkout / ".venv").exists()


def test_without_chromium_and_without_permission_it_says_what_to_type(checkout: Path, tools: Path) -> None:
    script = checkout / "scripts" / "browser"
    script.write_text(
        script.read_text(encoding="utf-8").replace("/usr/bin/chromium ]", "/nowhere/chromium ]"),
        encoding="utf-8",
    )
    ended = run(checkout, tools, "scripts/browser")
    assert ended.returncode == 1
    assert "apt-get install chromium" in ended.stderr
    assert "make test BROWSER=no" in ended.stderr


def test_chromium_is_installed_by_apt_after_an_update_when_root_may(
    checkout: Path, tools: Path, tmp_path: Path
) -> None:
    script = checkout / "scripts" / "browser"
    browser, log = tmp_path / "chromium", tmp_path / "log"
    script.write_text(
        script.read_text(encoding="utf-8").replace("/usr/bin/chromium ]", f"{browser} ]"), encoding="utf-8"
    )
    fake(tools, "id", "echo 0")
    fake(tools, "fc-list", "echo a font")
    touch = shutil.which("touch")
    fake(
        tools,
        "apt-get",
        f'echo "$@" >>"{log}"; case "$*" in install*) "{touch}" "{browser}"; chmod +x "{browser}";; esac',
    )
    assert run(checkout, tools, "scripts/browser").returncode == 0
    said = log.read_text(encoding="utf-8").splitlines()
    assert said[0].startswith("update")
    assert said[1].startswith("install") and said[1].endswith(" chromium")


def test_help_lists_every_target() -> None:
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    targets = [
        line.split(":")[0]
        for line in (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
        if line and line[0].islower() and ":" in line.split(" ")[0]
    ]
    assert {"run", "test", "check", "build", "generate", "day", "demo-export", "clean", "format"} <= set(
        targets
    )
    assert [target for target in targets if f"make {target} " not in said] == []


def test_pinned_versions_agree() -> None:
    """constraints.txt holds every version pyproject.toml names; `make lock` writes it again."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = project["dependencies"] + [
        one for extra in project["optional-dependencies"].values() for one in extra
    ]
    locked = dict(
        line.lower().replace("_", "-").split("==")
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    )
    for one in named:
        name, version = one.split(";")[0].split("==")
        assert locked[name.split("[")[0].strip().lower().replace("_", "-")] == version.strip(), (
            f"run `make lock`: {one}"
        )


def test_a_long_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "server" / "generated").mkdir(parents=True)
    (tmp_path / "server" / "fits.py").write_text("x = 1\n" * 400, encoding="utf-8")
    (tmp_path / "server" / "generated" / "long.py").write_text("x = 1\n" * 900, encoding="utf-8")
    (tmp_path / "server" / "made.ts").write_text("/* Generated by x. */\n" + "x\n" * 900, encoding="utf-8")
    assert check_files.main([str(tmp_path)]) == 0
    (tmp_path / "server" / "long.py").write_text("x = 1\n" * 401, encoding="utf-8")
    assert check_files.main([str(tmp_path)]) == 1
    assert "server/long.py: 401 lines" in capsys.readouterr().out


def write_results(folder: Path, *, failures: int = 0, vitest_failed: int = 0) -> None:
    (folder / "server.xml").write_text(
        f'<testsuites><testsuite tests="10" failures="{failures}" errors="0" skipped="1" time="2.5"/></testsuites>',
        encoding="utf-8",
    )
    report = {
        "startTime": 1000,
        "numPassedTests": 5,
        "numFailedTests": vitest_failed,
        "numPendingTests": 0,
        "testResults": [{"endTime": 2000, "status": "passed", "assertionResults": [{}]}],
    }
    (folder / "vitest.json").write_text(json.dumps(report), encoding="utf-8")


def test_the_summary_ends_with_one_line_that_says_it_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_results(tmp_path)
    assert summary.main([str(tmp_path), "vitest=0", "server=0"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "tests: 14 passed, 0 failed, 1 skipped"


@pytest.mark.parametrize(
    ("pytest_code", "vitest_code", "counts"),
    [("1", "0", {"failures": 2}), ("0", "1", {"vitest_failed": 1}), ("4", "0", {}), ("0", "1", {})],
)
def test_the_summary_fails_when_anything_did(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    pytest_code: str,
    vitest_code: str,
    counts: dict[str, int],
) -> None:
    write_results(tmp_path, **counts)
    assert summary.main([str(tmp_path), f"vitest={vitest_code}", f"server={pytest_code}"]) == 1
    said = capsys.readouterr().out
    assert "NOT WELL" in said
    assert " 0 failed" not in said.splitlines()[-1]


def test_a_runner_that_ran_nothing_is_no_success(tmp_path: Path) -> None:
    write_results(tmp_path)
    (tmp_path / "server.xml").unlink()
    assert summary.main([str(tmp_path), "vitest=0", "server=0"]) == 1


def test_browser_stories_count_beside_the_rest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_results(tmp_path)
    assert summary.main([str(tmp_path), "vitest=0", "server=0", "browser=0"]) == 1, (
        "a browser that wrote nothing is no success"
    )
    (tmp_path / "browser.xml").write_text((tmp_path / "server.xml").read_text("utf-8"), "utf-8")
    assert summary.main([str(tmp_path), "vitest=0", "server=0", "browser=0", "--", "a left out"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert "  not run: a left out" in said
    assert said[-1] == "tests: 23 passed, 0 failed, 2 skipped"


def lanes_of(checkout: Path, tools: Path, **settings: str) -> tuple[dict[str, set[str]], str]:
    """`scripts/test` with a Python that only writes down what it was asked: lane -> what it ran, and what was said."""
    asked = checkout / "asked"
    (checkout / ".venv" / "bin").mkdir(parents=True)
    fake(checkout / ".venv" / "bin", "python", f'echo "$@" >>"{asked}"; echo "words of $*"')
    fake(tools, "npx", "exit 0")
    fake(checkout / "scripts", "browser", "exit 0")
    env = {"PATH": str(tools), "HOME": str(checkout)} | settings
    ended = subprocess.run(
        ["scripts/test"], cwd=checkout, env=env, capture_output=True, text=True, check=True, timeout=60
    )
    lanes: dict[str, set[str]] = {}
    for line in asked.read_text(encoding="utf-8").splitlines():
        named = re.search(r"--junit-xml=build/test/(\w+)\.xml", line)
        if named:
            lanes[named.group(1)] = {word for word in line.split() if "tests/" in word}
    return lanes, ended.stdout


def test_every_test_is_in_one_lane_and_every_lane_in_the_summary(checkout: Path, tools: Path) -> None:
    lanes, said = lanes_of(checkout, tools)
    server = {word.removeprefix("--ignore=") for word in lanes.pop("server")}
    others = [one for lane in lanes.values() for one in lane]
    assert sorted(others) == sorted(server), "what the server's lane leaves out is run once by another"
    assert [one for one in others if not (ROOT / one).exists()] == []
    [summed] = [line for line in said.splitlines() if "scripts/summary.py" in line]
    assert {f"{lane}=0" for lane in (*lanes, "server", "vitest")} <= set(summed.split())
    assert {"browser", "simulator", "faults", "timed"} == set(lanes)


def test_without_a_browser_its_lane_is_named_as_left_out(checkout: Path, tools: Path) -> None:
    lanes, said = lanes_of(checkout, tools, BROWSER="no")
    assert "browser" not in lanes
    assert "-- tests/e2e (BROWSER=no)" in said


def test_scripts_are_executable_and_parse() -> None:
    for name in (
        "scripts/bootstrap",
        "scripts/browser",
        "scripts/check",
        "scripts/lock",
        "scripts/test",
        ".ci/run",
    ):
        assert os.access(ROOT / name, os.X_OK), name
        subprocess.run(["bash", "-n", name], cwd=ROOT, check=True)
