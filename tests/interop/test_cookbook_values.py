"""recipes/cookbook: merging, adapters, dtypes and shards."""

import json

import models
import pytest
import torch
from cookbook import TOKENS, assert_equal, assert_same_function, cook, load, logits, write_tensors
from models import Saving, read_config, read_tensors
from transformers import LlamaForCausalLM


@pytest.fixture(scope="module")
def llamas(tmp_path_factory):
    """Three models of one shape in bfloat16, and the first of them in float32."""
    directory = tmp_path_factory.mktemp("llamas")
    made = {x: models.llama(directory / x, Saving(seed=41 + k)) for k, x in enumerate("abc")}
    return made | {"f32": models.llama(directory / "f32", Saving(dtype=torch.float32, seed=41))}


def weighted(weights, checkpoints):
    """Σ wᵢ·xᵢ in float32, rounded once."""
    tensors = [read_tensors(path) for path in checkpoints]
    return {
        name: sum(w * t[name].float() for w, t in zip(weights, tensors)).to(x.dtype)
        for name, x in tensors[0].items()
    }


@pytest.mark.parametrize("share", [0.5, 0.25])
def test_task_vector_mlp(tmp_path, llamas, share):
    sources = {"base": llamas["a"], "tuned": llamas["b"]}
    out = cook("task-vector-mlp", tmp_path / "out", sources, share=share)
    a, b = read_tensors(llamas["a"]), read_tensors(llamas["b"])
    wanted = {
        # In float64 the sum is exact, so that it is rounded but once.
        name: (x.double() + share * (b[name].double() - x.double())).float().bfloat16()
        if ".mlp." in name
        else x
        for name, x in a.items()
    }
    assert_equal(out, wanted)
    load(LlamaForCausalLM, out)


@pytest.mark.parametrize("a, b", [(1.0, 1.0), (0.5, -0.25)])
def test_task_arithmetic(tmp_path, llamas, a, b):
    sources = {"base": llamas["a"], "first": llamas["b"], "second": llamas["c"]}
    out = cook("task-arithmetic", tmp_path / "out", sources, a=a, b=b)
    assert_equal(out, weighted([1 - a - b, a, b], [llamas[x] for x in "abc"]))
    load(LlamaForCausalLM, out)


@pytest.mark.parametrize("weight", [0.5, 0.75])
def test_linear_merge(tmp_path, llamas, weight):
    out = cook("linear-merge", tmp_path / "out", {x: llamas[x] for x in "ab"}, weight=weight)
    assert_equal(out, weighted([weight, 1 - weight], [llamas[x] for x in "ab"]))
    load(LlamaForCausalLM, out)


def test_soup(tmp_path, llamas):
    out = cook("soup", tmp_path / "out", {f"m[{k}]": llamas[x] for k, x in enumerate("abc")})
    assert_equal(out, weighted([1 / 3] * 3, [llamas[x] for x in "abc"]))
    load(LlamaForCausalLM, out)


def adapter(directory, llama, modules, r):
    """An adapter as peft writes it: two matrices for each module, with names of its own."""
    generator = torch.Generator().manual_seed(5)
    tensors = {}
    for name, w in read_tensors(llama).items():
        path = name.removesuffix(".weight")
        if path.rpartition(".")[2] not in modules:
            continue
        a = torch.randn(r, w.shape[1], generator=generator) / 8
        b = torch.randn(w.shape[0], r, generator=generator) / 8
        tensors[f"base_model.model.{path}.lora_A.weight"] = a
        tensors[f"base_model.model.{path}.lora_B.weight"] = b
    return write_tensors(directory, tensors, "adapter_model.safetensors")


@pytest.mark.parametrize("base", ["a", "f32"])
@pytest.mark.parametrize("modules", [["q_proj", "v_proj"], ["k_proj", "down_proj", "gate_proj"]])
def test_fold_lora(tmp_path, llamas, base, modules):
    """The folded model computes what the base does with the adapter beside its matrices."""
    lora = adapter(tmp_path / "lora", llamas[base], modules, r=4)
    sources = {"base": llamas[base], "lora": lora}
    out = cook("fold-lora", tmp_path / "out", sources, modules=modules, alpha=6.0, r=4.0)
    source, factors, found = (read_tensors(d) for d in (llamas[base], lora, out))
    beside = load(LlamaForCausalLM, llamas[base])
    for name, w in source.items():
        path = name.removesuffix(".weight")
        if path.rpartition(".")[2] not in modules:
            assert torch.equal(found[name], w)
            continue
        a, b = (factors[f"base_model.model.{path}.lora_{x}.weight"] for x in "AB")
        wanted = w.double() + 1.5 * (b.double() @ a.double())
        assert found[name].dtype == w.dtype
        epsilon = torch.finfo(w.dtype).eps
        torch.testing.assert_close(found[name].double(), wanted, rtol=epsilon, atol=1e-6)
        beside.get_submodule(path).register_forward_hook(
            lambda _, x, y, a=a, b=b: y + 1.5 * (x[0] @ a.T @ b.T)
        )
    folded = load(LlamaForCausalLM, out)
    if base == "f32":
        assert_same_function(logits(folded), logits(beside))


@pytest.mark.parametrize("rank", [4, 12])
def test_extract_lora(tmp_path, llamas, rank):
    """Factors as near as the singular values allow; folded in again, they are the tuned model so far."""
    modules = ["q_proj", "down_proj"]
    base, tuned = llamas["f32"], tmp_path / "tuned"
    weights = read_tensors(base)
    generator = torch.Generator().manual_seed(8)
    for name, w in weights.items():
        if name.endswith(tuple(f"{m}.weight" for m in modules)):
            weights[name] = w + 0.1 * torch.randn(w.shape, generator=generator)
    write_tensors(tuned, weights)
    sources = {"base": base, "tuned": tuned}
    out = cook("extract-lora", tmp_path / "out", sources, modules=modules, rank=rank)
    source, factors = read_tensors(base), read_tensors(out)
    changed = [n.removesuffix(".weight") for n in weights if not torch.equal(weights[n], source[n])]
    assert len(factors) == 2 * len(changed)
    for path in changed:
        a, b = (factors[f"base_model.model.{path}.lora_{x}.weight"].double() for x in "AB")
        assert b.shape[1] == a.shape[0] == rank
        delta = weights[f"{path}.weight"].double() - source[f"{path}.weight"].double()
        best = torch.linalg.svdvals(delta)[rank:].norm()
        assert (delta - b @ a).norm() <= 1.001 * best
    said = json.loads((out / "adapter_config.json").read_text())
    assert (said["r"], said["lora_alpha"]) == (rank, rank)
    assert said["target_modules"] == sorted(modules)


def test_remove_direction(tmp_path, llamas):
    r = torch.randn(32, generator=torch.Generator().manual_seed(6))
    r /= r.norm()
    sources = {
        "model": llamas["f32"],
        "r": write_tensors(tmp_path / "r", {"direction": r}),
    }
    out = cook("remove-direction", tmp_path / "out", sources)
    wanted, d = read_tensors(llamas["f32"]), r.double()
    for name, w in wanted.items():
        if name.endswith(("o_proj.weight", "down_proj.weight")):
            w -= torch.outer(d, d @ w.double()).float()
        elif name == "model.embed_tokens.weight":
            w -= torch.outer(w.double() @ d, d).float()
        else:
            torch.testing.assert_close(read_tensors(out)[name], w, rtol=0, atol=0)
    torch.testing.assert_close(read_tensors(out), wanted, rtol=1e-6, atol=1e-7)
    # Whatever the text, no state of the residual stream has any of it.
    states = load(LlamaForCausalLM, out).model(input_ids=TOKENS, output_hidden_states=True)
    for state in states.hidden_states[:-1]:  # the last one is that after the norm
        assert (state @ r).abs().max() < 1e-5 < state.abs().max()


def test_a_direction_of_any_length_will_do(tmp_path, llamas):
    r = torch.randn(32, generator=torch.Generator().manual_seed(7))
    sources = {k: write_tensors(tmp_path / f"r{k}", {"direction": k * r}) for k in (1, 100)}
    made = [
        read_tensors(
            cook("remove-direction", tmp_path / f"out{k}", {"model": llamas["f32"], "r": path})
        )
        for k, path in sources.items()
    ]
    torch.testing.assert_close(made[0], made[1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize("keep", [0.5, 0.1])
def test_magnitude_prune(tmp_path, llamas, keep, scale):
    sources = {"model": llamas["f32"]}
    out = cook("magnitude-prune", tmp_path / "out", sources, keep=keep, scale=scale)
    wanted = read_tensors(llamas["f32"])
    for name, w in wanted.items():
        if not name.endswith("_proj.weight"):
            continue
        kept = w.abs().topk(int(keep * w.shape[1]), dim=1).indices
        pruned = torch.zeros_like(w).scatter(1, kept, w.gather(1, kept))
        if scale:
            pruned *= w.norm(dim=1, keepdim=True) / pruned.norm(dim=1, keepdim=True)
        wanted[name] = pruned
    torch.testing.assert_close(read_tensors(out), wanted, rtol=1e-6 if scale else 0, atol=0)


@pytest.mark.parametrize("density", [0.2, 0.01])
def test_top_delta(tmp_path, llamas, density):
    sources = {"base": llamas["a"], "tuned": llamas["b"]}
    out = cook("top-delta", tmp_path / "out", sources, density=density)
    wanted, tuned = read_tensors(llamas["a"]), read_tensors(llamas["b"])
    for name, w in wanted.items():
        if not name.endswith("_proj.weight"):
            continue
        delta = (tuned[name].float() - w.float()).flatten()
        # Stable, as of equal magnitudes those that come first are kept.
        order = delta.abs().sort(descending=True, stable=True).indices[: int(density * len(delta))]
        kept = torch.zeros_like(delta)
        kept[order] = delta[order]
        mixed = w.double() + (kept.double() * delta.norm() / kept.norm()).view(w.shape)
        wanted[name] = mixed.float().bfloat16()
    found = read_tensors(out)
    assert found.keys() == wanted.keys()
    for name, tensor in wanted.items():  # bf16: a last bit may differ
        torch.testing.assert_close(found[name], tensor, rtol=2**-7, atol=1e-6)


def test_mixed_precision(tmp_path, llamas):
    out = cook("mixed-precision", tmp_path / "out", {"model": llamas["f32"]})
    wanted = {
        name: tensor if "norm" in name else tensor.bfloat16()
        for name, tensor in read_tensors(llamas["f32"]).items()
    }
    assert_equal(out, wanted)
    assert read_config(out)["dtype"] == "bfloat16"
    load(LlamaForCausalLM, out)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_reshard(tmp_path, llamas, dtype):
    name = {torch.bfloat16: "bf16", torch.float16: "f16"}[dtype]
    out = cook("reshard", tmp_path / "out", {"model": llamas["f32"]}, dtype=name, size="20kB")
    assert_equal(out, {n: t.to(dtype) for n, t in read_tensors(llamas["f32"]).items()})
    shards = list(out.glob("model-*.safetensors"))
    assert len(shards) >= 4 and max(s.stat().st_size for s in shards) < 25_000
    assert read_config(out)["dtype"] == str(dtype).removeprefix("torch.")
    load(LlamaForCausalLM, out)


@pytest.mark.parametrize("ranks", [1, 2])
def test_tensor_parallel(tmp_path, llamas, ranks):
    """The ranks together are the model, and a layer's sums over them are the layer."""
    model = llamas["f32"]
    out = cook("tensor-parallel", tmp_path / "out", {"model": model}, ranks=ranks)
    outs = [out / f"rank-{rank}" for rank in range(ranks)]
    assert [read_config(o)["tensor_parallel"]["rank"] for o in outs] == list(range(ranks))
    parts, source = [read_tensors(o) for o in outs], read_tensors(model)
    assert all(set(part) == set(source) for part in parts)
    for name, whole in source.items():
        if "norm" in name:
            assert all(torch.equal(part[name], whole) for part in parts)
            continue
        axis = 1 if name.endswith(("o_proj.weight", "down_proj.weight")) else 0
        assert torch.equal(torch.cat([part[name] for part in parts], dim=axis), whole)
    shards = [load(LlamaForCausalLM, o) for o in outs]
    x = torch.randn(1, 7, 32, generator=torch.Generator().manual_seed(7))
    layers = [m.model.layers[1] for m in (load(LlamaForCausalLM, model), *shards)]
    rotary = shards[0].model.rotary_emb(x, torch.arange(7)[None])
    whole, *rest = (layer.self_attn(x, rotary, None)[0] for layer in layers)
    torch.testing.assert_close(sum(rest), whole)
    whole, *rest = (layer.mlp(x) for layer in layers)
    torch.testing.assert_close(sum(rest), whole)
