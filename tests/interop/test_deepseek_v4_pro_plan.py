"""The plan of recipes/deepseek-v4-pro-rank-64.yaml for the whole model, from headers alone; and the page that shows it."""

import importlib.util
import json

import pytest
from harness import ROOT, described, inarch

RECIPE = "recipes/deepseek-v4-pro-rank-64.yaml"
PAGE = ROOT / "docs" / "deepseek-v4-pro.md"
GIVEN = ("--source", "pro=models/deepseek-v4-pro", "--memory", "4GiB", "--jobs", "4")
RANK = 64


def headers():
    """benches/deepseek_v4.py, which bears the name of a module beside this one."""
    spec = importlib.util.spec_from_file_location("v4_headers", ROOT / "benches" / "deepseek_v4.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    """What the commands of the page are called in."""
    directory = tmp_path_factory.mktemp("pro")
    headers().write_model(directory / "models" / "deepseek-v4-pro")
    (directory / "recipes").symlink_to(ROOT / "recipes")
    return directory


def planned(directory, *options):
    result = inarch("plan", RECIPE, *GIVEN, "-C", directory, *options)
    assert result.returncode == 0, described(result)
    return result.stdout


def counted():
    """Numbers before and after, and tensors after, from the published shapes."""
    before = after = tensors = 0
    for name, dtype, shape in headers().tensors():
        if name.endswith(".scale"):
            continue
        shape = [*shape[:-1], shape[-1] * (2 if dtype == "I8" else 1)]
        size = 1
        for side in shape:
            size *= side
        rank = RANK if is_factored(name, shape) else 0
        before += size
        after += rank * sum(shape) or size
        tensors += 2 if rank else 1
    return before, after, tensors


def is_factored(name, shape):
    if not name.endswith(".weight") or len(shape) != 2 or min(shape) <= RANK:
        return False
    return name not in ("embed.weight", "head.weight") and not name.endswith("ffn.gate.weight")


def test_what_it_states(directory):
    plan = json.loads(planned(directory, "--format", "json"))
    before, after, tensors = counted()
    source = plan["sources"][0]
    assert source["elements"] == before
    assert plan["parameters"] + plan["buffer_elements"] == after
    assert plan["tensors"] == tensors
    assert plan["bytes_read"] == 864_704_792_696  # every byte once
    assert round(before / after, 1) == 32.2
    assert round(source["bytes"] / plan["bytes_written"], 1) == 8.7
    assert plan["memory_budget"] == 4 * 2**30 >= plan["peak_memory"]
    assert plan["least_memory"] <= 2 * 2**30
    assert plan["source_bytes_at_once"] <= 50e9
    assert plan["source_files_at_once"] <= 2  # a matrix lies in one, its scale in the next at worst


def test_the_page(directory):
    """Its console block is what the program prints."""
    command, _, rest = PAGE.read_text().partition("```console\n")[2].partition("\n")
    assert command == f"$ inarch plan {RECIPE} {' '.join(GIVEN)}"
    assert rest.partition("```")[0] == planned(directory)
