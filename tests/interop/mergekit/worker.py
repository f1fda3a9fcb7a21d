"""Runs recipes through mergekit, all in this one process: importing it takes longer than a hundred tiny merges.

Usage: worker.py ROOT CONFIG… Runs each CONFIG from the directory ROOT into ROOT/theirs/NAME, and writes
ROOT/theirs.json: what was raised for those that it could not run.
"""

import json
import os
import sys
import traceback
from pathlib import Path

import yaml
from mergekit.config import MergeConfiguration
from mergekit.merge import run_merge
from mergekit.options import MergeOptions
from mergekit.scripts import multimerge

# The model card would look for every model on the hub.
OPTIONS = {
    "quiet": True,
    "lora_merge_cache": "lora-cache",
    "random_seed": 1,
    "write_model_card": False,
}


def run(path, out):
    text = path.read_text()
    if len(list(yaml.safe_load_all(text))) > 1:
        arguments = [str(path), "--out-path", str(out), "-I", f"{out}-stages"]
        arguments += ["--lora-merge-cache", "lora-cache", "--quiet", "--no-write-model-card"]
        multimerge.main(arguments, standalone_mode=False)
        return
    config = MergeConfiguration.model_validate(yaml.safe_load(text))
    run_merge(config, str(out), MergeOptions(**OPTIONS), config_source=text)


def main(root, *configs):
    os.chdir(root)
    failures = {}
    for config in map(Path, configs):
        try:
            run(config, Path("theirs") / config.stem)
        except BaseException as error:  # it also exits and asserts
            failures[config.stem] = "".join(traceback.format_exception_only(error)).strip()
    Path("theirs.json").write_text(json.dumps(failures, indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
