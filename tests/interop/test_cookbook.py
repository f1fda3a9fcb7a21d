"""recipes/cookbook as a whole: every recipe is in its index, and has a test beside this one."""

import re
from pathlib import Path

import pytest
import yaml
from cookbook import COOKBOOK

RECIPES = sorted(COOKBOOK.glob("*.yaml"))
TESTS = "".join(path.read_text() for path in Path(__file__).parent.glob("test_cookbook_*.py"))
INDEX = (COOKBOOK / "README.md").read_text()


def test_the_index_names_recipes_that_are_there():
    named = re.findall(r"^\| \[.*?\]\(([^/]*?)\.yaml\)", INDEX, re.M)  # whole models lie above
    assert sorted(named) == sorted(path.stem for path in RECIPES)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_recipe_says_what_it_is(path):
    text = path.read_text()
    assert yaml.safe_load(text)["name"] == path.stem
    assert text.startswith("# yaml-language-server: $schema=../../schemas/recipe.schema.json\n#\n")
    assert f"\n#   inarch run recipes/cookbook/{path.name} --source " in text
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_recipe_is_tested(path):
    assert f"\ndef test_{path.stem.replace('-', '_')}(" in TESTS
    assert f'cook("{path.stem}", ' in TESTS
