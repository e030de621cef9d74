"""The house of tests/server/ops/house.py, for every story that wants one."""

from tests.server.ops.house import both as pytest_generate_tests
from tests.server.ops.house import built, house

__all__ = ["built", "house", "pytest_generate_tests"]
