"""In CI a skip is a failure, unless the allow-list gives its reason."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.plugins import no_skips

ROOT = Path(__file__).parents[2]
SKIPS = {
    "in the test": "import pytest\ndef test_it(): pytest.skip('no PostgreSQL')\n",
    "by a mark": "import pytest\n@pytest.mark.skipif(True, reason='no PostgreSQL')\ndef test_it(): pass\n",
    "in a fixture": "import pytest\n@pytest.fixture\ndef db(): pytest.skip('no PostgreSQL')\ndef test_it(db): pass\n",
    "of the whole file": "import pytest\npytest.skip('no PostgreSQL', allow_module_level=True)\n",
    "by importorskip": "import pytest\npytest.importorskip('no_PostgreSQL')\n",
}


def run_pytest(folder: Path, ci: str, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "CI": ci, "PYTHONPATH": str(ROOT)}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "tests.plugins.no_skips",
        *words,
    ]
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("how", SKIPS)
def test_a_skip_fails_in_ci_and_says_what_to_do(tmp_path: Path, how: str) -> None:
    (tmp_path / "test_one.py").write_text(SKIPS[how], encoding="utf-8")
    ended = run_pytest(tmp_path, "true")
    assert ended.returncode not in {0, 5}, ended.stdout
    assert "was skipped in CI" in ended.stdout
    assert "PostgreSQL" in ended.stdout
    assert "ALLOWED_SKIPS" in ended.stdout


@pytest.mark.parametrize("how", ["in the test", "by a mark", "in a fixture"])
def test_outside_ci_a_skip_stays_a_skip(tmp_path: Path, how: str) -> None:
    (tmp_path / "test_one.py").write_text(SKIPS[how], encoding="utf-8")
    ended = run_pytest(tmp_path, "")
    assert "1 skipped" in ended.stdout, ended.stdout


def test_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text(
        "import pytest\n@pytest.mark.xfail\ndef test_it(): assert 0\n", encoding="utf-8"
    )
    ended = run_pytest(tmp_path, "true")
    assert "1 xfailed" in ended.stdout, ended.stdout


def test_the_allow_list_matches_by_pattern_and_each_entry_has_a_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert all(reason.strip() for reason in no_skips.ALLOWED_SKIPS.values())
    monkeypatch.setattr(no_skips, "ALLOWED_SKIPS", {"tests/e2e/*::test_camera*": "no camera on CI machines"})
    assert (
        no_skips.allowed_reason("tests/e2e/test_scan.py::test_camera_reads_codes")
        == "no camera on CI machines"
    )
    assert no_skips.allowed_reason("tests/e2e/test_scan.py::test_typed") is None
