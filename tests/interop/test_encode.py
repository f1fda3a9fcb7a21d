"""What rules encode, against the libraries that encode it: codes, scales, configs and logits."""

import json
from types import SimpleNamespace

import models
import pytest
import torch
from harness import build, described, inarch, write_recipe
from safetensors.torch import load_file
from transformers import (
    AutoModelForCausalLM,
    BitsAndBytesConfig,
    LlamaConfig,
    LlamaForCausalLM,
)
from transformers.integrations.finegrained_fp8 import Fp8Quantize

pytest.importorskip("bitsandbytes")

TOKENS = torch.tensor([[3, 17, 5, 40, 8, 61, 2, 9]])
E2M1 = torch.tensor([0, 0.5, 1, 1.5, 2, 3, 4, 6])


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """Matrices are whole blocks of 128: what transformers encodes, and decodes on a CPU."""
    path = tmp_path_factory.mktemp("base")
    config = LlamaConfig(
        vocab_size=96,
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=64,
    )
    models.save(LlamaForCausalLM(config), path, models.Saving(seed=11))
    return path


def recipe(directory, base, encode, rules="", output=""):
    return write_recipe(
        directory,
        "inarch: 1\nname: encoded\n"
        f'sources: {{ base: {{ path: "{base}" }} }}\n'
        f"tensors:\n{rules}"
        '  - { from: "base:{name...}", to: "{name}", rest: true }\n'
        f"output:\n  config: base\n{output}" + (f"  encode: {encode}\n" if encode else ""),
    )


def encoded(directory, base, encode, rules=""):
    return build(recipe(directory, base, encode, rules), directory / "out")


def logits(path, **options):
    model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.bfloat16, **options)
    with torch.no_grad():
        return model(TOKENS).logits


def state_of(tensor):
    return json.loads(bytes(tensor.tolist()))


@pytest.mark.parametrize("kind", ["nf4", "fp4"])
@pytest.mark.parametrize("nested", [False, True])
def test_bitsandbytes(tmp_path, base, kind, nested):
    settings = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type=kind,
        bnb_4bit_use_double_quant=nested,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    theirs = AutoModelForCausalLM.from_pretrained(
        base, quantization_config=settings, dtype=torch.bfloat16
    )
    theirs.save_pretrained(tmp_path / "theirs")
    wanted = load_file(tmp_path / "theirs" / "model.safetensors")
    out = encoded(tmp_path, base, f"{{ {kind}: {{ nested: {str(nested).lower()} }} }}")
    found = load_file(out / "model.safetensors")

    assert set(found) == set(wanted)
    for name, tensor in wanted.items():
        if "quant_state" in name:
            mine, state = state_of(found[name]), state_of(tensor)
            offsets = [s.pop("nested_offset", 0) for s in (mine, state)]
            assert mine == state
            assert offsets[0] == pytest.approx(offsets[1], rel=1e-6)  # a mean, summed otherwise
        elif nested and name.endswith(".weight.absmax"):
            # Its library for CPUs looks codes up coarsely, and often misses the nearest by one.
            difference = found[name].int() - tensor.int()
            assert difference.abs().max() <= 1
        elif name.endswith("nested_absmax"):
            torch.testing.assert_close(found[name], tensor, rtol=1e-5, atol=0)
        else:
            assert torch.equal(found[name], tensor), name

    config = models.read_config(out)["quantization_config"]
    assert config == models.read_config(tmp_path / "theirs")["quantization_config"]
    reference = theirs(TOKENS).logits
    if nested:
        torch.testing.assert_close(logits(out), reference, rtol=0.05, atol=0.05)
    else:
        assert torch.equal(logits(out), reference)


def quantised_fp8(weight, block, scale_fmt):
    settings = SimpleNamespace(weight_block_size=block, scale_fmt=scale_fmt)
    op = Fp8Quantize(SimpleNamespace(quantization_config=settings))
    parts = op._quantize_one("w.weight", weight)
    return parts["w.weight"], parts["w.weight_scale_inv"]


def decoded_fp8(codes, scales, block):
    grid = scales.float().repeat_interleave(block[0], 0).repeat_interleave(block[1], 1)
    return codes.float() * grid[: codes.shape[0], : codes.shape[1]]


@pytest.mark.parametrize("block", [(128, 128), (64, 32)])
def test_fp8(tmp_path, base, block):
    out = encoded(tmp_path, base, f"{{ fp8: {{ block: [{block[0]}, {block[1]}] }} }}")
    found = load_file(out / "model.safetensors")
    reference = LlamaForCausalLM.from_pretrained(base, dtype=torch.bfloat16)
    state = reference.state_dict()
    for name, weight in models.read_tensors(base).items():
        if "_proj" not in name:
            assert torch.equal(found.pop(name), weight)
            continue
        codes, scales = quantised_fp8(weight, block, "float")
        mine = found.pop(name)
        assert torch.equal(mine.view(torch.uint8), codes.view(torch.uint8))
        assert torch.equal(found.pop(name + "_scale_inv"), scales)
        state[name].copy_(decoded_fp8(codes, scales, block))
    assert not found
    assert models.read_config(out)["quantization_config"] == {
        "quant_method": "fp8",
        "fmt": "e4m3",
        "weight_block_size": list(block),
        "activation_scheme": "dynamic",
    }
    with torch.no_grad():
        assert torch.equal(logits(out), reference(TOKENS).logits)


def e8m0(scales):
    return torch.exp2(scales.view(torch.uint8).float() - 127)


def decoded_fp4(codes, scales):
    nibbles = torch.stack([codes.view(torch.uint8) & 15, codes.view(torch.uint8) >> 4], -1)
    values = E2M1[(nibbles & 7).int()] * torch.where(nibbles > 7, -1.0, 1.0)
    return values.flatten(1) * e8m0(scales).repeat_interleave(32, 1)


def test_powers_of_two(tmp_path, base):
    """FP8 and FP4 with E8M0 scales, by the definitions: nearest codes under the least scale."""
    rules = (
        '  - { from: "base:{n...}.up_proj.weight", to: "{n}.up_proj.weight", encode: mxfp4 }\n'
        '  - { from: "base:{n...}.q_proj.weight", to: "{n}.q_proj.weight",\n'
        "      encode: { fp8: { block: [32, 64], scales: e8m0 } } }\n"
    )
    found = load_file(encoded(tmp_path, base, "", rules) / "model.safetensors")
    for i in range(3):
        weights = models.read_tensors(base)
        stem = f"model.layers.{i}.mlp.up_proj"
        weight = weights[f"{stem}.weight"].float()
        scales = e8m0(found[f"{stem}.scale"])
        most = weight.reshape(weight.shape[0], -1, 32).abs().amax(-1)
        assert torch.equal(scales, torch.exp2(torch.ceil(torch.log2(most / 6))))
        error = (decoded_fp4(found[f"{stem}.weight"], found[f"{stem}.scale"]) - weight).abs()
        unit = scales.repeat_interleave(32, 1)
        table = E2M1.view(1, 1, -1) * unit.unsqueeze(-1)
        nearest = (table - weight.abs().unsqueeze(-1)).abs().amin(-1)
        torch.testing.assert_close(error, nearest, rtol=1e-5, atol=1e-7)

        stem = f"model.layers.{i}.self_attn.q_proj"
        codes, scales = quantised_fp8(weights[f"{stem}.weight"], (32, 64), "ue8m0")
        assert torch.equal(found[f"{stem}.weight"].view(torch.uint8), codes.view(torch.uint8))
        assert torch.equal(e8m0(found[f"{stem}.scale"]), scales.float())


@pytest.mark.parametrize("encode", ["nf4", "{ nf4: { nested: true } }", "fp8"])
def test_some_stay_as_numbers(tmp_path, base, encode):
    """Rules encode some modules, and the config has the others in its list of what to skip."""
    rules = (
        '  - { from: "base:model.layers.{i}.mlp.{m}_proj.weight",\n'
        '      to: "model.layers.{i}.mlp.{m}_proj.weight", where: i > 0, apply: [ { rescale: 0.5 } ],\n'
        f"      encode: {encode} }}\n"
    )
    out = encoded(tmp_path, base, "", rules)
    config = models.read_config(out)["quantization_config"]
    skipped = config.get("llm_int8_skip_modules") or config.get("modules_to_not_convert")
    assert "lm_head" in skipped and "model.layers.0.mlp.up_proj" in skipped
    assert "model.layers.1.mlp.up_proj" not in skipped
    assert logits(out).isfinite().all()


def test_decoded_again(tmp_path, base):
    """NF4 copied, in part decoded, wholly decoded: the config says what there is."""
    (tmp_path / "a").mkdir()
    first = encoded(tmp_path / "a", base, "{ nf4: { nested: true } }")

    (tmp_path / "b").mkdir()
    copy = encoded(tmp_path / "b", first, "nf4", rules="")  # not nested: encoded anew
    assert not any("nested" in name for name in load_file(copy / "model.safetensors"))

    (tmp_path / "c").mkdir()
    same = encoded(tmp_path / "c", first, "{ nf4: { nested: true } }")
    before, after = (load_file(path / "model.safetensors") for path in (first, same))
    assert set(before) == set(after)
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert models.read_config(first) == models.read_config(same)

    (tmp_path / "d").mkdir()
    rules = (
        '  - { from: "base:model.layers.1.mlp.{m}_proj.weight",\n'
        '      to: "model.layers.1.mlp.{m}_proj.weight", dtype: bf16 }\n'
    )
    part = encoded(tmp_path / "d", first, "", rules)
    skipped = models.read_config(part)["quantization_config"]["llm_int8_skip_modules"]
    assert sorted(skipped) == ["lm_head"] + [
        f"model.layers.1.mlp.{m}_proj" for m in ("down", "gate", "up")
    ]
    assert torch.equal(logits(part), logits(first))

    (tmp_path / "e").mkdir()
    whole = encoded(tmp_path / "e", first, "none")
    assert "quantization_config" not in models.read_config(whole)
    assert torch.equal(logits(whole), logits(first))


def test_any_jobs_and_checks(tmp_path, base):
    """Checks read what was stored; and neither workers nor memory change a byte."""
    path = recipe(tmp_path, base, "{ nf4: { nested: true } }")
    path.write_text(
        path.read_text()
        + "checks:\n"
        + "  - equal: { left: out:model.layers.0.mlp.up_proj.weight,\n"
        + "             right: base:model.layers.0.mlp.up_proj.weight, tolerance: 0.2 }\n"
    )
    runs = [build(path, tmp_path / f"jobs{n}", "--jobs", n) for n in (1, 4)]
    files = [(run / "model.safetensors").read_bytes() for run in runs]
    assert files[0] == files[1]
    path.write_text(path.read_text().replace("tolerance: 0.2", "tolerance: 0.001"))
    result = inarch("run", path, "-o", tmp_path / "wrong")
    assert result.returncode != 0 and "E8" in result.stderr, described(result)
