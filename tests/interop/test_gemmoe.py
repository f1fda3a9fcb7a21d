"""recipes/gemmoe-8x.yaml on small Gemmas, against torch and transformers."""

import json
import shutil

import mixtures
import models
import pytest
import torch
from harness import ROOT, build, described, inarch, write_recipe
from safetensors.torch import load_file
from transformers import GemmaForCausalLM, MixtralForCausalLM

RECIPE = ROOT / "recipes" / "gemmoe-8x.yaml"
LAYERS = mixtures.GEMMA["num_hidden_layers"]


def sources(base, experts):
    arguments = ["--source", f"base={base}"]
    for e, expert in enumerate(experts):
        arguments += ["--source", f"experts[{e}]={expert}"]
    return arguments


@pytest.fixture(scope="module", params=[torch.bfloat16, torch.float32], ids=["bf16", "f32"])
def gemmas(request, tmp_path_factory):
    directory = tmp_path_factory.mktemp("gemmas")
    return [mixtures.gemma(directory / str(k), seed=k, dtype=request.param) for k in range(9)]


def tensors(directory):
    return load_file(directory / "model.safetensors")


def mixtral_of(directory, dtype=torch.float32):
    loaded, loading = MixtralForCausalLM.from_pretrained(directory, output_loading_info=True, dtype=dtype)
    assert not any(loading.values()), loading
    return loaded.eval()


def test_tensors_of_a_mixtral(gemmas, tmp_path):
    out = build(RECIPE, tmp_path / "out", *sources(gemmas[0], gemmas[1:]))
    made, base = tensors(out), tensors(gemmas[0])
    dtype = base["model.norm.weight"].dtype
    assert {t.dtype for t in made.values()} == {dtype}
    scale = torch.tensor(mixtures.GEMMA["hidden_size"] ** 0.5).to(dtype)
    assert torch.equal(made["model.embed_tokens.weight"], base["model.embed_tokens.weight"] * scale)
    assert torch.equal(made["lm_head.weight"], base["model.embed_tokens.weight"])
    for name in base:
        if "norm" in name:
            assert torch.equal(made[name], (1 + base[name].float()).to(dtype))
        elif "self_attn" in name:
            assert torch.equal(made[name], base[name])
    for e in range(8):
        expert = tensors(gemmas[e + 1])
        for i in range(LAYERS):
            for w, p in (("w1", "gate"), ("w2", "down"), ("w3", "up")):
                name = f"model.layers.{i}.block_sparse_moe.experts.{e}.{w}.weight"
                assert torch.equal(made[name], expert[f"model.layers.{i}.mlp.{p}_proj.weight"])
    mixtral_of(out)


def test_eight_equal_experts_are_the_base(gemmas, tmp_path):
    out = build(RECIPE, tmp_path / "out", *sources(gemmas[0], [gemmas[0]] * 8))
    tokens = torch.arange(5, 21)[None]
    with torch.no_grad():
        ours = mixtral_of(out)(tokens).logits
        theirs = GemmaForCausalLM.from_pretrained(gemmas[0], dtype=torch.float32).eval()(tokens).logits
    exact = tensors(gemmas[0])["model.norm.weight"].dtype == torch.float32
    # bf16 weights hold 1 + w and the scaled embedding rounded.
    assert (ours - theirs).norm() <= (2e-6 if exact else 2e-2) * theirs.norm()


def test_the_published_layout(gemmas, tmp_path):
    out = build(RECIPE, tmp_path / "out", *sources(gemmas[0], gemmas[1:]), "--set", "layout=gemmoe")
    made, base = tensors(out), tensors(gemmas[0])
    assert "lm_head.weight" not in made
    kept = [name for name in base if ".mlp." not in name]
    assert all(torch.equal(made[name], base[name]) for name in kept)
    config = json.loads((out / "config.json").read_text())
    assert (config["model_type"], config["architectures"]) == ("gemmoe", ["GemmoeForCausalLM"])
    assert (config["num_local_experts"], config["num_experts_per_tok"], config["hidden_act"]) == (8, 2, "gelu")


def prompts(negative):
    generator = torch.Generator().manual_seed(3)
    draw = lambda: torch.randint(3, 96, (int(torch.randint(2, 7, (1,), generator=generator)),), generator=generator).tolist()
    experts = []
    for e in range(8):
        entry = {"positive_prompts": [draw() for _ in range(1 + e % 3)]}
        if negative and e % 2:
            entry["negative_prompts"] = [draw() for _ in range(1 + e % 2)]
        experts.append(entry)
    return {"experts": experts}


def unit(x):
    return x / x.norm(dim=-1, keepdim=True).clamp(min=1e-8)


def cheap_embed(path, expert):
    embedding = tensors(path)["model.embed_tokens.weight"].float()
    side = lambda key: unit(sum(embedding[p].sum(0) for p in expert.get(key, [])))
    row = side("positive_prompts")
    if expert.get("negative_prompts"):
        row = row - side("negative_prompts")
    return unit(row).expand(LAYERS, -1)


def hidden(path, expert):
    model = GemmaForCausalLM.from_pretrained(path, dtype=torch.float32).eval()

    def side(key):
        with torch.no_grad():
            states = [model(torch.tensor([p]), output_hidden_states=True).hidden_states[:-1] for p in expert[key]]
        return torch.stack([torch.stack([layer[0, -1] for layer in s]) for s in states]).mean(0)

    row = side("positive_prompts")
    if expert.get("negative_prompts"):
        row = row - side("negative_prompts")
    return unit(row)


@pytest.mark.parametrize("gate", ["cheap_embed", "hidden"])
@pytest.mark.parametrize("negative", [False, True], ids=["for", "for-and-against"])
def test_gates(gemmas, tmp_path, gate, negative, monkeypatch):
    monkeypatch.setenv("INARCH_CACHE", str(tmp_path / "cache"))
    asked = prompts(negative)
    file = mixtures.write_json(tmp_path / "prompts.json", asked)
    arguments = [*sources(gemmas[0], gemmas[1:]), "--set", f"gate={gate}", "--set", f"prompts={file}"]
    checked = inarch("check", RECIPE, *arguments)
    assert checked.returncode == 0, described(checked)
    out = build(RECIPE, tmp_path / "out", *arguments)
    made = tensors(out)
    oracle = {"cheap_embed": cheap_embed, "hidden": hidden}[gate]
    expected = torch.stack([oracle(gemmas[0], expert) for expert in asked["experts"]], dim=1)
    dtype = tensors(gemmas[0])["model.norm.weight"].dtype
    for i in range(LAYERS):
        ours = made[f"model.layers.{i}.block_sparse_moe.gate.weight"]
        assert ours.dtype == dtype
        tolerance = 2**-8 if dtype == torch.bfloat16 else 1e-4
        torch.testing.assert_close(ours.float(), expected[i], rtol=tolerance, atol=1e-4)
    again = inarch("run", RECIPE, *arguments, "-o", out)
    assert again.returncode == 0 and "nothing to do" in again.stdout, described(again)


@pytest.mark.parametrize("gate", ["cheap_embed", "hidden"])
def test_texts_get_a_bos(gemmas, tmp_path, gate, monkeypatch):
    """A prompt that is a text is what the base's tokenizer makes of it, from bos on."""
    monkeypatch.setenv("INARCH_CACHE", str(tmp_path / "cache"))
    base = shutil.copytree(gemmas[0], tmp_path / "base")
    tokenizer = models.tokenizer(96, "what the base reads")
    tokenizer.save_pretrained(base)
    texts = [[f"base reads {word}", word] for word in ("what", "the", "base", "reads", "a", "b", "c", "d")]
    ids = [[[tokenizer.bos_token_id, *tokenizer(t, add_special_tokens=False).input_ids] for t in pair] for pair in texts]
    made = []
    for name, asked in (("texts", texts), ("ids", ids)):
        file = mixtures.write_json(tmp_path / f"{name}.json", {"experts": [{"positive_prompts": a} for a in asked]})
        made.append(build(RECIPE, tmp_path / name, *sources(base, gemmas[1:]), "--set", f"gate={gate}", "--set", f"prompts={file}"))
    texts_made, ids_made = (tensors(out) for out in made)
    assert all(torch.equal(texts_made[name], ids_made[name]) for name in ids_made)


def test_texts_as_prompts_of_states(gemmas, tmp_path, monkeypatch):
    monkeypatch.setenv("INARCH_CACHE", str(tmp_path / "cache"))
    base = shutil.copytree(gemmas[0], tmp_path / "base")
    tokenizer = models.tokenizer(96, "what the base reads")
    tokenizer.save_pretrained(base)
    ids = [tokenizer.bos_token_id, *tokenizer("the base reads", add_special_tokens=False).input_ids]
    recipe = write_recipe(
        tmp_path,
        f"""\
inarch: 1
sources:
  base: {{ path: "{base}" }}
  texts: {{ states: {{ of: base, prompts: [ the base reads ] }} }}
  ids: {{ states: {{ of: base, prompts: [ {ids} ] }} }}
tensors:
  - {{ from: "texts:layers.{{i}}", to: "texts.{{i}}" }}
  - {{ from: "ids:layers.{{i}}", to: "ids.{{i}}" }}
""",
    )
    made = tensors(build(recipe, tmp_path / "out"))
    assert len(made) == 2 * LAYERS
    assert all(torch.equal(made[f"texts.{i}"], made[f"ids.{i}"]) and made[f"ids.{i}"].any() for i in range(LAYERS))


def test_experts_that_are_asked_for_alike(gemmas, tmp_path):
    """The routers cannot tell them apart, which is no reason to build nothing."""
    asked = {"experts": [{"positive_prompts": [[3 + (e if e != 5 else 2), 40 + 3 * (e if e != 5 else 2)]]} for e in range(8)]}
    file = mixtures.write_json(tmp_path / "prompts.json", asked)
    out = tmp_path / "out"
    result = inarch("run", RECIPE, "-o", out, *sources(gemmas[0], gemmas[1:]), "--set", "gate=cheap_embed", "--set", f"prompts={file}")
    assert result.returncode == 0 and "W800" in result.stderr and "nearly the same (i = 0)" in result.stderr, described(result)
    mixtral_of(out)


def test_a_gate_without_prompts(gemmas):
    result = inarch("check", RECIPE, *sources(gemmas[0], gemmas[1:]), "--set", "gate=hidden")
    assert result.returncode == 1 and "prompts" in result.stderr, described(result)
