"""Every encoding against the library that it comes from: recognised, decoded, copied, refused."""

import json

import pytest
import torch
from encoded_formats import BY_NAME, FORMATS, LAYERS, Written, stem
from encoded_parts import blob
from harness import build, described, inarch, write_recipe
from models import read_tensors

DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}
TENSOR = "model.layers.{i}.mlp.experts.down_proj"


def recipe(written, directory, rule, checks=""):
    text = f"""\
inarch: 1
name: encodings
sources:
  a: {{ path: "{written.directory}" }}
tensors:
  - {rule}
  - {{ from: "a:{{name...}}", to: "{{name}}", rest: true }}
output: {{ config: a }}
{checks}"""
    return write_recipe(directory, text)


def same_bits(found, expected):
    if found.dtype != expected.dtype or found.shape != expected.shape:
        return False
    return torch.equal(found.reshape(-1).view(torch.uint8), expected.reshape(-1).view(torch.uint8))


@pytest.fixture(scope="module")
def written(tmp_path_factory, request):
    return Written(tmp_path_factory.mktemp("encoded"), request.param)


every_format = pytest.mark.parametrize("written", FORMATS, ids=lambda f: f.name, indirect=True)


@every_format
def test_inspect_names_values_and_encoding(written):
    result = inarch("inspect", written.directory, "--all", "--format", "json")
    assert result.returncode == 0, described(result)
    groups = {group["name"]: group for group in json.loads(result.stdout)["groups"]}
    assert len(groups) == LAYERS + 1
    for i, matrix in enumerate(written.matrices):
        group = groups[written.name(i)]
        assert group["shape"] == list(matrix.exact.shape)
        assert group["encoding"] == written.format.said
        assert group["bytes"] == sum(part.nbytes for part in matrix.parts.values())
    assert groups["model.norm.weight"]["encoding"] is None


@every_format
@pytest.mark.parametrize("dtype", DTYPES)
def test_decoded_as_the_library_does(written, dtype, tmp_path):
    name = TENSOR + written.ending
    rule = f'{{ from: "a:{name}", to: "{name}", dtype: {dtype} }}'
    out = read_tensors(build(recipe(written, tmp_path, rule), tmp_path / "out"))
    for i, matrix in enumerate(written.matrices):
        found = out.pop(written.name(i))
        assert same_bits(found, matrix.exact.to(DTYPES[dtype]))
        if matrix.library is not None and matrix.library.dtype == DTYPES[dtype]:
            assert same_bits(found, matrix.library)
    assert list(out) == ["model.norm.weight"]


@every_format
def test_copied_with_all_parts_under_other_names(written, tmp_path):
    name = TENSOR + written.ending
    rule = f'{{ from: "a:{name}", to: "{name.replace("{i}", "{2 - i}")}" }}'
    parameters = LAYERS * written.matrices[0].exact.numel() + 40
    checks = f"""\
checks:
  - parameters: {parameters}
  - equal: {{ left: "out:{name}", right: "a:{name.replace("{i}", "{2 - i}")}" }}
"""
    out = build(recipe(written, tmp_path, rule, checks), tmp_path / "out")
    found = read_tensors(out)
    assert set(found) == set(written.tensors)
    for i, matrix in enumerate(written.matrices):
        for ending, part in matrix.parts.items():
            assert same_bits(found[stem(LAYERS - 1 - i) + ending], part)
    config = json.loads((out / "config.json").read_text())
    assert config["quantization_config"] == written.format.quantization
    verified = inarch("verify", out)
    assert verified.returncode == 0, described(verified)


@every_format
def test_one_layer_touched_the_others_copied(written, tmp_path):
    name = stem(1) + written.ending
    rule = f'{{ from: "a:{name}", to: "{name}", apply: [ {{ rescale: 0.5 }} ], dtype: f32 }}'
    found = read_tensors(build(recipe(written, tmp_path, rule), tmp_path / "out"))
    assert same_bits(found.pop(name), 0.5 * written.matrices[1].exact)
    for i in (0, 2):
        for ending, part in written.matrices[i].parts.items():
            assert same_bits(found.pop(stem(i) + ending), part)
    assert list(found) == ["model.norm.weight"]


def refused(written, tmp_path, codes):
    name = TENSOR + written.ending
    rule = f'{{ from: "a:{name}", to: "{name}", dtype: f32 }}'
    result = inarch("run", recipe(written, tmp_path, rule), "-o", tmp_path / "out")
    assert result.returncode in (1, 2, 3), described(result)
    assert any(code in result.stderr for code in codes), described(result)
    assert stem(1) in result.stderr, described(result)
    assert not (tmp_path / "out").exists()
    return result


SOME = [
    "nf4-48x128-64-nested",
    "fp8-v3-288x320-128x128",
    "fp8-v4-256x384-128x128",
    "fp4-v4",
    "gpt-oss",
    "int4-group-asymmetric",
    "int8-g_idx",
    "fp8-channel",
    "nvfp4",
    "awq",
    "gptq-4-v1-desc_act",
]
# Without these the codes are a tensor as any other, or of another format.
MAY_BE_ABSENT = {
    ".qweight",
    "_blocks",
    ".weight",
    ".weight_packed",
    ".weight_zero_point",
    ".weight_g_idx",
    ".weight_global_scale",
    ".g_idx",
}
PARTS = [
    (name, ending)
    for name in SOME
    for ending in BY_NAME[name].encode(torch.Generator().manual_seed(1)).parts
]


@pytest.mark.parametrize(("name", "ending"), PARTS)
def test_a_part_of_another_size_is_refused(name, ending, tmp_path):
    written = Written(tmp_path / "a", BY_NAME[name])
    part = written.tensors[stem(1) + ending]
    longer = torch.cat([part.view(torch.uint8), part.view(torch.uint8)], 0).view(part.dtype)
    written.tensors[stem(1) + ending] = longer
    written.save()
    refused(written, tmp_path, ["E437", "E438"])


@pytest.mark.parametrize(("name", "ending"), [p for p in PARTS if p[1] not in MAY_BE_ABSENT])
def test_an_absent_part_is_refused(name, ending, tmp_path):
    written = Written(tmp_path / "a", BY_NAME[name])
    del written.tensors[stem(1) + ending]
    written.save()
    refused(written, tmp_path, ["E436"])


@pytest.mark.parametrize("name", [f.name for f in FORMATS if f.scale])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_scale_that_is_no_number_is_refused(name, value, tmp_path):
    written = Written(tmp_path / "a", BY_NAME[name])
    scales = written.tensors[stem(1) + written.format.scale]
    if scales.dtype == torch.uint8:
        scales = written.tensors[stem(1) + ".weight.nested_absmax"]
    scales.flatten()[-1] = value
    written.save()
    refused(written, tmp_path, ["E721"])


STATE = {"quant_type": "nf4", "blocksize": 64, "dtype": "bfloat16", "shape": [48, 128]}


@pytest.mark.parametrize(
    "state",
    [
        [],
        {},
        STATE | {"shape": [48]},
        STATE | {"shape": [48, 129]},
        STATE | {"shape": [-48, -128]},
        STATE | {"shape": [2**62, 2**62]},
        STATE | {"blocksize": 0},
        STATE | {"blocksize": 32},
        STATE | {"blocksize": "64"},
        STATE | {"dtype": "int4"},
        STATE | {"nested_blocksize": 256},
        STATE | {"nested_blocksize": 256, "nested_offset": 0.1},
    ],
    ids=str,
)
def test_a_malformed_state_is_refused(state, tmp_path):
    written = Written(tmp_path / "a", BY_NAME["nf4-48x128-64"])
    written.tensors[stem(1) + ".weight.quant_state.bitsandbytes__nf4"] = blob(state)
    written.save()
    refused(written, tmp_path, ["E436", "E437", "E438"])
