"""Adapters of PEFT, read as what merge_and_unload makes of them, and written for PEFT to load."""

import json

import models
import pytest
import torch
from adapters import CLOSE, adapter, fill, merged_by_peft
from harness import build, described, inarch, write_recipe
from models import Saving, read_tensors
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import GPT2Config, GPT2LMHeadModel, LlamaForCausalLM

ATTENTION = ["q_proj", "k_proj", "v_proj", "o_proj"]

MERGED = """\
inarch: 1
sources:
  tuned: {source}
tensors:
  - {{ from: "tuned:{{name...}}", to: "{{name}}" }}
output:
  config: tuned
"""


def gpt2(path, seed=7):
    """A GPT-2 whose attention has a square matrix, the one that its shape does not tell."""
    torch.manual_seed(seed)
    config = GPT2Config(vocab_size=48, n_positions=32, n_embd=16, n_layer=2, n_head=2)
    model = GPT2LMHeadModel(config)
    fill(model, seed)
    model.save_pretrained(path)
    return path


def merged_here(tmp_path, source, name="merged"):
    out = build(write_recipe(tmp_path, MERGED.format(source=source)), tmp_path / name)
    return read_tensors(out)


def assert_merged(here, theirs, base):
    before = read_tensors(base)
    changed = 0
    for name, x in here.items():
        torch.testing.assert_close(x, theirs[name], **CLOSE)
        if name in before and x.shape == before[name].shape:
            same_there = torch.equal(theirs[name], before[name])
            assert torch.equal(x, before[name]) == same_there, name
            changed += not same_there
    assert changed > 0


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    directory = tmp_path_factory.mktemp("llama")
    return models.llama(directory / "base", Saving(dtype=torch.float32, seed=41))


@pytest.fixture(scope="module")
def gpt(tmp_path_factory):
    return gpt2(tmp_path_factory.mktemp("gpt2") / "base")


CASES = {
    "lora": dict(r=4, lora_alpha=6, target_modules=["q_proj", "v_proj", "down_proj"]),
    "rslora": dict(r=4, lora_alpha=6, use_rslora=True, target_modules=ATTENTION),
    "dora": dict(r=3, lora_alpha=5, use_dora=True, target_modules=[*ATTENTION, "up_proj"]),
    "patterns": dict(
        r=4,
        lora_alpha=8,
        target_modules=ATTENTION,
        rank_pattern={"q_proj": 2, r"layers\.[13]\.self_attn\.(k|v)_proj": 3},
        alpha_pattern={"self_attn.o_proj": 3, r"^model.layers.0.self_attn.k_proj": 5},
    ),
    "rslora patterns": dict(
        r=4, lora_alpha=8, use_rslora=True, target_modules=ATTENTION, rank_pattern={"q_proj": 2}
    ),
    "saved": dict(r=2, lora_alpha=2, target_modules=["q_proj"], modules_to_save=["lm_head", "norm"]),
    "embedding": dict(r=2, lora_alpha=3, target_modules=["embed_tokens", "q_proj"]),
    "dora embedding": dict(r=2, lora_alpha=3, use_dora=True, target_modules=["embed_tokens"]),
    "head": dict(r=2, lora_alpha=3, target_modules=["lm_head"]),
    "all linear": dict(r=2, lora_alpha=3, target_modules="all-linear"),
}


@pytest.mark.parametrize("case", CASES)
def test_llama(tmp_path, llama, case):
    path = adapter(llama, tmp_path / "adapter", **CASES[case])
    here = merged_here(tmp_path, f'{{ path: "{llama}", adapter: "{path}" }}')
    assert_merged(here, merged_by_peft(llama, path), llama)


GPT2_CASES = {
    "lora": dict(r=4, lora_alpha=6, fan_in_fan_out=True, target_modules=["c_attn", "c_proj"]),
    "dora": dict(
        r=4, lora_alpha=6, fan_in_fan_out=True, use_dora=True, target_modules=["c_attn", "c_proj"]
    ),
    "embedding": dict(r=2, lora_alpha=3, fan_in_fan_out=True, target_modules=["wte", "c_fc"]),
    "bias": dict(
        r=2, lora_alpha=3, fan_in_fan_out=True, bias="lora_only", target_modules=["c_attn"]
    ),
    "all biases": dict(r=2, lora_alpha=3, fan_in_fan_out=True, bias="all", target_modules=["c_fc"]),
    "bias of B": dict(
        r=2, lora_alpha=3, fan_in_fan_out=True, lora_bias=True, target_modules=["c_attn"]
    ),
}


@pytest.mark.parametrize("case", GPT2_CASES)
def test_gpt2(tmp_path, gpt, case):
    path = adapter(gpt, tmp_path / "adapter", **GPT2_CASES[case])
    here = merged_here(tmp_path, f'{{ path: "{gpt}", adapter: "{path}" }}')
    assert_merged(here, merged_by_peft(gpt, path), gpt)


def test_names_without_the_prefix_of_the_class(tmp_path, gpt):
    """The hub's GPT-2 has no 'transformer.' before its names."""
    bare = tmp_path / "bare"
    bare.mkdir()
    tensors = {k.removeprefix("transformer."): v for k, v in read_tensors(gpt).items()}
    save_file(tensors, bare / "model.safetensors", {"format": "pt"})
    (bare / "config.json").write_text((gpt / "config.json").read_text())
    path = adapter(gpt, tmp_path / "adapter", **GPT2_CASES["lora"])
    here = merged_here(tmp_path, f'{{ path: "{bare}", adapter: "{path}" }}')
    theirs = merged_by_peft(gpt, path)
    assert here.keys() == tensors.keys()
    for name, x in here.items():
        torch.testing.assert_close(x, theirs["transformer." + name], **CLOSE)


def rewritten(path, to, rename):
    """The adapter with other names."""
    to.mkdir()
    tensors = {rename(k): v for k, v in load_file(path / "adapter_model.safetensors").items()}
    save_file(tensors, to / "adapter_model.safetensors", {"format": "pt"})
    (to / "adapter_config.json").write_text((path / "adapter_config.json").read_text())
    return to


def test_names_of_other_versions(tmp_path, llama):
    path = adapter(llama, tmp_path / "adapter", **CASES["dora"])
    want = merged_here(tmp_path, f'{{ path: "{llama}", adapter: "{path}" }}', "want")

    def default(name):
        if name.endswith("lora_magnitude_vector"):
            return name + ".default.weight"
        return name.replace(".weight", ".default.weight")

    other = rewritten(path, tmp_path / "other", default)
    got = merged_here(tmp_path, f'{{ path: "{llama}", adapter: "{other}" }}', "got")
    assert all(torch.equal(x, got[name]) for name, x in want.items())


def test_shares_add_up(tmp_path, llama):
    """W + 0.7·ΔA − 0.2·ΔB; of DoRA, what it changes in all."""
    one = adapter(llama, tmp_path / "one", seed=5, **CASES["lora"])
    two = adapter(llama, tmp_path / "two", seed=6, **CASES["dora"])
    source = (
        f'{{ path: "{llama}", adapters: [ {{ path: "{one}", scale: 0.7 }}, '
        f'{{ path: "{two}", scale: -0.2 }} ] }}'
    )
    here = merged_here(tmp_path, source)
    base, a, b = read_tensors(llama), merged_by_peft(llama, one), merged_by_peft(llama, two)
    for name, w in base.items():
        wanted = w + 0.7 * (a[name] - w) - 0.2 * (b[name] - w)
        torch.testing.assert_close(here[name], wanted, **CLOSE)


def test_rounded_once(tmp_path, llama):
    """A base in bfloat16: the sum is exact in float64 and rounded but once."""
    base = models.llama(tmp_path / "base", Saving(seed=41))
    path = adapter(base, tmp_path / "adapter", **CASES["lora"])
    here = merged_here(tmp_path, f'{{ path: "{base}", adapter: "{path}" }}')
    factors = load_file(path / "adapter_model.safetensors")
    for name, w in read_tensors(base).items():
        key = f"base_model.model.{name.removesuffix('.weight')}.lora_"
        if f"{key}A.weight" not in factors:
            assert torch.equal(here[name], w)
            continue
        product = factors[f"{key}B.weight"].double() @ factors[f"{key}A.weight"].double()
        exact = w.double() + 6 / 4 * product
        assert here[name].dtype == torch.bfloat16
        assert ((here[name].double() - exact).abs() <= exact.abs() * 2**-8 * 1.001).all()


def test_command_line(tmp_path, llama):
    path = adapter(llama, tmp_path / "adapter", **CASES["lora"])
    want = merged_here(tmp_path, f'{{ path: "{llama}", adapter: "{path}" }}', "want")
    recipe = write_recipe(tmp_path, MERGED.format(source=f'{{ path: "{llama}" }}'))
    out = build(recipe, tmp_path / "got", "--source", f"tuned={llama}+{path}")
    assert all(torch.equal(x, want[name]) for name, x in read_tensors(out).items())


def test_the_base_that_the_adapter_names(tmp_path, llama):
    path = adapter(llama, tmp_path / "adapter", **CASES["lora"])
    want = merged_here(tmp_path, f'{{ path: "{llama}", adapter: "{path}" }}', "want")
    got = merged_here(tmp_path, f'{{ adapter: "{path}" }}', "got")
    assert all(torch.equal(x, want[name]) for name, x in got.items())


def test_inspect(tmp_path, llama):
    path = adapter(llama, tmp_path / "adapter", **CASES["rslora patterns"])
    result = inarch("inspect", path, "--format", "json")
    assert result.returncode == 0, described(result)
    found = json.loads(result.stdout)["adapter"]
    assert found["kind"] == "LORA" and found["rank"] == 4 and found["alpha"] == 8
    assert found["target_modules"] == sorted(ATTENTION)


EXTRACT = """\
inarch: 1
sources:
  base: {{ path: "{base}" }}
  tuned: {{ path: "{base}", adapter: "{adapter}" }}
let: {{ peft: base_model.model }}
tensors:
  - from: {{ w: "base:{{path...}}.{{m}}.weight", tuned: "tuned:{{path}}.{{m}}.weight" }}
    where: m in [{modules}]
    to:
      left: ${{peft}}.{{path}}.{{m}}.lora_B.weight
      right: ${{peft}}.{{path}}.{{m}}.lora_A.weight
    combine: {difference}
    apply: [ {{ low_rank: {{ rank: "{rank}", method: exact }} }} ]
output:
  adapter: {output}
"""


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_extracted_is_loaded_by_peft(tmp_path, llama, gpt, family):
    """Extract → PEFT loads → merged equals what it was extracted from."""
    base = llama if family == "llama" else gpt
    if family == "llama":
        config = dict(r=4, lora_alpha=6, target_modules=ATTENTION, rank_pattern={"q_proj": 2})
        path = adapter(base, tmp_path / "adapter", **config)
        recipe = EXTRACT.format(
            base=base, adapter=path, modules=", ".join(ATTENTION), difference="tuned - w",
            rank="2 if m == 'q_proj' else 4", output="base",
        )
    else:
        path = adapter(base, tmp_path / "adapter", **GPT2_CASES["lora"])
        recipe = EXTRACT.format(
            base=base, adapter=path, modules="c_attn, c_proj", difference="transpose(tuned - w)",
            rank="4", output="{ of: base, task: CAUSAL_LM }",
        )
    out = build(write_recipe(tmp_path, recipe), tmp_path / "extracted")
    config = json.loads((out / "adapter_config.json").read_text())
    assert config["peft_type"] == "LORA" and config["r"] == 4 and config["lora_alpha"] == 4
    assert config["fan_in_fan_out"] == (family == "gpt2")
    assert config["base_model_name_or_path"] == str(base)
    theirs, want = merged_by_peft(base, out), merged_by_peft(base, path)
    for name, x in want.items():
        torch.testing.assert_close(theirs[name], x, rtol=0, atol=5e-6)
    again = merged_here(tmp_path, f'{{ path: "{base}", adapter: "{out}" }}', "again")
    for name, x in again.items():
        torch.testing.assert_close(x, theirs[name], **CLOSE)


def test_loading_leaves_nothing_out(tmp_path, llama):
    """PEFT finds a place for each tensor that is written, and makes none of its own."""
    path = adapter(llama, tmp_path / "adapter", **CASES["lora"])
    recipe = EXTRACT.format(
        base=llama, adapter=path, modules="q_proj, v_proj, down_proj", difference="tuned - w",
        rank="4", output="base",
    )
    out = build(write_recipe(tmp_path, recipe), tmp_path / "extracted")
    loaded = PeftModel.from_pretrained(LlamaForCausalLM.from_pretrained(llama), out)
    there = {k.replace(".default", "") for k in loaded.state_dict() if "lora_" in k}
    assert there == set(load_file(out / "adapter_model.safetensors"))


def test_dora_is_written(tmp_path, llama):
    """Factors and magnitudes copied from one adapter to another, which PEFT reads alike."""
    path = adapter(llama, tmp_path / "adapter", **CASES["dora"])
    recipe = f"""\
inarch: 1
sources:
  base: {{ path: "{llama}" }}
  dora: {{ path: "{path}" }}
tensors: [ {{ from: "dora:{{name...}}", to: "{{name}}" }} ]
output: {{ adapter: {{ of: base, alpha: dora.config.lora_alpha }} }}
"""
    out = build(write_recipe(tmp_path, recipe), tmp_path / "copy")
    config = json.loads((out / "adapter_config.json").read_text())
    assert config["use_dora"] and config["r"] == 3 and config["lora_alpha"] == 5
    theirs, want = merged_by_peft(llama, out), merged_by_peft(llama, path)
    assert all(torch.equal(x, want[name]) for name, x in theirs.items())


@pytest.mark.parametrize("encoding", ["nf4", "{ fp8: { block: [16, 16], scales: f32 } }"])
def test_an_encoded_base_is_decoded_where_it_is_touched(tmp_path, llama, encoding):
    def copied(source, name, output):
        text = MERGED.format(source=source).replace("config: tuned", output)
        return build(write_recipe(tmp_path, text, f"{name}.yaml"), tmp_path / name)

    encoded = copied(f'{{ path: "{llama}" }}', "encoded", f"config: tuned\n  encode: {encoding}")
    decoded = copied(f'{{ path: "{encoded}" }}', "decoded", "config: tuned\n  encode: none")
    path = adapter(llama, tmp_path / "adapter", **CASES["dora"])
    here = copied(f'{{ path: "{encoded}", adapter: "{path}" }}', "here", "config: tuned")
    want = copied(f'{{ path: "{decoded}", adapter: "{path}" }}', "want", "config: tuned")
    tensors, merged, stored = (load_file(d / "model.safetensors") for d in (here, want, encoded))
    touched = [n for n in merged if n.removesuffix(".weight").rpartition(".")[2] in
               [*ATTENTION, "up_proj"]]  # fmt: skip
    assert touched
    for name in touched:
        assert torch.equal(tensors[name], merged[name])
    rest = {n: x for n, x in stored.items() if not any(n.startswith(t) for t in touched)}
    assert all(torch.equal(tensors[name].view(-1), x.view(-1)) for name, x in rest.items())
    theirs = merged_by_peft(decoded, path)
    for name in touched:
        torch.testing.assert_close(merged[name], theirs[name], **CLOSE)
