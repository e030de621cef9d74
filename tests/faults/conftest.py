"""A Doorstep for each database, once for all tests of faults; each test leaves it running and sound."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.faults.site import Site, site
from tests.faults.tracing import traced

# Every test takes couriers nobody has pushed for yet.
COURIERS, TASKS = 56, 4


@pytest.fixture(scope="session")
def sqlite_site() -> Iterator[Site]:
    with site("sqlite", COURIERS, TASKS) as made:
        yield made


@pytest.fixture(scope="session")
def postgres_site() -> Iterator[Site]:
    with site("postgres", COURIERS, TASKS) as made:
        yield made


@pytest.fixture(scope="session")
def strace() -> None:
    """strace, and leave to use it on processes that are not our children."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not on this machine: apt-get install strace")
    with subprocess.Popen(("sleep", "60")) as other:
        try:
            with traced([other.pid]):
                pass
        except PermissionError as error:
            pytest.skip(f"this account may not trace other processes ({error})")
        finally:
            other.kill()
