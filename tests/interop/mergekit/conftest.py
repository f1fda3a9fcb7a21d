import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import merges  # noqa: E402
import pytest  # noqa: E402
import table  # noqa: E402


@pytest.fixture(scope="session")
def bench(tmp_path_factory):
    """The models, and what mergekit makes of every config: once for all tests, and if BENCH names a directory,
    for all runs until that is removed."""
    return merges.Bench(Path(os.environ.get("BENCH") or tmp_path_factory.mktemp("bench")))


def pytest_terminal_summary(terminalreporter):
    if table.ROWS:
        terminalreporter.section("distances")
        terminalreporter.write_line(table.text())
