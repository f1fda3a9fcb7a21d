"""Runs configurations of mergekit-moe, all in this one process.

Usage: moe_worker.py ROOT CONFIG… Runs each CONFIG from the directory ROOT into ROOT/theirs/NAME, and writes
ROOT/theirs.json: what was raised for those that it could not run.
"""

import json
import os
import sys
import traceback
from pathlib import Path

import torch
import yaml
from mergekit.merge import MergeOptions
from mergekit.moe.config import MoEMergeConfig
from mergekit.scripts.moe import build


def main(root, *configs):
    os.chdir(root)
    failures = {}
    for config in map(Path, configs):
        torch.manual_seed(3)
        try:
            read = MoEMergeConfig.model_validate(yaml.safe_load(config.read_text()))
            out = Path("theirs") / config.stem
            out.mkdir()  # which it does not do itself for every layout
            build(read, str(out), MergeOptions(quiet=True), device="cpu")
        except BaseException as error:  # it also exits and asserts
            failures[config.stem] = "".join(traceback.format_exception_only(error)).strip()
    Path("theirs.json").write_text(json.dumps(failures, indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
