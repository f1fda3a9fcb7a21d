"""The recipe schema, held by a validator of others against every recipe of the repository."""

import json

import jsonschema
import pytest
import yaml
from harness import ROOT, inarch

RECIPES = sorted((ROOT / "recipes").rglob("*.yaml"))

WRONG = {
    "unknown-key": {"inarch": 1, "tensors": [], "tensor": []},
    "no-rules": {"inarch": 1},
    "other-version": {"inarch": 2, "tensors": []},
    "unknown-transform": {
        "inarch": 1,
        "tensors": [{"from": "a:x", "to": "x", "apply": [{"tyle": {"rows": 2}}]}],
    },
    "unknown-parameter": {
        "inarch": 1,
        "tensors": [{"from": "a:x", "to": "x", "apply": [{"rescale": {"buy": 2}}]}],
    },
    "unknown-dtype": {
        "inarch": 1,
        "tensors": [{"from": "a:x", "to": "x"}],
        "output": {"dtype": "bf17"},
    },
    "no-name": {"inarch": 1, "tensors": [{"from": "a:x"}]},
    "init-that-makes-nothing": {"inarch": 1, "tensors": [{"to": "x", "init": {"tile": {"rows": 2}}}]},
}


@pytest.fixture(scope="module")
def schema():
    result = inarch("schema")
    assert result.returncode == 0
    schema = json.loads(result.stdout)
    jsonschema.Draft7Validator.check_schema(schema)
    return schema


@pytest.mark.parametrize("path", RECIPES, ids=lambda p: p.stem)
def test_recipes_are_valid(schema, path):
    jsonschema.validate(yaml.safe_load(path.read_text()), schema, jsonschema.Draft7Validator)


@pytest.mark.parametrize("recipe", WRONG.values(), ids=WRONG.keys())
def test_wrong_recipes_are_not(schema, recipe):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(recipe, schema, jsonschema.Draft7Validator)
