"""--format json, held against the page that says what the objects have."""

import itertools
import json
import re

import pytest
from harness import ROOT, described, inarch

CONFIG = ROOT / "tests/docs/models/llama.json"
RECIPE = """\
inarch: 1
sources: { a: model }
tensors:
  - { from: "a:{name...}", to: "{name}", where: name != 'lm_head.weight' }
  - { from: a:lm_head.weight, to: [left, right], apply: { low_rank: { rank: 2 } } }
checks: [ { finite: out:left } ]
output: { config: a }
"""


def documented():
    """For each kind of object: keys that are always there, and those that may be."""
    kinds = {}
    for part in re.split(r"^### ", (ROOT / "docs/formats.md").read_text(), flags=re.MULTILINE)[1:]:
        part = re.split(r"^## ", part, flags=re.MULTILINE)[0]
        kind = re.search(r"`inarch/([\w-]+/\d+)`", part)[1]
        always, maybe = {"schema"}, set()
        for row in re.findall(r"^\| (`.*?) \| (.*) \|$", part, re.MULTILINE):
            names = re.findall(r"`(\w+)`", row[0])
            (maybe if "optional" in row[1] else always).update(names)
        kinds[kind] = (always, maybe)
    kinds["inspect-outputs/1"] = ({"schema", "location", "recipe", "outputs"}, set())
    return kinds


KINDS = documented()


def check_line(line):
    event = json.loads(line)
    kind = event["schema"].removeprefix("inarch/")
    always, maybe = KINDS[kind]
    assert always <= set(event) <= always | maybe, (kind, always ^ set(event))
    return kind, event


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("events")
    for name in ("model", "other"):
        assert inarch("synth", "llama", "--config", CONFIG, "-o", folder / name, "--seed", len(name)).returncode == 0
    (folder / "recipe.yaml").write_text(RECIPE)
    (folder / "wrong.yaml").write_text(RECIPE.replace("lm_head.weight, to", "lm_haed.weight, to"))
    (folder / "several.yaml").write_text(
        RECIPE.replace('to: "{name}"', 'to: "b:{name}"').replace("[left, right]", "[\"b:left\", \"b:right\"]")
        .replace("out:left", "b:left").replace("output: { config: a }", "outputs: { b: { config: a }, c: {} }")
        .replace("checks:", '  - { from: a:lm_head.weight, to: "c:x" }\nchecks:'))
    return folder


COMMANDS = [
    (["check", "recipe.yaml"], ["check/1"]),
    (["check", "several.yaml"], ["check/1"]),
    (["check", "wrong.yaml"], ["diagnostic/1"]),
    (["plan", "recipe.yaml"], ["plan-summary/1"]),
    (["run", "recipe.yaml", "-o", "out"], ["progress/1", "run/1"]),
    (["run", "several.yaml", "-o", "both"], ["progress/1", "run/1"]),
    (["verify", "out"], ["progress/1", "verify/1"]),
    (["inspect", "out"], ["inspect/1"]),
    (["inspect", "both"], ["inspect-outputs/1"]),
    (["diff", "model", "other"], ["diff/1"]),
    (["synth", "llama", "--config", str(CONFIG), "-o", "made"], ["synth/1"]),
    (["check-arch", "llama", "model"], ["check-arch/1"]),
    (["logits", "model", "--tokens", "[1, 2]"], ["logits/1"]),
    (["stats", "model", "--tokens", "[1, 2]", "-o", "stats.safetensors"], ["stats/1"]),
    (["inspect", "gone"], ["diagnostic/1"]),
    (["lock", "recipe.yaml", "-o", "kept.lock"], ["progress/1", "lock-result/1"]),
    (["why", "model.norm.weight", "left", "-f", "recipe.yaml"], ["why/1"]),
    (["new"], ["templates/1"]),
    (["fmt", "recipe.yaml", "--check"], ["fmt/1"]),
]


@pytest.mark.parametrize("command, kinds", COMMANDS, ids=[" ".join(c[:2]) for c, _ in COMMANDS])
def test_objects_have_the_keys_that_are_documented(folder, command, kinds):
    result = inarch(*command, "--format", "json", cwd=folder)
    assert result.stderr == "", described(result)
    lines = [check_line(line) for line in result.stdout.splitlines()]
    # How many phases there are depends on the recipe, and how much progress on the machine.
    assert [kind for kind, _ in itertools.groupby(kind for kind, _ in lines)] == kinds, described(result)
    events = [event["event"] for kind, event in lines if kind == "progress/1" and event["event"] != "progress"]
    assert events == ["phase_started", "phase_finished"] * (len(events) // 2)


def test_every_kind_is_documented_and_tried():
    sources = [path.read_text() for part in ("compiler", "runtime") for path in (ROOT / part).rglob("*.cpp")]
    written = {kind for text in sources for kind in re.findall(r'"schema"[:,] ?"inarch/([\w-]+/\d+)"', text)}
    assert written == set(KINDS)
    assert written == {kind for _, kinds in COMMANDS for kind in kinds}
