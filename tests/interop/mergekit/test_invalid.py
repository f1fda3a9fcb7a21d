"""Configs that are wrong: an error at the line, before anything is written.

The first line of each config says which line the message is to point to, and a word that it is to have.
"""

import re

import merges
import pytest
from harness import described, inarch, tree

INVALID = sorted((merges.HERE / "invalid").glob("*.yml"))


def wanted(config):
    first = config.read_text().splitlines()[0]
    return re.fullmatch(r"# Line (?P<line>\d+): (?P<word>.*)", first)


@pytest.mark.parametrize("command", ["check", "run"])
@pytest.mark.parametrize("config", INVALID, ids=lambda path: path.stem)
def test_invalid(bench, config, command, tmp_path):
    expected = wanted(config)
    before = tree(bench.root)
    out = ["-o", tmp_path / "out"] if command == "run" else []
    result = inarch(command, config, *out, cwd=bench.root)
    assert result.returncode == 1, described(result)
    assert tree(tmp_path) == set() and tree(bench.root) == before
    message = result.stderr + result.stdout
    assert re.search(r"error\[E\d{3}\]", message), message
    places = re.findall(rf"--> \S*{re.escape(config.name)}:(\d+):\d+", message)
    assert expected["line"] in places, (expected["line"], message)
    assert expected["word"] in message, (expected["word"], message)


ODD = [path for path in merges.CONFIGS if path.stem.startswith(("habits", "no-base"))]


@pytest.mark.parametrize("config", ODD, ids=lambda path: path.stem)
def test_odd_but_valid(bench, config):
    result = inarch("check", config, cwd=bench.root)
    assert result.returncode == 0, described(result)


def test_unused_parameters_are_warned_of(bench):
    result = inarch("check", merges.HERE / "configs" / "habits-unused-parameters.yml", cwd=bench.root)
    warned = re.findall(r"warning\[W\d{3}\]", result.stderr + result.stdout)
    assert result.returncode == 0 and warned, described(result)
