"""The recipes that there are beside those of recipes/: in the documentation, and in the golden tests."""

import re

import yaml
from harness import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```yaml recipe([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RECIPE = re.compile(r"^--- file recipe\.yaml\n(.*?)(?=^--- |\Z)", re.MULTILINE | re.DOTALL)


def documented_recipes():
    """(place, recipe) for each example; what an example leaves out is added as the tests of documentation do."""
    found = []
    for page in PAGES:
        text = page.read_text()
        for block in BLOCK.finditer(text):
            if "fails" in block[1]:
                continue
            line = text.count("\n", 0, block.start()) + 1
            example = yaml.safe_load(block[2])
            if isinstance(example, list):
                example = {"tensors": example}
            if "include" not in example:
                example.setdefault("tensors", [{"from": "a:x", "to": "x"}])
            found.append((f"{page.name}:{line}", {"inarch": 1, **example}))
    return found


def golden_recipes():
    """(name, codes of errors that are expected, recipe) for each golden test whose recipe is YAML."""
    for path in sorted((ROOT / "tests/golden").rglob("*.golden")):
        # Hostile documents, some of them too large for other readers, and texts that are only laid out.
        if path.parent.name in ("yaml", "fmt"):
            continue
        text = path.read_text(errors="replace")
        recipe = RECIPE.search(text)
        if not recipe:
            continue
        try:
            read = yaml.safe_load(recipe[1])
        except yaml.YAMLError:
            continue
        if not isinstance(read, dict) or "merge_method" in read:
            continue
        name = str(path.relative_to(ROOT / "tests/golden").with_suffix(""))
        yield name, re.findall(r"^error\[(E\d+)\]", text, re.MULTILINE), read
