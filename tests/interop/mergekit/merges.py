"""Runs configs through both programs, each from the directory that holds the models."""

import json
import os
import subprocess
import sys
from pathlib import Path

import tiny
from harness import described, inarch
from safetensors.torch import load_file

HERE = Path(__file__).parent
CONFIGS = sorted((HERE / "configs").glob("*.yml"))
BEYOND = sorted((HERE / "beyond").glob("*.yml"))  # what mergekit fails at, or lacks


def named(*prefixes):
    """The configs whose names begin so."""
    return [path for path in CONFIGS if path.stem.startswith(prefixes)]


def tensors(directory):
    found = {}
    for path in sorted(Path(directory).glob("*.safetensors")):
        found.update(load_file(path))
    return found


def config_of(directory):
    return json.loads((Path(directory) / "config.json").read_text())


class Bench:
    """A directory with the models, `theirs/NAME` for each config and `ours/NAME` for those that were asked for."""

    def __init__(self, root):
        self.root = root
        if not (root / "theirs.json").exists():
            root.mkdir(exist_ok=True)
            tiny.make_all(root)
            self.run_theirs()
        self.refused = json.loads((root / "theirs.json").read_text())

    def run_theirs(self):
        worker = [sys.executable, HERE / "worker.py", self.root, *CONFIGS, *BEYOND]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        result = subprocess.run(worker, env=environment, capture_output=True, text=True)
        assert result.returncode == 0, result.stderr[-4000:]

    def theirs(self, config):
        assert config.stem not in self.refused, self.refused[config.stem]
        return self.root / "theirs" / config.stem

    def ours(self, config):
        """Makes it, unless a test before did, and returns its directory."""
        out = self.root / "ours" / config.stem
        if not out.exists():
            self.run(config, out)
        return out

    def run(self, config, out, *options):
        result = inarch("run", config, "-o", out, *options, cwd=self.root)
        assert result.returncode == 0, described(result)
        return result
