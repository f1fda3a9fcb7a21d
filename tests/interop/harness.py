"""Calls the program under test and says what went wrong when it does not answer as it should."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INARCH = os.environ.get("INARCH", str(ROOT / "build" / "release" / "inarch"))


def inarch(*arguments, timeout=120, cwd=None):
    """Runs the program; its result holds returncode, stdout and stderr."""
    return subprocess.run(
        [INARCH, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout,
        cwd=cwd,
        errors="replace",
    )


def described(result):
    return f"exit {result.returncode} of {result.args}\n{result.stdout}{result.stderr}"


def build(recipe, out, *arguments):
    """`inarch run`, which must succeed. Returns the output directory."""
    result = inarch("run", recipe, "-o", out, *arguments)
    assert result.returncode == 0, described(result)
    return Path(out)


def write_recipe(directory, text, name="recipe.yaml"):
    path = Path(directory) / name
    path.write_text(text)
    return path


COPY_ALL = """\
inarch: 1
name: copy
sources:
  a: {{ path: "{path}" }}
tensors:
  - from: "a:{{name...}}"
    to: "{{name}}"
"""


def copy_recipe(directory, source):
    """A recipe that copies every tensor of `source` under its own name."""
    return write_recipe(directory, COPY_ALL.format(path=source), "copy.yaml")


def tree(directory):
    """Every path below a directory, as a set."""
    return {str(path.relative_to(directory)) for path in Path(directory).rglob("*")}


def files(directory, without=()):
    """Content of every file below a directory."""
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(Path(directory).rglob("*"))
        if path.is_file() and path.name not in without
    }
