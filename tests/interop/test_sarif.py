"""--format sarif, held against the schema of SARIF 2.1.0 as it was published."""

import json

import jsonschema
import pytest
from harness import ROOT, inarch
from npm_packages import npm_package

CONFIG = ROOT / "tests/docs/models/llama.json"

WRONG = """\
inarch: 1
sources: { a: model }
tensors:
  - { name: größer, from: "a:{nam}.mpl", to: "x" }
  - { from: "a:{name...}", to: "{name}" }
"""


@pytest.fixture(scope="module")
def schema():
    return json.loads((npm_package("@microsoft/jest-sarif") / "lib/schemas/sarif-2.1.0-rtm.5.json").read_text())


@pytest.fixture(scope="module")
def validate(schema):
    validator = jsonschema.validators.validator_for(schema)(schema, format_checker=jsonschema.FormatChecker())

    def check(text):
        log = json.loads(text)
        validator.validate(log)
        run, = log["runs"]
        rules = run["tool"]["driver"]["rules"]
        assert len({rule["id"] for rule in rules}) == len(rules)
        for result in run["results"]:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        return run

    return check


@pytest.fixture
def folder(tmp_path):
    assert inarch("synth", "llama", "--config", CONFIG, "--headers-only", "-o", tmp_path / "model").returncode == 0
    return tmp_path


def shown(text, region):
    """What a region stands for: lines from 1, columns in characters from 1, the end just after the last."""
    assert region["startLine"] == region["endLine"]
    return text.splitlines()[region["startLine"] - 1][region["startColumn"] - 1 : region["endColumn"] - 1]


def test_findings_lie_where_the_text_is(validate, folder):
    (folder / "a recipe.yaml").write_text(WRONG)
    result = inarch("check", "a recipe.yaml", "--format", "sarif", cwd=folder)
    assert (result.returncode, result.stderr) == (1, "")
    run = validate(result.stdout)
    found, = run["results"]
    place = found["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "a%20recipe.yaml", "uriBaseId": "%SRCROOT%"}
    assert run["columnKind"] == "unicodeCodePoints"
    assert shown(WRONG, place["region"]) == "a:{nam}.mpl"
    related, = found["relatedLocations"]
    assert shown(WRONG, related["physicalLocation"]["region"]) == "a"
    assert found["message"]["text"].startswith("source 'a' has no tensor '{nam}.mpl'\n")
    assert "`inarch inspect MODEL` lists the names" in run["tool"]["driver"]["rules"][0]["help"]["markdown"]
    assert run["invocations"] == [{"executionSuccessful": True, "exitCode": 1}]


def test_several_recipes_are_one_document(validate, folder):
    (folder / "good.yaml").write_text(WRONG.replace("a:{nam}.mpl", "a:{n...}").replace('"x" }', "\"x.{n}\", where: n == 'x' }"))
    (folder / "wrong.yaml").write_text(WRONG)
    (folder / "no.yaml").write_text("inarch: [\n")
    run = validate(inarch("check", "good.yaml", "wrong.yaml", "no.yaml", "gone.yaml", "--format", "sarif",
                          cwd=folder).stdout)
    found = [(r["ruleId"], r["level"], [place["physicalLocation"]["artifactLocation"]["uri"]
                                        for place in r["locations"]]) for r in run["results"]]
    assert found == [("W201", "warning", ["good.yaml"]), ("E203", "error", ["wrong.yaml"]),
                     ("E101", "error", ["no.yaml"]), ("E701", "error", [])], found
    assert run["invocations"] == [{"executionSuccessful": False, "exitCode": 2}]


def test_paths_start_at_the_root_of_the_repository(validate, folder):
    (folder / ".git").mkdir()
    (folder / "recipes").mkdir()
    (folder / "recipes" / "wrong.yaml").write_text(WRONG.replace("model", "../model"))
    for arguments in (["check", "wrong.yaml"], ["-C", ".", "check", "../recipes/wrong.yaml"]):
        run = validate(inarch(*arguments, "--format", "sarif", cwd=folder / "recipes").stdout)
        place = run["results"][0]["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "recipes/wrong.yaml"


@pytest.mark.parametrize("command", [
    ["check"],
    ["check", "gone.yaml", "--set", "x"],
    ["explain", "E203"],
    ["inspect", "gone"],
    ["verify", "gone"],
    ["run", "recipe.yaml", "-o", "out"],
    ["plan", "recipe.yaml"],
    ["diff", "model", "model"],
    ["check", "recipe.yaml", "--forma"],
], ids=" ".join)
def test_every_command_writes_one_document(validate, folder, command):
    (folder / "recipe.yaml").write_text('inarch: 1\nsources: { a: model }\ntensors: [ { from: "a:{n...}", to: "{n}" } ]\n')
    result = inarch(*command, "--format", "sarif", cwd=folder)
    run = validate(result.stdout)
    assert run["invocations"][0]["exitCode"] == result.returncode
    assert bool(run["results"]) == (result.returncode != 0)


def test_a_rule_has_the_page_of_its_code(validate):
    run = validate(inarch("check", "--format", "sarif").stdout)
    rule, = run["tool"]["driver"]["rules"]
    title, page = (ROOT / "docs/errors/E720.md").read_text().split("\n\n", 1)
    assert f"# {rule['id']}: {rule['shortDescription']['text']}" == title
    assert rule["help"] == {"text": page, "markdown": page}
