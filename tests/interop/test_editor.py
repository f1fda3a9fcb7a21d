"""The schemas in an editor: what the real YAML language server completes, shows and flags with them."""

import json

import pytest
from harness import ROOT, inarch
from language_server import LanguageServer
from npm_packages import node, npm_package

CURSOR = "¦"
RULE = "inarch: 1\nsources: { a: models/a }\ntensors:\n  - from: a:x\n    to: x\n"
TRANSFORMS = {"view", "tile", "slice", "low_rank", "cast", "transpose"}


@pytest.fixture(scope="module")
def server():
    program = npm_package("yaml-language-server") / "bin" / "yaml-language-server"
    with LanguageServer([node(), str(program), "--stdio"]) as server:
        yield server


@pytest.fixture(scope="module")
def schemas(tmp_path_factory):
    folder = tmp_path_factory.mktemp("schemas")
    for name in ("recipe", "architecture"):
        (folder / f"{name}.json").write_text(inarch("schema", name).stdout)
    return folder


class Editor:
    """One document after another, each with the line that names its schema, as docs/editors.md has it."""

    def __init__(self, server, schemas):
        self.server = server
        self.schemas = schemas
        self.count = 0

    def open(self, text, schema="recipe"):
        self.count += 1
        text = f"# yaml-language-server: $schema={(self.schemas / schema).as_uri()}.json\n{text}"
        at = text.find(CURSOR)
        before = text[: max(at, 0)]
        self.uri = f"file:///document-{self.count}.yaml"
        self.place = (before.count("\n"), len(before) - before.rfind("\n") - 1)
        self.text = text.replace(CURSOR, "")
        return self.server.open(self.uri, self.text)

    def completions(self, text, schema="recipe"):
        """What is offered at the cursor: labels and the items."""
        self.open(text, schema)
        found = self.server.at("completion", self.uri, *self.place)["items"]
        labels = [item["label"] for item in found]
        assert len(set(labels)) == len(labels)
        return {item["label"]: item for item in found}

    def hover(self, text, schema="recipe"):
        self.open(text, schema)
        found = self.server.at("hover", self.uri, *self.place)
        # Markdown escapes are of no account here.
        return found["contents"]["value"].replace("\\", "") if found else ""

    def flagged(self, text, schema="recipe"):
        """Each fault: what it points at, and what it says."""
        found = []
        for fault in self.open(text, schema):
            begin, end = fault["range"]["start"], fault["range"]["end"]
            assert begin["line"] == end["line"]
            line = self.text.splitlines()[begin["line"]]
            found.append((line[begin["character"] : end["character"]], fault["message"]))
        return found


@pytest.fixture(scope="module")
def editor(server, schemas):
    return Editor(server, schemas)


def test_completes_keys(editor):
    top = editor.completions("inarch: 1\n¦\n")
    assert {"sources", "params", "tensors", "checks", "output", "target"} <= set(top)
    assert "inarch" not in top
    rule = editor.completions(RULE + "    ¦\n")
    assert {"where", "apply", "combine", "dtype", "rest"} <= set(rule)
    assert not {"from", "to", "tensors"} & set(rule)
    assert rule["where"]["documentation"].startswith("only where this holds")


@pytest.mark.parametrize("step", ["apply:\n      - ¦", "apply:\n      - ti¦", "apply: [ { t¦ } ]", "apply:\n      ¦"],
                         ids=["list", "begun", "flow", "mapping"])
def test_completes_transforms_and_no_parameters(editor, step):
    offered = editor.completions(RULE + f"    {step}\n")
    assert TRANSFORMS <= set(offered)
    assert not {"rows", "rank", "axis", "zeros", "concat"} & set(offered)
    assert "einops" in offered["view"]["documentation"]
    # What is inserted is a key, and not the name twice.
    assert all(item["insertText"].split(":")[0] == label for label, item in offered.items())
    assert offered["tile"]["insertText"].strip() in ("tile", "tile:")


def test_completes_what_may_stand_in_each_place(editor):
    assert set(editor.completions(RULE + "    init:\n      ¦\n")) == {
        "zeros", "ones", "constant", "normal", "uniform", "identity", "table"}
    combine = editor.completions(RULE + "    combine:\n      ¦\n")
    assert {"linear", "ties", "slerp", "concat"} <= set(combine)
    assert "tile" not in combine
    words = editor.completions(RULE + "    apply: t¦\n")
    assert "transpose" in words
    assert "low_rank" in words  # all of its parameters may be left out
    assert "tile" not in words


@pytest.mark.parametrize("text", ["low_rank: 8\n        ¦", "low_rank:\n          ¦"], ids=["beside", "below"])
def test_completes_parameters_of_the_transform_at_hand(editor, text):
    offered = editor.completions(RULE + f"    apply:\n      - {text}\n")
    assert {"energy", "error", "split", "method", "seed"} <= set(offered)
    assert not TRANSFORMS & set(offered) - {"split"}
    assert "share of the sum of squares" in offered["energy"]["documentation"]


def test_completes_values(editor):
    for text in ("low_rank: 8\n        split: ¦", "low_rank:\n          split: ¦"):
        assert {"both", "left", "right"} <= set(editor.completions(RULE + f"    apply:\n      - {text}\n"))
    assert {"bf16", "f32", "u8"} <= set(editor.completions(RULE + "    dtype: ¦\n"))


def test_hovers(editor):
    assert "only where this holds" in editor.hover(RULE + "    wh¦ere: i > 4\n")
    tile = editor.hover(RULE + "    apply: [ { ti¦le: { rows: 2 } } ]\n")
    assert "Repeats a whole axis" in tile and "{ tile: { rows: 2 } }" in tile
    word = editor.hover(RULE + "    apply: trans¦pose\n")
    assert "rows become columns" in word and "Limits every value" not in word
    for step in ("{ low_rank: { rank: 8, spl¦it: left } }", "{ low_rank: 8, spl¦it: left }"):
        said = editor.hover(RULE + f"    apply: [ {step} ]\n")
        assert "where the singular values go" in said and "Cuts an axis" not in said, said
    assert "5GB" in editor.hover("inarch: 1\ntensors: []\noutput:\n  shard_s¦ize: 1GB\n")


WRONG = {
    "key": (RULE + "    aply: []\n", "aply"),
    "transform": (RULE + "    apply: [ { tyle: { rows: 2 } } ]\n", "tyle"),
    "transform-alone": (RULE + "    apply: { tyle: { rows: 2 } }\n", "tyle"),
    "word": (RULE + "    apply: transpos\n", "transpos"),
    "parameter": (RULE + "    apply: [ { low_rank: { rank: 2, spilt: left } } ]\n", "spilt"),
    "parameter-beside": (RULE + "    apply: [ { low_rank: 2, spilt: left } ]\n", "spilt"),
    "choice": (RULE + "    apply: [ { low_rank: { rank: 2, split: lefft } } ]\n", "lefft"),
    "initial": ("inarch: 1\ntensors:\n  - to: x\n    init: { tile: { rows: 2 } }\n", "tile"),
    "from-and-init": (RULE + "    init: zeros\n", "f"),
    "combination": (RULE + "    combine: { liner: [1, 2] }\n", "liner"),
    "top": ("inarch: 1\ntensors: []\ncheck: []\n", "check"),
    "version": ("inarch: 2\ntensors: []\n", "2"),
    "dtype": ("inarch: 1\ntensors: []\noutput: { dtype: bf17 }\n", "bf17"),
    "claim": ("inarch: 1\ntensors: []\nchecks: [ { tensors: 3, warm: true } ]\n", "warm"),
}


@pytest.mark.parametrize("text, place", WRONG.values(), ids=WRONG)
def test_flags_what_is_wrong_where_it_stands(editor, text, place):
    found = editor.flagged(text)
    assert [at for at, _ in found] == [place], found


@pytest.mark.parametrize("path", sorted((ROOT / "recipes").glob("*.yaml")), ids=lambda p: p.stem)
def test_flags_nothing_in_recipes(editor, path):
    assert editor.flagged(path.read_text()) == []


def test_architecture_files_too(editor):
    llama = (ROOT / "schemas/architectures/llama.yaml").read_text()
    assert editor.flagged(llama, "architecture") == []
    assert [at for at, _ in editor.flagged(llama.replace("component:", "componnent:", 1), "architecture")] == [
        "componnent"]
    offered = editor.completions("architecture: a\ntensors:\n  - names: {}\n    ¦\n", "architecture")
    assert {"component", "for", "where", "prefix"} <= set(offered)


def test_the_schema_in_the_repository_is_that_of_the_program(schemas):
    for name in ("recipe", "architecture"):
        assert json.loads((schemas / f"{name}.json").read_text()) == json.loads(
            (ROOT / f"schemas/{name}.schema.json").read_text())
