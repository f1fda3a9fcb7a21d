"""What `inarch logits` and `inarch stats` compute, against transformers."""

import json
import os
import subprocess
import time
from pathlib import Path

import decoders
import models
import pytest
import torch
from harness import INARCH, build, described, inarch, write_recipe
from safetensors.torch import load_file, save_file
from transformers import Gemma3Config, Gemma3ForConditionalGeneration

LENGTHS = [19, 1, 70]


def compute(command, model, tokens, out, *arguments):
    result = inarch(command, model, "--tokens", json.dumps(tokens), "-o", out, *arguments)
    assert result.returncode == 0, described(result)
    return load_file(out)


def distance(a, b):
    """The greatest difference, relative to the greatest of what was expected."""
    return float((a - b).abs().max() / b.abs().max())


@pytest.mark.parametrize("case", decoders.CASES)
def test_logits_and_states(tmp_path, case):
    path = decoders.decoder(case, tmp_path / "model")
    model = decoders.load(path)
    tokens = decoders.sequences(97, LENGTHS)
    logits = compute("logits", path, tokens, tmp_path / "logits.safetensors")
    stats = compute("stats", path, tokens, tmp_path / "stats.safetensors")
    for s, ids in enumerate(tokens):
        states, wanted = decoders.run(model, ids)
        assert distance(logits[f"sequence.{s}"], wanted) < 1e-4
        for layer in range(len(states) - 1):
            assert distance(stats[f"layers.{layer}.state.last"][s], states[layer][-1]) < 1e-4
            assert distance(stats[f"layers.{layer}.state.mean"][s], states[layer].mean(0)) < 1e-4


@pytest.mark.parametrize("case", ["llama", "gemma2", "gemma3", "qwen3", "mixtral", "qwen3_moe"])
def test_bf16(tmp_path, case):
    """Rounded where torch rounds: nearer to torch in bf16 than torch in f32 is."""
    path = decoders.decoder(case, tmp_path / "model", torch.bfloat16)
    exact, rounded = decoders.load(path), decoders.load(path, torch.bfloat16)
    tokens = decoders.sequences(97, [40])
    ours = compute("logits", path, tokens, tmp_path / "a.safetensors", "--rounding", "bf16")
    plain = compute("logits", path, tokens, tmp_path / "b.safetensors")
    _, wanted = decoders.run(exact, tokens[0])
    assert distance(plain["sequence.0"], wanted) < 1e-4
    _, theirs = decoders.run(rounded, tokens[0])
    apart = float((ours["sequence.0"] - theirs).norm() / theirs.norm())
    assert apart < 0.6 * float((wanted - theirs).norm() / theirs.norm())


@pytest.mark.parametrize("command", ["logits", "stats"])
@pytest.mark.parametrize("case", ["gemma3", "mixtral"])
def test_same_bytes(tmp_path, case, command):
    path = decoders.decoder(case, tmp_path / "model")
    tokens = decoders.sequences(97, [5, 130, 66, 64])
    for name, options in {"a": ["-j", 1], "b": ["-j", 2], "c": ["-j", 5, "--memory", "80MiB"]}.items():
        compute(command, path, tokens, tmp_path / name, *options)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert (tmp_path / "a").read_bytes() == (tmp_path / "c").read_bytes()


class Inputs:
    """Mean squares of what enters every Linear of a model, and of what its experts do."""

    def __init__(self, model):
        self.rows, self.experts = {}, {}
        for name, module in model.named_modules():
            if isinstance(module, torch.nn.Linear) or name.endswith(".gate"):
                module.register_forward_hook(
                    lambda _, args, __, name=name: self.rows.setdefault(name, []).append(
                        args[0].detach().reshape(-1, args[0].shape[-1])
                    )
                )
            if name.endswith("mlp.experts"):
                module.register_forward_hook(
                    lambda module, args, _, name=name: self.experts.setdefault(
                        name, (module, [])
                    )[1].append([a.detach() for a in args])
                )

    def moments(self, name):
        return torch.cat(self.rows[name]).double().square().mean(0)

    def of_experts(self, name):
        """counts, weights, coactivation, mean outputs, and by expert the rows in and between."""
        module, calls = self.experts[name]
        x, chosen, weights = (torch.cat([call[k] for call in calls]) for k in range(3))
        hits = torch.zeros(len(x), module.num_experts, dtype=torch.int64).scatter(1, chosen, 1)
        share = torch.zeros(len(x), module.num_experts).scatter(1, chosen, weights)
        outputs, before, between = [], [], []
        for e in range(module.num_experts):
            rows = x[hits[:, e] == 1]
            gate, up = (rows @ module.gate_up_proj[e].T).chunk(2, dim=-1)
            inner = torch.nn.functional.silu(gate) * up
            before.append(rows), between.append(inner)
            outputs.append((inner @ module.down_proj[e].T).sum(0) / max(len(rows), 1))
        return hits.sum(0), share.sum(0), hits.T @ hits, torch.stack(outputs), before, between


@pytest.mark.parametrize("case", ["llama-biased", "gemma2", "qwen3_moe-mixed", "mixtral"])
def test_stats(tmp_path, case):
    path = decoders.decoder(case, tmp_path / "model")
    model = decoders.load(path)
    inputs = Inputs(model)
    tokens = decoders.sequences(97, [30, 11])
    with torch.no_grad():
        for ids in tokens:
            model(torch.tensor([ids]))
        stats = compute("stats", path, tokens, tmp_path / "stats.safetensors")
        seen = set()
        for name in inputs.rows:
            stored = name.replace("mlp.gate", "block_sparse_moe.gate") if case == "mixtral" else name
            if name == "lm_head":
                continue
            seen.add(stored)
            assert distance(stats[f"{stored}.input_moments"], inputs.moments(name)) < 1e-4
        for name in inputs.experts:
            layer = int(name.split(".")[2])
            counts, weights, together, outputs, before, between = inputs.of_experts(name)
            assert torch.equal(stats[f"layers.{layer}.counts"], counts)
            assert torch.equal(stats[f"layers.{layer}.coactivation"], together)
            assert distance(stats[f"layers.{layer}.weights"], weights) < 1e-4
            assert distance(stats[f"layers.{layer}.mean_output"], outputs) < 1e-4
            first, second = ("w1", "w2") if case == "mixtral" else ("gate_proj", "down_proj")
            stem = name.replace("mlp.experts", "block_sparse_moe.experts") if case == "mixtral" else name
            for e, (rows, inner) in enumerate(zip(before, between)):
                if len(rows) == 0:
                    continue
                of_gate = stats[f"{stem}.{e}.{first}.input_moments"]
                assert distance(of_gate, rows.square().mean(0)) < 1e-4
                assert distance(stats[f"{stem}.{e}.{second}.input_moments"], inner.square().mean(0)) < 1e-4
    assert all(f"{name}.input_moments" in stats for name in seen)


def rewrite(path, change_config=None, change_tensors=None):
    """The same model in another spelling."""
    if change_config:
        models.rewrite_config(path, change_config)
    if change_tensors:
        save_file(change_tensors(load_file(path / "model.safetensors")), path / "model.safetensors")


def older_llama3(config):
    config["rope_scaling"] = config.pop("rope_parameters")
    config["rope_theta"] = config["rope_scaling"].pop("rope_theta")


def stacked(tensors):
    """The experts of Mixtral in two tensors, as a module holds them."""
    out = {n: t for n, t in tensors.items() if "block_sparse_moe" not in n}
    for layer in range(3):
        stem = f"model.layers.{layer}."
        get = lambda e, w: tensors[f"{stem}block_sparse_moe.experts.{e}.{w}.weight"]
        out[f"{stem}mlp.gate.weight"] = tensors[f"{stem}block_sparse_moe.gate.weight"]
        out[f"{stem}mlp.experts.gate_up_proj"] = torch.stack(
            [torch.cat([get(e, "w1"), get(e, "w3")]) for e in range(5)]
        )
        out[f"{stem}mlp.experts.down_proj"] = torch.stack([get(e, "w2") for e in range(5)])
    return out


def without_stem(tensors):
    return {name.removeprefix("model."): tensor for name, tensor in tensors.items()}


@pytest.mark.parametrize(
    "case, change_config, change_tensors",
    [
        ("llama-biased", older_llama3, None),
        ("gemma3", models.hub_spelling_of_gemma3, None),
        ("mixtral", None, stacked),
        ("qwen3", None, without_stem),
    ],
    ids=["rope_scaling", "gemma-3-of-the-hub", "stacked-experts", "without-model"],
)
def test_other_spellings(tmp_path, case, change_config, change_tensors):
    """Older configs and other names give the same bytes."""
    path = decoders.decoder(case, tmp_path / "model")
    tokens = decoders.sequences(97, [40])
    before = compute("logits", path, tokens, tmp_path / "a.safetensors")
    rewrite(path, change_config, change_tensors)
    after = compute("logits", path, tokens, tmp_path / "b.safetensors")
    assert torch.equal(before["sequence.0"], after["sequence.0"])


def test_gemma_3_with_eyes(tmp_path):
    """The text part of a model that sees."""
    text = decoders.CASES["gemma3-scaled"][1]
    vision = dict(hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2,
                  image_size=28, patch_size=14)
    config = Gemma3Config(text_config=text, vision_config=vision, mm_tokens_per_image=4,
                          image_token_index=96, boi_token_index=95, eoi_token_index=94)
    models.save(Gemma3ForConditionalGeneration(config), tmp_path / "model",
                models.Saving(dtype=torch.float32))
    model = Gemma3ForConditionalGeneration.from_pretrained(
        tmp_path / "model", attn_implementation="eager"
    ).eval()
    ids = decoders.sequences(90, [25])[0]
    logits = compute("logits", tmp_path / "model", ids, tmp_path / "logits.safetensors")
    with torch.no_grad():
        assert distance(logits["sequence.0"], model(torch.tensor([ids])).logits[0]) < 1e-4


ENCODED = """\
inarch: 1
name: encoded
sources: {{ a: {{ path: "{path}" }} }}
tensors:
  - from: "a:{{name...}}.{{p}}_proj.weight"
    to: "{{name}}.{{p}}_proj.weight"
    encode: {spec}
  - {{ from: "a:{{name...}}", to: "{{name}}", rest: true }}
output: {{ config: a }}
"""
DECODED = """\
inarch: 1
name: decoded
sources: {{ a: {{ path: "{path}" }} }}
tensors:
  - {{ from: "a:{{name...}}", to: "{{name}}", dtype: f32 }}
output: {{ config: a }}
"""


@pytest.mark.parametrize("spec", ["nf4", "{ fp8: { block: [128, 128] } }"])
def test_encoded(tmp_path, spec):
    """Encoded weights are run as what they decode to."""
    path = decoders.decoder("llama", tmp_path / "model", torch.bfloat16)
    recipe = write_recipe(tmp_path, ENCODED.format(path=path, spec=spec))
    encoded = build(recipe, tmp_path / "encoded")
    decoded = build(
        write_recipe(tmp_path, DECODED.format(path=encoded), "back.yaml"), tmp_path / "decoded"
    )
    tokens = decoders.sequences(97, [33])
    a = compute("logits", encoded, tokens, tmp_path / "a.safetensors")
    b = compute("logits", decoded, tokens, tmp_path / "b.safetensors")
    assert torch.equal(a["sequence.0"], b["sequence.0"])


def measured_peak(*arguments):
    """Bytes that the program had in memory at most. (What wait4 says includes this process.)"""
    run = subprocess.Popen([INARCH, *map(str, arguments)], stdout=subprocess.DEVNULL)
    peak = 0
    while run.poll() is None:
        for line in Path(f"/proc/{run.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:") and Path(os.readlink(f"/proc/{run.pid}/exe")).name == "inarch":
                peak = int(line.split()[1]) * 1024
        time.sleep(0.005)
    assert run.returncode == 0 and peak > 0
    return peak


def test_little_memory(tmp_path):
    """A model of 300 MB in less than half of that, its vocabulary matrix included."""
    config = dict(model_type="llama", hidden_size=1024, intermediate_size=4096, vocab_size=64000,
                  num_hidden_layers=6, num_attention_heads=16, num_key_value_heads=4,
                  torch_dtype="bfloat16")
    (tmp_path / "config.json").write_text(json.dumps(config))
    made = inarch("synth", "llama", "--config", tmp_path / "config.json", "-o", tmp_path / "model")
    assert made.returncode == 0, described(made)
    peak = measured_peak("logits", tmp_path / "model", "--tokens", json.dumps(list(range(200))),
                         "--memory", "128MiB", "-j", 2)
    assert peak < 128 << 20
