"""recipes/deepseek-v4-pro-rank-64.yaml on small whole models, against torch."""

import json
import math
from dataclasses import dataclass

import deepseek_v4
import models
import pytest
import rank_reference as reference
import torch
from deepseek_v4 import V4, published
from harness import ROOT, build, described, files, inarch

RECIPE = ROOT / "recipes" / "deepseek-v4-pro-rank-64.yaml"
# FP4 has a scale for 32 values of a row. The other sides leave short blocks at the edges.
WIDTHS = dict(moe_intermediate_size=64)
WIDE = dict(
    WIDTHS, hidden_size=512, moe_intermediate_size=320, num_hidden_layers=2, compress_ratios=[4, 128]
)
PRO = dict(WIDTHS, compress_ratios=[128, 128, 4, 128], num_hash_layers=3)


def v4(seed, block=None, sizes=WIDTHS, shards=1):
    return V4(sizes, published, files=shards, predicting=True, block=block, seed=seed)


VARIANTS = {
    "bf16": (8, v4(1)),
    "bf16-shards": (5, v4(2, shards=4)),
    "published": (8, v4(3, (32, 32), shards=3)),
    "blocks-of-128": (5, v4(4, (128, 128), PRO)),
    "wide": (4, v4(5, (128, 128), WIDE, shards=2)),  # factors by random sampling, not exactly
    "attention-stays": (24, v4(6, (32, 16), shards=2)),
    "experts-stay": (40, v4(7, (32, 32))),
    "all-stays": (64, v4(8, (16, 48))),
}


@dataclass
class Built:
    rank: int
    source: object
    out: object
    paths: list

    def tensors(self):
        return models.read_tensors(self.out)


def arguments(source, rank):
    return ("--source", f"pro={source}", "--set", f"rank={rank}")


@pytest.fixture(scope="module", params=VARIANTS.values(), ids=VARIANTS.keys())
def built(request, tmp_path_factory):
    rank, kind = request.param
    directory = tmp_path_factory.mktemp("rank")
    source = reference.Source(deepseek_v4.make(directory / "pro", kind))
    out = build(RECIPE, directory / "out", *arguments(source.directory, rank))
    return Built(rank, source, out, reference.factored(source, rank))


def in_bytes(tensor):
    return tensor.dtype, tensor.shape, tensor.reshape(-1).view(torch.uint8)


def test_names_and_shapes(built):
    """No scale is left of what is factored, and none lost of what is not."""
    found = built.tensors()
    wanted = set(reference.kept(built.source, built.paths))
    for path in built.paths:
        rows, columns = built.source.shape(f"{path}.weight")
        for side, shape in (("A", (rows, built.rank)), ("B", (built.rank, columns))):
            name = f"{path}.{side}Linear.weight"
            wanted.add(name)
            assert (found[name].dtype, tuple(found[name].shape)) == (torch.bfloat16, shape), name
    assert set(found) == wanted


def test_the_rest_is_as_it_was(built):
    found = built.tensors()
    for name in reference.kept(built.source, built.paths):
        kind, shape, stored = in_bytes(found[name])
        expected = in_bytes(built.source.tensors[name])
        assert (kind, shape) == expected[:2] and torch.equal(stored, expected[2]), name


def test_errors(built):
    """As near as any matrix of that rank, and as the manifest says."""
    found = built.tensors()
    manifest = json.loads((built.out / "manifest.json").read_text())
    said = {entry["tensors"][0]: entry for entry in manifest.get("factors", [])}
    assert set(said) == {f"{path}.ALinear.weight" for path in built.paths}
    for path in built.paths:
        matrix = built.source.values(f"{path}.weight")
        off = (matrix - reference.product(found, path)).norm() / matrix.norm()
        assert off <= 1.01 * reference.best_error(matrix, built.rank), path
        entry = said[f"{path}.ALinear.weight"]
        assert entry["tensors"] == [f"{path}.{side}Linear.weight" for side in "AB"]
        assert (entry["shape"], entry["rank"]) == (list(matrix.shape), built.rank)
        assert math.isclose(entry["relative_error"], off, rel_tol=2e-3, abs_tol=2e-3), path


def test_both_ways_of_factoring_are_seen(tmp_path):
    """Small matrices are factored exactly, and those of `wide` are not all small."""
    rank, kind = VARIANTS["wide"]
    source = deepseek_v4.make(tmp_path / "pro", kind)
    out = build(RECIPE, tmp_path / "out", *arguments(source, rank))
    factors = json.loads((out / "manifest.json").read_text())["factors"]
    assert {entry["exact"] for entry in factors} == {True, False}


def test_config(built):
    """The ranks of exactly the factored matrices; nothing else is new."""
    found, expected = models.read_config(built.out), dict(built.source.config)
    assert found.pop("truncation_ranks", {}) == dict.fromkeys(built.paths, built.rank)
    for config in (found, expected):
        config.pop("quantization_config", None)
        config.pop("expert_dtype", None)
    assert found == expected


def test_config_of_what_is_encoded(built):
    """Kept as far as something is: the blocks of FP8 for either, the dtype of experts for FP4."""
    found, tensors = models.read_config(built.out), built.tensors()
    fp4 = any(tensor.dtype == torch.int8 for tensor in tensors.values())
    fp8 = any(tensor.dtype == torch.float8_e4m3fn for tensor in tensors.values())
    assert ("expert_dtype" in found) == fp4
    assert ("quantization_config" in found) == (fp8 or fp4)
    if fp8 or fp4:
        expected = built.source.config["quantization_config"]
        assert expected.items() <= found["quantization_config"].items()


def test_verify(built):
    result = inarch("verify", built.out)
    assert result.returncode == 0, described(result)


def test_the_number_of_workers_changes_nothing(built, tmp_path):
    for jobs in (1, 2):
        given = arguments(built.source.directory, built.rank)
        again = build(RECIPE, tmp_path / str(jobs), *given, "--jobs", jobs)
        assert files(again) == files(built.out), jobs


def test_plan(built):
    """What a plan says of the sources, of the ratios and of the output, against the files."""
    given = arguments(built.source.directory, built.rank)
    result = inarch("plan", RECIPE, *given, "--format", "json")
    assert result.returncode == 0, described(result)
    plan, source = json.loads(result.stdout.splitlines()[-1]), built.source  # after warnings
    numbers = {name: source.values(name).numel() for name in source.names}
    sizes = [path.stat().st_size for path in source.directory.glob("*.safetensors")]
    assert plan["sources"][0]["elements"] == sum(numbers.values())
    assert (plan["sources"][0]["files"], plan["sources"][0]["bytes"]) == (len(sizes), sum(sizes))
    assert plan["bytes_written"] == sum(p.stat().st_size for p in built.out.glob("*.safetensors"))
    assert 0 < plan["source_files_at_once"] <= len(sizes)
    assert 0 < plan["source_bytes_at_once"] <= sum(sizes)
    for path in built.paths:
        numbers[f"{path}.weight"] = built.rank * sum(source.shape(f"{path}.weight"))
    assert plan["parameters"] + plan["buffer_elements"] == sum(numbers.values())
