"""The schemas, held by a validator of others against what the repository has of recipes, plans and architectures."""

import json
import re

import jsonschema
import pytest
import yaml
from harness import ROOT, inarch
from recipe_sources import documented_recipes, golden_recipes

RECIPES = sorted((ROOT / "recipes").rglob("*.yaml"))
ARCHITECTURES = sorted((ROOT / "schemas/architectures").glob("*.yaml"))
CONFIG = ROOT / "tests/docs/models/llama.json"

# What a schema can see of a recipe alone: keys, kinds of values, choices.
STRUCTURAL = {"E122", "E123", "E125", "E130", "E131", "E132", "E133", "E135", "E137", "E162", "E170"}
# Faults of those codes that it cannot see: in another file, in an expression, in what a param stands for, in words
# that YAML 1.1 reads as booleans, or in how many operands there are.
UNSEEN = {
    "recipe/E122_inline", "recipe/E130_part", "target/E130", "recipe/E131_boolean", "recipe/E132_empty", "recipe/E133",
    "recipe/E133_adapter", "recipe/E133_adapter_output", "recipe/E133_repeated", "recipe/E133_star",
    "recipe/E133_vocabulary", "bind/E170_output",
}


def schema_of(name):
    result = inarch("schema", name)
    assert result.returncode == 0
    schema = json.loads(result.stdout)
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


@pytest.fixture(scope="module")
def recipe_schema():
    return schema_of("recipe")


@pytest.fixture(scope="module")
def plan_schema():
    return schema_of("plan")


def test_the_usual_schema_is_that_of_recipes():
    assert inarch("schema").stdout == inarch("schema", "recipe").stdout


@pytest.mark.parametrize("path", RECIPES, ids=lambda p: p.stem)
def test_recipes_are_valid(recipe_schema, path):
    recipe_schema.validate(yaml.safe_load(path.read_text()))


@pytest.mark.parametrize("place, recipe", documented_recipes(), ids=lambda p: p if isinstance(p, str) else "")
def test_documented_recipes_are_valid(recipe_schema, place, recipe):
    recipe_schema.validate(recipe)


def test_golden_recipes_are_as_valid_as_they_should_be(recipe_schema):
    wrong = []
    rejected = set()
    for name, codes, recipe in golden_recipes():
        valid = recipe_schema.is_valid(recipe)
        if codes and codes[0] in STRUCTURAL and name not in UNSEEN:
            rejected.add(codes[0])
            if valid:
                wrong.append(f"{name} is accepted")
        elif not codes and not valid:
            wrong.append(f"{name} is rejected")
    assert wrong == []
    assert rejected == STRUCTURAL


def test_an_axis_may_be_called_as_a_transform(recipe_schema):
    for step in ({"view": "(norm d) in", "norm": 4}, {"low_rank": 8, "split": "left"}):
        recipe = {"inarch": 1, "tensors": [{"from": "a:x", "to": ["x", "y"], "apply": [step]}]}
        recipe_schema.validate(recipe)
    for step in ({"low_rank": 8, "split": "up"}, {"tile": {"rows": 2}, "transpose": {}}, {"transpose": {}, "abs": {}}):
        recipe = {"inarch": 1, "tensors": [{"from": "a:x", "to": ["x", "y"], "apply": [step]}]}
        assert not recipe_schema.is_valid(recipe), step


@pytest.mark.parametrize("path", ARCHITECTURES, ids=lambda p: p.stem)
def test_architectures_are_valid(path):
    schema_of("architecture").validate(yaml.safe_load(path.read_text()))


def test_wrong_architectures_are_not():
    schema = schema_of("architecture")
    block = {"names": {"a": [1]}}
    for wrong in ({"tensors": [block]}, {"architecture": "a", "tensors": block},
                  {"architecture": "a", "tensors": [{"name": {"a": [1]}}]},
                  {"architecture": "a", "tensors": [{"names": {"a": {"shap": [1]}}}]},
                  {"architecture": "a", "tensors": [block], "match": [{"classes": []}]}):
        assert not schema.is_valid(wrong), wrong


PLANNED = """\
inarch: 1
sources: { a: model, b: model }
tensors:
  - { from: "a:model.layers.0.{rest...}", to: "model.layers.0.{rest}" }
  - { from: "a:model.layers.1.mlp.{m}_proj.weight", to: "model.layers.1.mlp.{m}_proj.weight", apply: [ { rescale: 2 }, transpose ] }
  - { from: ["a:model.layers.1.self_attn.{p}_proj.weight", "b:model.layers.1.self_attn.{p}_proj.weight"],
      to: "model.layers.1.self_attn.{p}_proj.weight", combine: { slerp: 0.3 } }
  - { from: "a:model.layers.1.{n}_layernorm.weight", to: "model.layers.1.{n}_layernorm.weight", apply: { rescale: 3 } }
  - { from: "a:lm_head.weight", to: lm_head.weight, encode: fp8, apply: [ { clamp: { min: -1, max: 1 } } ] }
  - { from: "a:model.embed_tokens.weight", to: [u, v], apply: { low_rank: { rank: 2 } } }
  - { to: noise, init: { normal: { shape: [4, 4] } } }
checks:
  - finite: out:noise
  - at_most: { value: "out:noise | max_abs", limit: 100 }
output:
  config: { from: a, set: { quantization_config: { quant_method: fp8 } } }
"""


def test_plans_are_valid(plan_schema, tmp_path):
    assert inarch("synth", "llama", "--config", CONFIG, "-o", tmp_path / "model").returncode == 0
    (tmp_path / "recipe.yaml").write_text(PLANNED)
    result = inarch("plan", "recipe.yaml", "-o", "plan.json", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    plan = json.loads((tmp_path / "plan.json").read_text())
    plan_schema.validate(plan)
    ops = set(re.findall(r'"op":"(\w+)"', (tmp_path / "plan.json").read_text()))
    assert {"read", "slerp", "linear", "clamp", "encode", "low_rank", "normal", "view", "max_abs"} <= ops

    def broken(change):
        copy = json.loads(json.dumps(plan))
        change(copy)
        return copy

    compute = next(k for k, step in enumerate(plan["steps"]) if "compute" in step)
    for change in (lambda p: p.pop("totals"), lambda p: p.update(inarch="plan/2"), lambda p: p.update(more=1),
                   lambda p: p["outputs"][0].update(dtype="f12"), lambda p: p["steps"][0].pop("to"),
                   lambda p: p["steps"][compute]["compute"][0].update(op="magic"),
                   lambda p: p["steps"][compute]["compute"][0].pop("count"),
                   lambda p: p["steps"][compute].update(copy={})):
        assert not plan_schema.is_valid(broken(change))


def test_every_op_of_the_reader_is_in_the_schema_of_plans(plan_schema):
    """Those that a plan can hold are the first column of docs/plan-format.md, and the merging ones."""
    table = (ROOT / "docs/plan-format.md").read_text().split("| op | parameters | yields |")[1].split("\n\n")[0]
    documented = {name for row in table.splitlines() if row.startswith("| `")
                  for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    known = set(plan_schema.schema["definitions"]["op"]["properties"]["op"]["enum"])
    assert documented - known == set()
    assert known - documented == {
        "slerp", "nuslerp", "multislerp", "karcher", "model_stock", "trim", "coins", "ranked_coins", "vote", "sce", "ram",
        "nearswap", "fusion"}
