"""recipes/cookbook: more layers, wider layers."""

import models
import pytest
import torch
from cookbook import assert_equal, assert_same_function, cook, load, logits, make
from models import Saving, read_config, read_tensors
from transformers import GPT2Config, GPT2LMHeadModel, LlamaForCausalLM, ViTConfig, ViTModel

LAYERS = 4


@pytest.fixture(scope="module")
def llamas(tmp_path_factory):
    directory = tmp_path_factory.mktemp("llamas")
    return [
        models.llama(directory / name, Saving(dtype=torch.float32, seed=51 + k))
        for k, name in enumerate("ab")
    ]


def stacked(layers, rest):
    """The checkpoint of these layers, each a pair of a checkpoint and a layer's number in it."""
    tensors = {n: x for n, x in read_tensors(rest).items() if "layers" not in n}
    for new, (source, old) in enumerate(layers):
        for name, tensor in read_tensors(source).items():
            if name.startswith(f"model.layers.{old}."):
                tensors[name.replace(f".{old}.", f".{new}.", 1)] = tensor
    return tensors


def assert_stacked(out, layers, rest):
    assert_equal(out, stacked(layers, rest))
    assert read_config(out)["num_hidden_layers"] == len(layers)
    load(LlamaForCausalLM, out)


@pytest.mark.parametrize("order", [[0, 1, 2, 1, 2, 3], [3, 3, 0]])
def test_self_merge(tmp_path, llamas, order):
    out = cook("self-merge", tmp_path / "out", {"model": llamas[0]}, order=order)
    assert_stacked(out, [(llamas[0], i) for i in order], llamas[0])


@pytest.mark.parametrize("first, end", [(1, 2), (0, 3)])
def test_drop_layers(tmp_path, llamas, first, end):
    out = cook("drop-layers", tmp_path / "out", {"model": llamas[0]}, first=first, end=end)
    kept = [i for i in range(LAYERS) if not first <= i < end]
    assert_stacked(out, [(llamas[0], i) for i in kept], llamas[0])


@pytest.mark.parametrize("upper, lower", [(3, 1), (4, 0)])
def test_depth_upscale(tmp_path, llamas, upper, lower):
    out = cook("depth-upscale", tmp_path / "out", {"model": llamas[0]}, upper=upper, lower=lower)
    order = [*range(upper), *range(lower, LAYERS)]
    assert_stacked(out, [(llamas[0], i) for i in order], llamas[0])


@pytest.mark.parametrize("slices", [[[0, 0, 3], [1, 1, 4]], [[1, 2, 4], [0, 0, 2], [1, 0, 1]]])
def test_passthrough_merge(tmp_path, llamas, slices):
    sources = {f"m[{k}]": path for k, path in enumerate(llamas)}
    out = cook("passthrough-merge", tmp_path / "out", sources, slices=slices)
    layers = [(llamas[m], i) for m, first, end in slices for i in range(first, end)]
    assert_stacked(out, layers, llamas[0])


def test_interleave_layers(tmp_path, llamas):
    out = cook("interleave-layers", tmp_path / "out", dict(zip("ab", llamas)))
    assert_stacked(out, [(m, i) for i in range(LAYERS) for m in llamas], llamas[0])


@pytest.mark.parametrize("every, order", [(2, [0, 1, 1, 2, 3, 3]), (3, [0, 1, 2, 2, 3])])
def test_expand_blocks(tmp_path, llamas, every, order):
    out = cook("expand-blocks", tmp_path / "out", {"model": llamas[0]}, every=every)
    wanted = stacked([(llamas[0], i) for i in order], llamas[0])
    for new in range(every, len(order), every + 1):
        for name in ("self_attn.o_proj", "mlp.down_proj"):
            wanted[f"model.layers.{new}.{name}.weight"].zero_()
    assert_equal(out, wanted)
    assert torch.equal(*(logits(load(LlamaForCausalLM, d)) for d in (out, llamas[0])))


@pytest.mark.parametrize("times", [2, 3])
def test_widen_mlp(tmp_path, llamas, times):
    out = cook("widen-mlp", tmp_path / "out", {"model": llamas[0]}, times=times)
    wanted = read_tensors(llamas[0])
    for name, tensor in wanted.items():
        if name.endswith(("gate_proj.weight", "up_proj.weight")):
            wanted[name] = torch.cat([tensor] * times)
        elif name.endswith("down_proj.weight"):
            wanted[name] = torch.cat([tensor / times] * times, dim=1)
    assert_close(out, wanted)
    assert_same_function(*(logits(load(LlamaForCausalLM, d)) for d in (out, llamas[0])))


@pytest.mark.parametrize("times", [2, 3])
def test_widen_hidden(tmp_path, llamas, times):
    out = cook("widen-hidden", tmp_path / "out", {"model": llamas[0]}, times=times)
    wanted = read_tensors(llamas[0])
    for name, tensor in wanted.items():
        if tensor.dim() == 1 or name.endswith(("o_proj.weight", "down_proj.weight")):
            wanted[name] = torch.cat([tensor] * times)
        elif "embed_tokens" in name:
            wanted[name] = torch.cat([tensor] * times, dim=1)
        else:
            wanted[name] = torch.cat([tensor / times] * times, dim=1)
    assert_close(out, wanted)
    assert_same_function(*(logits(load(LlamaForCausalLM, d)) for d in (out, llamas[0])))


def assert_close(directory, wanted):
    """Equal but for the last place: x / 3 is not x · (1 / 3)."""
    found = read_tensors(directory)
    assert set(found) == set(wanted)
    for name, tensor in wanted.items():
        torch.testing.assert_close(found[name], tensor, rtol=2e-7, atol=0)


def test_tile_positions_gpt2(tmp_path):
    config = GPT2Config(vocab_size=96, n_positions=16, n_embd=32, n_layer=2, n_head=4)
    short = make(tmp_path / "short", GPT2LMHeadModel(config), seed=53)
    out = cook("tile-positions-gpt2", tmp_path / "out", {"model": short}, times=3)
    wanted = read_tensors(short)
    wanted["transformer.wpe.weight"] = wanted["transformer.wpe.weight"].tile(3, 1)
    assert_equal(out, wanted)
    longer = load(GPT2LMHeadModel, out)
    assert torch.equal(logits(longer), logits(load(GPT2LMHeadModel, short)))
    assert logits(longer, torch.arange(48)[None]).isfinite().all()


def test_more_channels_vit(tmp_path):
    config = ViTConfig(
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=4,
        intermediate_size=48,
        image_size=16,
        patch_size=8,
    )
    three = make(tmp_path / "three", ViTModel(config), seed=54)
    out = cook("more-channels-vit", tmp_path / "out", {"model": three}, channels=5)
    wanted = read_tensors(three)
    name = "embeddings.patch_embeddings.projection.weight"
    wanted[name] = torch.cat([wanted[name], torch.zeros(32, 2, 8, 8)], dim=1)
    assert_equal(out, wanted)
    image = torch.randn(1, 5, 16, 16, generator=torch.Generator().manual_seed(8))
    with torch.no_grad():
        after = load(ViTModel, out)(image).last_hidden_state
        before = load(ViTModel, three)(image[:, :3]).last_hidden_state
    assert_same_function(after, before)
