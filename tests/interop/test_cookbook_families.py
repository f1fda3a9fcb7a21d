"""recipes/cookbook: from one architecture, or one spelling of it, to another."""

import re
import shutil

import models
import pytest
import torch
from cookbook import (
    TOKENS,
    assert_equal,
    assert_same_function,
    cook,
    load,
    logits,
    make,
    write_tensors,
)
from harness import build, write_recipe
from models import Saving, read_config, read_tensors
from transformers import (
    BertConfig,
    BertForMaskedLM,
    Gemma3Config,
    Gemma3ForCausalLM,
    Gemma3ForConditionalGeneration,
    GemmaConfig,
    GemmaForCausalLM,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    MistralForCausalLM,
    MixtralConfig,
    MixtralForCausalLM,
    Phi3Config,
    Phi3ForCausalLM,
    Qwen2ForCausalLM,
    Qwen3MoeConfig,
    Qwen3MoeForCausalLM,
    SiglipVisionModel,
)

SIZES = dict(
    vocab_size=96,
    hidden_size=32,
    intermediate_size=48,
    num_hidden_layers=3,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=128,
)


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    return models.llama(tmp_path_factory.mktemp("llama"), Saving(dtype=torch.float32, seed=31))


@pytest.fixture(scope="module")
def phi3(tmp_path_factory):
    model = Phi3ForCausalLM(Phi3Config(pad_token_id=0, **SIZES))
    return make(tmp_path_factory.mktemp("phi3"), model, seed=32)


@pytest.fixture(scope="module")
def mixtral(tmp_path_factory):
    config = MixtralConfig(num_local_experts=5, num_experts_per_tok=3, **SIZES)
    return make(tmp_path_factory.mktemp("mixtral"), MixtralForCausalLM(config), seed=33)


def test_phi3_to_llama(tmp_path, phi3):
    out = cook("phi3-to-llama", tmp_path / "out", {"model": phi3})
    wanted = read_tensors(phi3)
    for i in range(3):
        layer = f"model.layers.{i}"
        parts = wanted.pop(f"{layer}.self_attn.qkv_proj.weight").split([32, 16, 16])
        wanted |= {f"{layer}.self_attn.{p}_proj.weight": x for p, x in zip("qkv", parts)}
        gate, up = wanted.pop(f"{layer}.mlp.gate_up_proj.weight").split(48)
        wanted |= {f"{layer}.mlp.gate_proj.weight": gate, f"{layer}.mlp.up_proj.weight": up}
    assert_equal(out, wanted)
    assert_same_function(logits(load(LlamaForCausalLM, out)), logits(load(Phi3ForCausalLM, phi3)))


def test_llama_to_phi3(tmp_path, llama, phi3):
    out = cook("llama-to-phi3", tmp_path / "out", {"model": llama})
    assert_same_function(logits(load(Phi3ForCausalLM, out)), logits(load(LlamaForCausalLM, llama)))
    # There and back again.
    back = cook("phi3-to-llama", tmp_path / "back", {"model": out})
    assert_equal(back, read_tensors(llama))


@pytest.mark.parametrize("std", [0.02, 0.0])
def test_upcycle_mixtral(tmp_path, llama, std):
    out = cook("upcycle-mixtral", tmp_path / "out", {"model": llama}, experts=3, router_std=std)
    wanted, found = read_tensors(llama), read_tensors(out)
    for i in range(4):
        block = f"model.layers.{i}.block_sparse_moe"
        for w, p in (("w1", "gate"), ("w2", "down"), ("w3", "up")):
            dense = wanted.pop(f"model.layers.{i}.mlp.{p}_proj.weight")
            wanted |= {f"{block}.experts.{e}.{w}.weight": dense for e in range(3)}
        router = found[f"{block}.gate.weight"]
        assert router.shape == (3, 32) and abs(router.std() - std) <= std / 4
        wanted[f"{block}.gate.weight"] = router
    assert_equal(out, wanted)
    before = logits(load(LlamaForCausalLM, llama))
    assert_same_function(logits(load(MixtralForCausalLM, out)), before)


@pytest.mark.parametrize("experts", [2, 4])
def test_split_mlp_into_experts(tmp_path, llama, experts):
    out = cook("split-mlp-into-experts", tmp_path / "out", {"model": llama}, experts=experts)
    source, found = read_tensors(llama), read_tensors(out)
    wanted = {name: tensor for name, tensor in source.items() if ".mlp." not in name}
    for i in range(4):
        block = f"model.layers.{i}.block_sparse_moe"
        wanted[f"{block}.gate.weight"] = torch.zeros_like(found[f"{block}.gate.weight"])
        for w, p in (("w1", "gate"), ("w3", "up")):
            rows = source[f"model.layers.{i}.mlp.{p}_proj.weight"].chunk(experts)
            wanted |= {f"{block}.experts.{e}.{w}.weight": part for e, part in enumerate(rows)}
        columns = source[f"model.layers.{i}.mlp.down_proj.weight"].chunk(experts, dim=1)
        wanted |= {f"{block}.experts.{e}.w2.weight": part * experts for e, part in enumerate(columns)}
    assert_equal(out, wanted)
    before = logits(load(LlamaForCausalLM, llama))
    assert_same_function(logits(load(MixtralForCausalLM, out)), before)


@pytest.mark.parametrize("mode", ["mean", "concat"])
def test_experts_to_dense(tmp_path, mixtral, llama, mode):
    out = cook("experts-to-dense", tmp_path / "out", {"model": mixtral}, mode=mode)
    source = read_tensors(mixtral)
    wanted = {name: tensor for name, tensor in source.items() if "moe" not in name}
    for i in range(3):
        for w, p in (("w1", "gate"), ("w2", "down"), ("w3", "up")):
            experts = [source[f"model.layers.{i}.block_sparse_moe.experts.{e}.{w}.weight"] for e in range(5)]
            dense = sum(e.double() for e in experts) / 5 if mode == "mean" else torch.cat(experts, dim=int(p == "down"))
            if mode == "concat" and p == "down":
                dense = dense / 5
            wanted[f"model.layers.{i}.mlp.{p}_proj.weight"] = dense.to(experts[0].dtype)
    found = read_tensors(out)
    assert set(found) == set(wanted)
    for name, tensor in wanted.items():
        torch.testing.assert_close(found[name], tensor, rtol=1e-6, atol=1e-7)
    load(MistralForCausalLM, out)
    split = cook("split-mlp-into-experts", tmp_path / "split", {"model": llama})
    back = cook("experts-to-dense", tmp_path / "back", {"model": split}, mode="concat")
    assert_same_function(logits(load(MistralForCausalLM, back)), logits(load(LlamaForCausalLM, llama)))


@pytest.mark.parametrize("experts", [[0, 2, 4], [3, 1]])
def test_prune_experts_mixtral(tmp_path, mixtral, experts):
    out = cook("prune-experts-mixtral", tmp_path / "out", {"model": mixtral}, experts=experts)
    source = read_tensors(mixtral)
    wanted = {name: tensor for name, tensor in source.items() if "moe" not in name}
    for i in range(3):
        block = f"model.layers.{i}.block_sparse_moe"
        wanted[f"{block}.gate.weight"] = source[f"{block}.gate.weight"][experts]
        for new, old in enumerate(experts):
            for w in ("w1", "w2", "w3"):
                wanted[f"{block}.experts.{new}.{w}.weight"] = source[
                    f"{block}.experts.{old}.{w}.weight"
                ]
    assert_equal(out, wanted)
    assert read_config(out)["num_local_experts"] == len(experts)
    load(MixtralForCausalLM, out)


STACKED = {
    "mixtral": (MixtralForCausalLM, dict(block="block_sparse_moe", names=["w1", "w3", "w2"])),
    "qwen3_moe": (Qwen3MoeForCausalLM, dict()),
}


@pytest.mark.parametrize("family", STACKED)
def test_stack_experts(tmp_path, mixtral, family):
    """transformers loads them as it loads single ones, and reads the same model; so do we."""
    model_class, params = STACKED[family]
    path = mixtral
    if family == "qwen3_moe":
        sizes = dict(num_experts=4, num_experts_per_tok=2, moe_intermediate_size=24)
        config = Qwen3MoeConfig(**SIZES, **sizes, decoder_sparse_step=2, mlp_only_layers=[])
        path = make(tmp_path / "model", Qwen3MoeForCausalLM(config), seed=38)
    out = cook("stack-experts", tmp_path / "out", {"model": path}, **params)
    source, found = read_tensors(path), read_tensors(out)
    names = params.get("names", ["gate_proj", "up_proj", "down_proj"])
    block = f"model.layers.1.{params.get('block', 'mlp')}.experts"
    experts = read_config(path).get("num_experts") or read_config(path)["num_local_experts"]
    each = [[source[f"{block}.{e}.{name}.weight"] for e in range(experts)] for name in names]
    gate_up = torch.stack([torch.cat(pair) for pair in zip(each[0], each[1])])
    assert torch.equal(found["model.layers.1.mlp.experts.gate_up_proj"], gate_up)
    assert torch.equal(found["model.layers.1.mlp.experts.down_proj"], torch.stack(each[2]))
    assert torch.equal(logits(load(model_class, out)), logits(load(model_class, path)))
    back = write_recipe(tmp_path, USUAL.format(path=out))
    assert_equal(build(back, tmp_path / "back"), source)


USUAL = """\
inarch: 1
sources: {{ m: {{ path: "{path}", spelling: usual }} }}
tensors: [ {{ from: "m:{{name...}}", to: "{{name}}" }} ]
output: {{ config: m }}
"""


def test_router_norms(tmp_path, mixtral):
    out = cook("router-norms", tmp_path / "out", {"model": mixtral}, gate="block_sparse_moe.gate")
    found, source = read_tensors(out), read_tensors(mixtral)
    assert sorted(found) == [f"layers.{i}.router_norm" for i in range(3)]
    for i in range(3):
        gate = source[f"model.layers.{i}.block_sparse_moe.gate.weight"]
        wanted = gate.double().norm(dim=1).float()
        torch.testing.assert_close(found[f"layers.{i}.router_norm"], wanted, rtol=1e-6, atol=0)


@pytest.mark.parametrize("keep", [2, 4])
def test_prune_experts_by_use(tmp_path, mixtral, keep):
    generator = torch.Generator().manual_seed(9)
    counts = torch.randint(0, 1000, (3, 5), generator=generator)
    use = write_tensors(tmp_path / "use", {"counts": counts})
    sources = {"model": mixtral, "use": use}
    out = cook("prune-experts-by-use", tmp_path / "out", sources, keep=keep)
    source = read_tensors(mixtral)
    wanted = {name: tensor for name, tensor in source.items() if "moe" not in name}
    for i in range(3):
        block = f"model.layers.{i}.block_sparse_moe"
        experts = counts[i].topk(keep).indices.sort().values.tolist()
        wanted[f"{block}.gate.weight"] = source[f"{block}.gate.weight"][experts]
        for new, old in enumerate(experts):
            for w in ("w1", "w2", "w3"):
                wanted[f"{block}.experts.{new}.{w}.weight"] = source[
                    f"{block}.experts.{old}.{w}.weight"
                ]
    assert_equal(out, wanted)
    assert read_config(out)["num_experts_per_tok"] == min(keep, 3)
    load(MixtralForCausalLM, out)


@pytest.mark.parametrize("tied", [False, True])
def test_fold_norms(tmp_path, tied):
    model = LlamaForCausalLM(LlamaConfig(tie_word_embeddings=tied, **SIZES))
    llama = make(tmp_path / "llama", model, seed=35)
    out = cook("fold-norms", tmp_path / "out", {"model": llama})
    wanted = read_tensors(llama)
    ones = [name for name in wanted if name.endswith("layernorm.weight")]
    for i in range(3):
        layer = f"model.layers.{i}"
        for norm, readers in (
            ("input", [f"self_attn.{p}" for p in "qkv"]),
            ("post_attention", ["mlp.gate", "mlp.up"]),
        ):
            for reader in readers:
                wanted[f"{layer}.{reader}_proj.weight"] *= wanted[f"{layer}.{norm}_layernorm.weight"]
    if not tied:
        wanted["lm_head.weight"] *= wanted["model.norm.weight"]
        ones.append("model.norm.weight")
    wanted |= {name: torch.ones(32) for name in ones}
    assert_equal(out, wanted)
    before = logits(load(LlamaForCausalLM, llama))
    assert_same_function(logits(load(LlamaForCausalLM, out)), before)


def test_center_writing_neox(tmp_path):
    config = GPTNeoXConfig(
        vocab_size=128,
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=48,
        max_position_embeddings=64,
    )
    neox = make(tmp_path / "neox", GPTNeoXForCausalLM(config), seed=36)
    out = cook("center-writing-neox", tmp_path / "out", {"model": neox})
    wanted = read_tensors(neox)
    for name, tensor in wanted.items():
        if name.endswith((".dense.weight", "dense_4h_to_h.weight", "embed_out.weight")):
            wanted[name] = (tensor.double() - tensor.double().mean(0)).float()
        elif name.endswith((".dense.bias", "dense_4h_to_h.bias")):
            wanted[name] = (tensor.double() - tensor.double().mean()).float()
        elif name == "gpt_neox.embed_in.weight":
            wanted[name] = (tensor.double() - tensor.double().mean(1, keepdim=True)).float()
    torch.testing.assert_close(read_tensors(out), wanted, rtol=1e-6, atol=1e-7)
    before = logits(load(GPTNeoXForCausalLM, neox)).log_softmax(-1)
    assert_same_function(logits(load(GPTNeoXForCausalLM, out)).log_softmax(-1), before)


def test_gemma_to_llama(tmp_path):
    model = GemmaForCausalLM(GemmaConfig(head_dim=16, **SIZES))
    gemma = make(tmp_path / "gemma", model, seed=34)
    out = cook("gemma-to-llama", tmp_path / "out", {"model": gemma})
    wanted = read_tensors(gemma)
    embeddings = wanted["model.embed_tokens.weight"]
    for name, tensor in wanted.items():
        if tensor.dim() == 1:
            wanted[name] = 1 + tensor
    scaled = {"model.embed_tokens.weight": embeddings * 32**0.5, "lm_head.weight": embeddings}
    assert_equal(out, wanted | scaled)
    before = logits(load(GemmaForCausalLM, gemma))
    assert_same_function(logits(load(LlamaForCausalLM, out)), before)


def test_llama_to_gemma(tmp_path, llama):
    out = cook("llama-to-gemma", tmp_path / "out", {"model": llama})
    wanted = read_tensors(llama)
    for name, tensor in wanted.items():
        if tensor.dim() == 1:
            wanted[name] = tensor - 1
    wanted["model.embed_tokens.weight"] *= 32**-0.5
    assert_equal(out, wanted)
    before = logits(load(LlamaForCausalLM, llama))
    assert_same_function(logits(load(GemmaForCausalLM, out)), before)


def test_llama_to_qwen2(tmp_path, llama):
    out = cook("llama-to-qwen2", tmp_path / "out", {"model": llama})
    wanted = read_tensors(llama)
    for i in range(4):
        attention = f"model.layers.{i}.self_attn"
        for p, size in zip("qkv", (32, 16, 16)):
            wanted[f"{attention}.{p}_proj.bias"] = torch.zeros(size)
    assert_equal(out, wanted)
    before = logits(load(LlamaForCausalLM, llama))
    assert_same_function(logits(load(Qwen2ForCausalLM, out)), before)


META_NAMES = {
    "model.embed_tokens": "tok_embeddings",
    "model.norm": "norm",
    "lm_head": "output",
    "input_layernorm": "attention_norm",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "feed_forward.w1",
    "mlp.down_proj": "feed_forward.w2",
    "mlp.up_proj": "feed_forward.w3",
} | {f"self_attn.{p}_proj": f"attention.w{p}" for p in "qkvo"}


def meta_checkpoint(tensors, head_dim):
    """A Llama of transformers in Meta's spelling: rows d and d + head_dim/2 become neighbours."""
    order = torch.arange(head_dim).reshape(2, -1).T.flatten()
    found = {}
    for name, x in tensors.items():
        layer = re.match(r"model\.(layers\.\d+\.)|", name)
        module = name[layer.end() :].removesuffix(".weight")
        if module in ("self_attn.q_proj", "self_attn.k_proj"):
            x = x.unflatten(0, (-1, head_dim))[:, order].flatten(0, 1)
        found[f"{layer[1] or ''}{META_NAMES[module]}.weight"] = x
    return found


def attention_scores(q, k, head_dim):
    """Products of q and k, in which neighbours are complex numbers that turn with the position."""
    speeds = 10000 ** -(torch.arange(0, head_dim, 2) / head_dim)
    angles = torch.outer(torch.arange(len(q)), speeds)
    turn = torch.polar(torch.ones_like(angles), angles)[:, None]
    pairs = [x.unflatten(-1, (-1, head_dim // 2, 2)) for x in (q, k)]
    q, k = (turn * torch.view_as_complex(x) for x in pairs)
    return torch.einsum("qhd,khd->hqk", q, k.conj().repeat_interleave(2, dim=1)).real


def test_llama_hf_to_meta(tmp_path, llama):
    """Meta's way to rotate q and k gives the attention that transformers has."""
    out = cook("llama-hf-to-meta", tmp_path / "out", {"model": llama})
    assert_equal(out, meta_checkpoint(read_tensors(llama), head_dim=8))
    tensors, model = read_tensors(out), load(LlamaForCausalLM, llama)
    model.set_attn_implementation("eager")
    with torch.no_grad():
        attention = model(TOKENS, output_attentions=True).attentions[0]
        hidden = model.model.layers[0].input_layernorm(model.model.embed_tokens(TOKENS))[0]
    q, k = (hidden @ tensors[f"layers.0.attention.w{p}.weight"].T for p in "qk")
    future = torch.full((7, 7), -torch.inf).triu(1)
    ours = (attention_scores(q, k, 8) * 8**-0.5 + future).softmax(dim=-1)
    torch.testing.assert_close(ours, attention[0])


def test_llama_meta_to_hf(tmp_path, llama):
    source = read_tensors(llama)
    tensors = meta_checkpoint(source, head_dim=8) | {"rope.freqs": torch.ones(4)}
    meta = write_tensors(tmp_path / "meta", tensors)
    config = str(llama / "config.json")
    out = cook("llama-meta-to-hf", tmp_path / "out", {"meta": meta}, config=config)
    assert_equal(out, source)
    load(LlamaForCausalLM, out)


def test_rename_gamma_beta(tmp_path):
    sizes = dict(SIZES, max_position_embeddings=32)
    sizes.pop("num_key_value_heads")
    new = make(tmp_path / "new", BertForMaskedLM(BertConfig(**sizes)), seed=35)

    def old_name(name):
        norm, _, last = name.rpartition(".")
        return f"{norm}.{dict(weight='gamma', bias='beta')[last]}" if "LayerNorm" in name else name

    tensors = read_tensors(new)
    old = write_tensors(tmp_path / "old", {old_name(n): x for n, x in tensors.items()})
    shutil.copy(new / "config.json", old)
    out = cook("rename-gamma-beta", tmp_path / "out", {"model": old})
    assert_equal(out, tensors)
    assert torch.equal(*(logits(load(BertForMaskedLM, d)) for d in (out, new)))


def small_gemma3(directory):
    text = dict(SIZES, head_dim=16, query_pre_attn_scalar=24, sliding_window=4)
    text |= dict(num_hidden_layers=7, rms_norm_eps=1e-5)
    vision = dict(hidden_size=24, intermediate_size=40, num_hidden_layers=1, num_attention_heads=2)
    media = dict(image_token_index=90, boi_token_index=91, eoi_token_index=92)
    config = Gemma3Config(
        text_config=text,
        vision_config=dict(vision, image_size=28, patch_size=14),
        mm_tokens_per_image=4,
        **media,
    )
    return make(directory, Gemma3ForConditionalGeneration(config), seed=36)


def test_gemma3_text(tmp_path):
    model = small_gemma3(tmp_path / "model")
    out = cook("gemma3-text", tmp_path / "out", {"model": model})
    prefix = "language_model."
    source = read_tensors(model).items()
    assert_equal(out, {n.removeprefix(prefix): x for n, x in source if n.startswith(prefix)})
    before = logits(load(Gemma3ForConditionalGeneration, model))
    assert_same_function(logits(load(Gemma3ForCausalLM, out)), before)


def test_split_text_and_vision(tmp_path):
    model = small_gemma3(tmp_path / "model")
    out = cook("split-text-and-vision", tmp_path / "out", {"model": model})
    source = read_tensors(model)
    text, vision = read_tensors(out / "text"), read_tensors(out / "vision")
    assert len(text) + len(vision) == len(source)
    for name, tensor in (text | vision).items():
        prefix = "language_model." if name in text else "vision_tower."
        prefix = "" if name.startswith("multi_modal_projector.") else prefix
        assert torch.equal(tensor, source[prefix + name])
    whole = load(Gemma3ForConditionalGeneration, model)
    assert_same_function(logits(load(Gemma3ForCausalLM, out / "text")), logits(whole))
    # The tower loads by itself and sees what it saw; the projector is beside it.
    tower, loading = SiglipVisionModel.from_pretrained(
        out / "vision", output_loading_info=True, dtype=torch.float32
    )
    assert not loading["missing_keys"]
    assert set(loading["unexpected_keys"]) == {n for n in vision if "projector" in n}
    pixels = torch.randn(1, 3, 28, 28, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        found = tower.eval()(pixel_values=pixels).last_hidden_state
        wanted = whole.model.vision_tower(pixel_values=pixels).last_hidden_state
    torch.testing.assert_close(found, wanted)
