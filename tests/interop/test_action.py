"""The GitHub Action: its shell steps, run as they are written, on a machine that has nothing but the binary."""

import os
import re
import shutil
import subprocess

import pytest
import yaml
from harness import INARCH, ROOT, inarch

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
CONFIG = ROOT / "tests/docs/models/llama.json"

GOOD = 'inarch: 1\nsources: { a: ../model }\ntensors:\n  - { from: "a:{name...}", to: "{name}" }\n'
WRONG = GOOD.replace("a:{name...}", "a:{name}.mpl")


class Runner:
    """Does what the Actions runner does with a composite action: substitutes, decides, runs, and reads outputs."""

    def __init__(self, workspace, **inputs):
        self.workspace = workspace
        self.inputs = {name: str(given.get("default", "")) for name, given in ACTION["inputs"].items()} | inputs
        self.steps = {}
        self.summary = workspace.parent / "summary.md"
        self.skipped = []

    def value(self, expression):
        name, _, key = expression.partition(".")
        if name == "inputs":
            return self.inputs[key]
        if name == "steps":
            step, _, output = key.partition(".outputs.")
            return self.steps[step].get(output, "")
        return {"github.action_path": str(ROOT)}[expression]

    def substitute(self, text):
        return re.sub(r"\$\{\{ *(.*?) *\}\}", lambda found: self.value(found[1]), str(text))

    def wanted(self, step):
        if "if" not in step:
            return True
        left, right = re.fullmatch(r"(\S+) == '(.*)'", step["if"]).groups()
        return self.value(left) == right

    def run(self):
        """The exit code, and what the log shows."""
        log = ""
        for step in ACTION["runs"]["steps"]:
            if not self.wanted(step):
                self.skipped.append(step["name"])
                continue
            assert "${{" not in step["run"], "an input in a script would be run"
            code, said = self.run_step(step)
            log += said
            if code != 0:
                return code, log
        return 0, log

    def run_step(self, step):
        outputs = self.workspace.parent / "outputs"
        outputs.write_text("")
        script = self.workspace.parent / "step.sh"
        script.write_text(step["run"])
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.workspace.parent),
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_OUTPUT": str(outputs),
            "GITHUB_STEP_SUMMARY": str(self.summary),
        } | {name: self.substitute(value) for name, value in step.get("env", {}).items()}
        folder = self.workspace / self.substitute(step.get("working-directory", "."))
        result = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", script],
            cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
        if "id" in step:
            self.steps[step["id"]] = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
        return result.returncode, result.stdout


@pytest.fixture
def workspace(tmp_path):
    folder = tmp_path / "a checkout"
    (folder / "recipes" / "deep").mkdir(parents=True)
    assert inarch("synth", "llama", "--config", CONFIG, "--headers-only", "-o", folder / "model").returncode == 0
    (folder / "recipes/good.yaml").write_text(GOOD)
    (folder / "recipes/deep/wrong.yaml").write_text(WRONG.replace("../model", "../../model"))
    return folder


def test_right_recipes_pass(workspace):
    runner = Runner(workspace, recipes="recipes/*.yaml", inarch=str(INARCH))
    code, log = runner.run()
    assert (code, runner.skipped) == (0, ["Restore what was built"])
    assert "ok recipes/good.yaml: 39 tensors" in log
    assert "::" not in log
    assert "ok recipes/good.yaml: 39 tensors" in runner.summary.read_text()


def test_wrong_recipes_are_annotated(workspace):
    runner = Runner(workspace, recipes="good.yaml\n**/wrong.yaml", inarch=str(INARCH),
                    **{"working-directory": "recipes", "sarif": "findings.sarif"})
    code, log = runner.run()
    assert code == 1
    # Relative to the workspace, whatever the step's folder.
    assert re.search(r"^::error file=recipes/deep/wrong.yaml,line=4,endLine=4,col=\d+,endColumn=\d+,"
                     r"title=E203%3A [^:]*::source 'a' has no tensor", log, re.MULTILINE), log
    assert "| ❌ E203 | recipes/deep/wrong.yaml" in runner.summary.read_text()
    assert '"uri": "recipes/deep/wrong.yaml"' in (workspace / "recipes/findings.sarif").read_text()


def test_options_are_split_as_a_shell_does(workspace):
    shutil.move(workspace / "model", workspace / "other model")
    runner = Runner(workspace, recipes="recipes/good.yaml", inarch=str(INARCH),
                    options="--source 'a=other model'")
    code, log = runner.run()
    assert code == 0, log


def test_patterns_that_match_nothing_are_an_error(workspace):
    code, log = Runner(workspace, recipes="recipe/*.yaml", inarch=str(INARCH)).run()
    assert code == 2
    assert log.splitlines()[-1].startswith("::error title=inarch::no recipe is called 'recipe/*.yaml' in ")


def test_a_binary_that_is_not_there_is_an_error(workspace):
    code, log = Runner(workspace, recipes="recipes/*.yaml", inarch="/nowhere/inarch").run()
    assert (code, log) == (2, "::error title=inarch::there is no program at '/nowhere/inarch'\n")


def test_what_was_cached_is_used(workspace):
    kept = workspace.parent / ".cache/inarch-action/inarch"
    kept.parent.mkdir(parents=True)
    os.symlink(INARCH, kept)
    runner = Runner(workspace, recipes="recipes/good.yaml")
    runner.steps["cache"] = {}
    step = [s for s in ACTION["runs"]["steps"] if s["name"] != "Restore what was built"]
    codes = [runner.run_step(s) for s in step]
    assert [code for code, _ in codes] == [0, 0, 0], codes
    assert runner.steps["binary"]["path"] == str(kept)
