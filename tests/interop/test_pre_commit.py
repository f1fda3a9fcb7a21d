"""The hook of .pre-commit-hooks.yaml, run by the real pre-commit in a repository of somebody else."""

import os
import subprocess
import sys

import pytest
from harness import INARCH, ROOT, inarch

CONFIG = ROOT / "tests/docs/models/llama.json"
GOOD = 'inarch: 1\nsources: { a: model }\ntensors:\n  - { from: "a:{name...}", to: "{name}" }\n'


def git(folder, *words):
    author = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    return subprocess.run(["git", *author, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A repository with the hook and what it runs, as they are here, whether or not that is committed."""
    folder = tmp_path_factory.mktemp("inarch")
    names = git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard",
                "CMakeLists.txt", "scripts", ".pre-commit-hooks.yaml").split()
    assert {"scripts/pre-commit-check", ".pre-commit-hooks.yaml"} <= set(names)
    subprocess.run(["cp", "--parents", *names, folder], cwd=ROOT, check=True)
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "inarch")
    return folder


@pytest.fixture
def repository(tmp_path, published):
    folder = tmp_path / "recipes of somebody"
    folder.mkdir()
    git(folder, "init", "-q")
    assert inarch("synth", "llama", "--config", CONFIG, "--headers-only", "-o", folder / "model").returncode == 0
    (folder / ".gitignore").write_text("model\n")
    (folder / "recipe.yaml").write_text(GOOD)
    (folder / "other.yaml").write_text("services:\n  inarch: { image: none }\n")
    revision = git(published, "rev-parse", "HEAD").strip()
    (folder / ".pre-commit-config.yaml").write_text(
        f"repos:\n  - repo: {published}\n    rev: {revision}\n    hooks:\n      - id: inarch-check\n"
        "        args: [--set, scale=1]\n")
    git(folder, "add", "-A")
    return folder


def pre_commit(folder, tmp_path, **environment):
    environment = os.environ | {"PRE_COMMIT_HOME": str(tmp_path / "cache"), "PRE_COMMIT_COLOR": "never"} | environment
    result = subprocess.run([sys.executable, "-m", "pre_commit", "run", "--all-files"], cwd=folder, env=environment,
                            capture_output=True, text=True, timeout=120)
    return result.returncode, result.stdout + result.stderr


def test_the_hook_lets_good_recipes_through_and_says_what_is_wrong(repository, tmp_path):
    recipe = repository / "recipe.yaml"
    recipe.write_text(GOOD.replace("sources:", "params: { scale: 2 }\nsources:"))
    code, said = pre_commit(repository, tmp_path, INARCH=str(INARCH))
    assert code == 0, said
    assert "inarch check" in said and "Passed" in said

    recipe.write_text(recipe.read_text().replace("a:{name...}", "a:{name}.mpl"))
    code, said = pre_commit(repository, tmp_path, INARCH=str(INARCH))
    assert code == 1
    assert "error[E203]: source 'a' has no tensor '{name}.mpl'\n --> recipe.yaml:5:14\n" in said, said


def test_files_that_are_no_recipes_are_none_of_its_business(repository, tmp_path):
    (repository / "recipe.yaml").unlink()
    git(repository, "add", "-A")
    # Nothing is looked for, let alone built, where there is nothing to check.
    code, said = pre_commit(repository, tmp_path, INARCH="/nowhere/inarch")
    assert code == 0, said


def test_a_program_of_the_same_version_on_the_path_is_used(repository, tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "inarch").symlink_to(INARCH)
    (repository / ".pre-commit-config.yaml").write_text(
        (repository / ".pre-commit-config.yaml").read_text().replace("        args: [--set, scale=1]\n", ""))
    code, said = pre_commit(repository, tmp_path, INARCH="", PATH=f"{programs}:{os.environ['PATH']}")
    assert code == 0, said


def test_without_a_compiler_it_says_what_is_missing(repository, tmp_path):
    # What there is but for compilers and inarch.
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("bash", "env", "grep", "sed", "dirname", "basename", "mkdir", "flock", "git"):
        path = subprocess.run(["which", name], check=True, capture_output=True, text=True).stdout.strip()
        (programs / name).symlink_to(path)
    code, said = pre_commit(repository, tmp_path, INARCH="", PATH=str(programs))
    assert code == 1
    assert "build-inarch: there is no cmake; on Debian: apt-get install g++ cmake" in said, said
