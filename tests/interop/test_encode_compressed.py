"""FP8 as compressed-tensors stores it, against that library: scales, codes, configs and logits."""

import models
import pytest
import torch
from compressed_tensors.compressors import ModelCompressor
from compressed_tensors.quantization import (
    QuantizationArgs,
    QuantizationConfig,
    QuantizationScheme,
    apply_quantization_config,
)
from compressed_tensors.quantization.lifecycle.forward import dequantize, quantize
from compressed_tensors.quantization.utils import calculate_qparams
from harness import build, described, inarch, write_recipe
from safetensors.torch import load_file
from transformers import (
    AutoModelForCausalLM,
    CompressedTensorsConfig,
    LlamaConfig,
    LlamaForCausalLM,
    Qwen3MoeConfig,
    Qwen3MoeForCausalLM,
)

TOKENS = torch.tensor([[3, 17, 5, 40, 8, 61, 2, 9]])
FORMAT = "float-quantized"
FP8 = torch.float8_e4m3fn
# By name: what a recipe says, and what that library calls it.
STRATEGIES = {
    "channel": ("", {"strategy": "channel"}),
    "tensor": (", strategy: tensor", {"strategy": "tensor"}),
    "block": (", strategy: block", {"strategy": "block", "block_structure": [128, 128]}),
    "uneven": (
        ", strategy: block, block: [64, 48]",
        {"strategy": "block", "block_structure": [64, 48]},
    ),
}


def arguments(name):
    return QuantizationArgs(
        num_bits=8, type="float", symmetric=True, dynamic=False, **STRATEGIES[name][1]
    )


def llama(path, dtype=torch.bfloat16, tied=False):
    config = LlamaConfig(
        vocab_size=96,
        hidden_size=128,
        intermediate_size=224,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=64,
        tie_word_embeddings=tied,
    )
    model = LlamaForCausalLM(config)
    models.fill(model, torch.Generator().manual_seed(11))
    with torch.no_grad():
        up = model.model.layers[0].mlp.up_proj.weight
        up[3] = 0  # a row of zeros, and one of numbers that have no scale in f16
        up[5] *= 1e-8
    model.to(dtype).save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return llama(tmp_path_factory.mktemp("base"))


def encoded(directory, base, encode, rules="", config="base"):
    directory.mkdir(exist_ok=True)
    recipe = write_recipe(
        directory,
        "inarch: 1\nname: encoded\n"
        f'sources: {{ base: {{ path: "{base}" }} }}\n'
        f"tensors:\n{rules}"
        '  - { from: "base:{name...}", to: "{name}", rest: true }\n'
        f"output:\n  config: {config}\n" + (f"  encode: {encode}\n" if encode else ""),
    )
    return build(recipe, directory / "out")


def fp8(name, more=""):
    return f"{{ fp8: {{ layout: compressed-tensors{STRATEGIES[name][0]}{more} }} }}"


def extremes(weight, args):
    """The least and the largest of what has one scale."""
    if args.strategy == "tensor":
        return weight.min().reshape(1), weight.max().reshape(1)
    if args.strategy == "channel":
        return weight.amin(1, keepdim=True), weight.amax(1, keepdim=True)
    rows, columns = args.block_structure
    padding = (0, -weight.shape[1] % columns, 0, -weight.shape[0] % rows)
    padded = torch.nn.functional.pad(weight, padding)
    blocks = padded.unflatten(1, (-1, columns)).unflatten(0, (-1, rows))
    return blocks.amin((1, 3)), blocks.amax((1, 3))


def scales_of(weight, args):
    return calculate_qparams(*extremes(weight, args), args)[0]


def projections(base):
    return {
        name: weight for name, weight in models.read_tensors(base).items() if "_proj" in name
    }


def bits(codes):
    return codes.view(torch.uint8).int()


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_codes_and_scales(tmp_path, name, dtype):
    """Bit for bit, with quotients in f32, as the library's kernel for GPUs has them."""
    base = llama(tmp_path / "base", dtype)
    found = load_file(encoded(tmp_path / "run", base, fp8(name)) / "model.safetensors")
    args = arguments(name)
    differing = 0
    for weight_name, weight in projections(base).items():
        scales, codes = found[weight_name + "_scale"], found[weight_name]
        wanted = scales_of(weight, args)
        assert scales.dtype == dtype and scales.shape == wanted.shape
        assert torch.equal(scales, wanted)
        exact = quantize(weight.float(), wanted.float(), None, args, FP8)
        assert torch.equal(bits(codes), bits(exact))

        # Where it rounds quotients to the dtype of the weights first, those that differ lay
        # halfway between two codes after that.
        theirs = quantize(weight, wanted, None, args, FP8)
        differ = bits(theirs) != bits(codes)
        differing += int(differ.sum())
        assert ((bits(theirs) - bits(codes)).abs() <= 1).all()
        quotients = (weight / spread(wanted, args, weight)).float()
        assert torch.equal(2 * quotients[differ], (theirs.float() + codes.float())[differ])
    # Or this no longer says why quotients are in f32.
    assert (differing > 0) == (dtype != torch.float32)


def spread(scales, args, weight):
    """The scale of every element, or what goes over them all."""
    if args.strategy != "block":
        return scales
    rows, columns = args.block_structure
    each = scales.repeat_interleave(rows, 0).repeat_interleave(columns, 1)
    return each[: weight.shape[0], : weight.shape[1]]


def written_by_the_library(path, base, name):
    """What it saves of the same model, its codes replaced by those of the same scales in f32."""
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16)
    args = arguments(name)
    scheme = QuantizationScheme(targets=["Linear"], weights=args)
    config = QuantizationConfig(config_groups={"group_0": scheme}, ignore=["lm_head"])
    apply_quantization_config(model, config, show_progress=False)
    for module in model.modules():
        if getattr(module, "quantization_scheme", None) is not None:
            module.weight_scale.data.copy_(scales_of(module.weight.data, args))
            module.weight_zero_point.data.zero_()
    compressor = ModelCompressor.from_pretrained_model(model, quantization_format=FORMAT)
    compressor.compress_model(model)
    model.save_pretrained(path)
    compressor.update_config(path)
    return models.read_config(path)["quantization_config"]


# What the library says of itself, and of what there is none of.
OF_THE_LIBRARY = {"version", "sparsity_config", "transform_config", "moe_sparsity_config"}


@pytest.mark.parametrize("name", STRATEGIES)
def test_files_and_logits(tmp_path, base, name):
    """The same tensors and config as that library writes; and loaded by it, the decoded values."""
    theirs = tmp_path / "theirs"
    config = written_by_the_library(theirs, base, name)
    out = encoded(tmp_path / "run", base, fp8(name))
    mine = models.read_config(out)["quantization_config"]
    assert mine == {key: value for key, value in config.items() if key not in OF_THE_LIBRARY}

    wanted, found = (load_file(path / "model.safetensors") for path in (theirs, out))
    assert set(found) == set(wanted)
    for tensor, value in wanted.items():
        assert found[tensor].shape == value.shape and found[tensor].dtype == value.dtype

    reference = LlamaForCausalLM.from_pretrained(base, dtype=torch.bfloat16)
    state = reference.state_dict()
    for weight_name in projections(base):
        scales = found[weight_name + "_scale"]
        decoded = dequantize(found[weight_name], scales, args=arguments(name))
        state[weight_name].copy_(decoded)
    with torch.no_grad():
        logits = reference(TOKENS).logits
        loaded = AutoModelForCausalLM.from_pretrained(out, dtype=torch.bfloat16)
        assert loaded.model.layers[0].mlp.up_proj.weight.dtype == FP8
        assert torch.equal(loaded(TOKENS).logits, logits)
        whole = AutoModelForCausalLM.from_pretrained(
            out,
            dtype=torch.bfloat16,
            quantization_config=CompressedTensorsConfig(dequantize=True),
        )
        assert torch.equal(whole(TOKENS).logits, logits)

    # Decoded by inarch itself.
    plain = load_file(encoded(tmp_path / "plain", out, "none") / "model.safetensors")
    assert all(torch.equal(plain[weight_name], state[weight_name]) for weight_name in state)


@pytest.mark.parametrize("tied", [False, True])
def test_ignored_are_those_that_are_not_encoded(tmp_path, tied):
    base = llama(tmp_path / "base", tied=tied)
    rules = (
        '  - { from: "base:model.layers.{i}.mlp.{m}_proj.weight",\n'
        '      to: "model.layers.{i}.mlp.{m}_proj.weight", where: i > 0, apply: [ { rescale: 0.5 } ],\n'
        f"      encode: {fp8('channel', ', scales: f32')} }}\n"
    )
    out = encoded(tmp_path / "run", base, "", rules)
    model = LlamaForCausalLM(LlamaConfig.from_pretrained(base))
    linear = {n for n, m in model.named_modules() if isinstance(m, torch.nn.Linear)}
    encoded_here = {f"model.layers.1.mlp.{m}_proj" for m in ("down", "gate", "up")}
    ignored = models.read_config(out)["quantization_config"]["ignore"]
    assert sorted(ignored) == sorted(linear - encoded_here)
    found = load_file(out / "model.safetensors")
    assert found["model.layers.1.mlp.up_proj.weight_scale"].dtype == torch.float32

    loaded = AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32)
    values = load_file(encoded(tmp_path / "plain", out, "none") / "model.safetensors")
    with torch.no_grad():
        loaded(TOKENS)  # which decodes
    for name, value in loaded.state_dict().items():
        if name in values:
            torch.testing.assert_close(value, values[name].float(), rtol=1e-2, atol=0)


def test_experts_and_routers(tmp_path):
    """Experts, which transformers joins as it loads, are encoded, and routers are not."""
    config = Qwen3MoeConfig(
        vocab_size=96,
        hidden_size=64,
        moe_intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        num_experts=4,
        num_experts_per_tok=2,
    )
    models.save(Qwen3MoeForCausalLM(config), tmp_path / "base", models.Saving(seed=5))
    out = encoded(tmp_path / "run", tmp_path / "base", fp8("channel"))
    ignored = models.read_config(out)["quantization_config"]["ignore"]
    assert sorted(ignored) == ["lm_head"] + [f"model.layers.{i}.mlp.gate" for i in (0, 1)]
    plain = encoded(tmp_path / "plain", out, "none")
    with torch.no_grad():
        mine, theirs = (
            AutoModelForCausalLM.from_pretrained(path, dtype=torch.bfloat16)(TOKENS).logits
            for path in (out, plain)
        )
    assert torch.equal(mine, theirs)


def of_the_first_layer(encode):
    """A rule for its MLP."""
    return (
        '  - { from: "base:model.layers.0.mlp.{m}_proj.weight",\n'
        f'      to: "model.layers.0.mlp.{{m}}_proj.weight", encode: {encode} }}\n'
    )


def test_encoded_again(tmp_path, base):
    """Copied where it is so already, and no longer ignored where it is encoded at last."""
    first = encoded(tmp_path / "first", base, fp8("channel"), of_the_first_layer("none"))
    ignored = models.read_config(first)["quantization_config"]["ignore"]
    assert len(ignored) == 4 and "model.layers.0.mlp.up_proj" in ignored

    second = encoded(tmp_path / "second", first, fp8("channel"))
    assert models.read_config(second)["quantization_config"]["ignore"] == ["lm_head"]
    once = encoded(tmp_path / "once", base, fp8("channel"))
    before, after = (load_file(path / "model.safetensors") for path in (once, second))
    assert set(before) == set(after)
    assert all(torch.equal(before[name], after[name]) for name in before)

    # Another strategy is another encoding, and both in one model are one too many.
    third = encoded(tmp_path / "third", second, fp8("tensor"))
    weights = models.read_config(third)["quantization_config"]["config_groups"]["group_0"]
    assert weights["weights"]["strategy"] == "tensor"
    encoded(tmp_path / "mixed", base, fp8("channel"), of_the_first_layer(fp8("tensor")))
    result = inarch("check", tmp_path / "mixed" / "recipe.yaml")
    assert "W404" in result.stderr, described(result)
