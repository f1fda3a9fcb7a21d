"""Locks: what they hold against the schema, and that plans made from them alone are those made with the weights."""

import hashlib
import json

import jsonschema
import models
import pytest
import torch
from harness import ROOT, described, inarch, write_recipe
from models import Saving
from safetensors.torch import save_file

SCHEMA = json.loads((ROOT / "schemas" / "lock.schema.json").read_text())

MERGE = """\
inarch: 1
name: merge
sources:
  models: [ { path: models/a }, { path: models/b } ]
target: llama
tensors:
  - from: [ "models[0]:{name...}", "models[1]:{name...}" ]
    to: "{name}"
    combine: { linear: [0.5, 0.5] }
output:
  config: models[0]
  files: { "tokenizer?": "models[0]" }
"""

TABLE = """\
inarch: 1
name: chosen-rows
sources:
  a: { path: models/a }
  chosen: { path: elsewhere/rows.safetensors }
data:
  rows: { tensor: chosen:rows }
tensors:
  - from: a:lm_head.weight
    to: lm_head.weight
    apply: [ { gather: { rows: rows } } ]
"""

MERGEKIT = """\
merge_method: linear
models:
  - { model: models/a, parameters: { weight: 0.5 } }
  - { model: models/b, parameters: { weight: 0.5 } }
dtype: bfloat16
"""

RECIPES = {"merge.yaml": MERGE, "table.yaml": TABLE, "mergekit.yml": MERGEKIT}


@pytest.fixture
def directory(tmp_path):
    for k, name in enumerate("ab"):
        models.llama(tmp_path / "models" / name, Saving(dtype=torch.bfloat16, seed=70 + k))
        (tmp_path / "models" / name / "tokenizer_config.json").write_text("{}\n")
    (tmp_path / "elsewhere").mkdir()
    save_file({"rows": torch.tensor([3, 1, 2])}, tmp_path / "elsewhere" / "rows.safetensors")
    for name, text in RECIPES.items():
        write_recipe(tmp_path, text, name)
    return tmp_path


def succeed(directory, *arguments):
    result = inarch(*arguments, "-C", directory)
    assert result.returncode == 0, described(result)
    return result.stdout


def hide(directory):
    for name in ("models", "elsewhere"):
        (directory / name).rename(directory / f"{name}.hidden")


def plan_of(directory, recipe, *options):
    """The plan without what a lock cannot know: times and inodes."""
    succeed(directory, "plan", recipe, "-o", "plan.json", *options)
    plan = json.loads((directory / "plan.json").read_text())
    for source in plan["sources"]:
        for file in source["files"]:
            file["mtime_ns"] = file["inode"] = 0
    return plan


@pytest.mark.parametrize("recipe", RECIPES)
def test_plan_from_the_lock_alone(directory, recipe):
    before = plan_of(directory, recipe)
    succeed(directory, "lock", recipe)
    assert plan_of(directory, recipe) == before
    hide(directory)
    assert plan_of(directory, recipe) == before


@pytest.mark.parametrize("recipe", RECIPES)
def test_schema(directory, recipe):
    succeed(directory, "lock", recipe)
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    lock = json.loads((directory / recipe).with_suffix(".lock").read_text())
    jsonschema.validate(lock, SCHEMA, jsonschema.Draft7Validator)
    for wrong in wrong_locks(lock):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, SCHEMA, jsonschema.Draft7Validator)
        (directory / "wrong.lock").write_text(json.dumps(wrong))
        result = inarch("check", recipe, "--lock", "wrong.lock", "-C", directory)
        assert result.returncode == 1 and "error[E440]" in result.stderr, described(result)


def wrong_locks(lock):
    """What both the schema and the program refuse."""

    def changed(change):
        copy = json.loads(json.dumps(lock))
        change(copy, next(iter(copy["sources"].values())))
        return copy

    yield changed(lambda whole, _: whole.update(schema="inarch/lock/2"))
    yield changed(lambda whole, _: whole.update(more=1))
    yield changed(lambda _, source: source.pop("others"))
    yield changed(lambda _, source: source["shards"][0].update(size=-1))
    yield changed(lambda _, source: source["shards"][0].update(header_sha256="0"))
    yield changed(lambda _, source: source["shards"][0]["tensors"].append(["x", "bf16"]))
    yield changed(lambda _, source: source["shards"][0]["tensors"].append({"for": "3-", "tensors": []}))
    yield changed(lambda _, source: source["files"].append({"name": "x", "size": 1}))


def test_digests_are_those_of_the_files(directory):
    succeed(directory, "lock", "merge.yaml")
    lock = json.loads((directory / "merge.lock").read_text())
    for k, name in enumerate("ab"):
        source = lock["sources"][f"models[{k}]"]
        assert source["path"] == f"models/{name}"
        path = directory / "models" / name
        entries = source["shards"] + source["files"]
        assert {e["name"] for e in source["files"]} >= {"config.json"}
        for entry in entries:
            content = (path / entry["name"]).read_bytes()
            assert entry["size"] == len(content)
            assert entry["sha256"] == hashlib.sha256(content).hexdigest()
            if "text" in entry:
                assert "\n".join(entry["text"]).encode() == content
        header = (path / "model.safetensors").read_bytes()[: source["shards"][0]["header_bytes"]]
        assert len(header) == 8 + int.from_bytes(header[:8], "little")
    # Of a carried file that was not opened the digest is enough.
    carried = lock["sources"]["models[0]"]["files"][-1]
    assert carried["name"] == "tokenizer_config.json" and "text" not in carried


def test_table_comes_with_the_lock(directory):
    succeed(directory, "lock", "table.yaml")
    hide(directory)
    assert "1 tensor, 96 parameters" in succeed(directory, "check", "table.yaml")
    for name in ("models", "elsewhere"):
        (directory / f"{name}.hidden").rename(directory / name)
    succeed(directory, "lock", "table.yaml", "--keep", "0")
    hide(directory)
    result = inarch("check", "table.yaml", "-C", directory)
    assert result.returncode == 1 and "error[E443]" in result.stderr, described(result)


def test_run_refuses_what_was_not_locked(directory):
    succeed(directory, "lock", "merge.yaml")
    succeed(directory, "run", "merge.yaml", "-o", "first", "--verify-lock")
    models.llama(directory / "models" / "b", Saving(dtype=torch.bfloat16, seed=99))
    succeed(directory, "check", "merge.yaml")  # reads no weights
    result = inarch("run", "merge.yaml", "-o", "second", "-C", directory)
    assert result.returncode == 1 and "error[E442]: source 'models[1]'" in result.stderr, described(result)
    assert not (directory / "second").exists()
    succeed(directory, "run", "merge.yaml", "-o", "second", "--no-lock")


def test_jobs_change_nothing(directory):
    for jobs in ("1", "7"):
        succeed(directory, "lock", "merge.yaml", "-o", f"{jobs}.lock", "--jobs", jobs)
    assert (directory / "1.lock").read_bytes() == (directory / "7.lock").read_bytes()
