"""recipes/modeling/modeling_deepseek_v4_low_rank.py: factored models load, generate, and equal their products."""

import json
from dataclasses import dataclass

import deepseek_v4
import models
import pytest
import rank_reference as reference
import torch
from deepseek_v4 import V4, published
from harness import ROOT, build
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, DeepseekV4ForCausalLM

RECIPE = ROOT / "recipes" / "deepseek-v4-pro-rank-64.yaml"
WIDTHS = dict(moe_intermediate_size=64)
TOKENS = torch.randint(160, (2, 140), generator=torch.Generator().manual_seed(3))

VARIANTS = {
    "bf16": (8, V4(WIDTHS, published, predicting=True, seed=11)),
    "published": (8, V4(WIDTHS, published, files=3, predicting=True, block=(32, 32), seed=12)),
    "as-saved": (6, V4(dict(WIDTHS, mlp_bias=True), seed=13)),
    "attention-stays": (24, V4(WIDTHS, published, files=2, predicting=True, block=(32, 16), seed=14)),
    "experts-stay": (16, V4(dict(moe_intermediate_size=32, hidden_size=128), published, block=(32, 32))),
}


@dataclass
class Built:
    out: object
    products: object  # the same as a stock model, in f32
    paths: list


def write_products(directory, out, source, paths):
    directory.mkdir()
    tensors = reference.dense(out, paths, source.block)
    tensors = {n: t.float() if t.is_floating_point() else t for n, t in tensors.items()}
    save_file(tensors, directory / "model.safetensors", metadata={"format": "pt"})
    gone = ("quantization_config", "auto_map", "truncation_ranks")
    config = {k: v for k, v in models.read_config(out).items() if k not in gone}
    (directory / "config.json").write_text(json.dumps(config | {"torch_dtype": "float32"}))


@pytest.fixture(scope="module", params=VARIANTS.values(), ids=VARIANTS.keys())
def built(request, tmp_path_factory):
    rank, kind = request.param
    directory = tmp_path_factory.mktemp("low-rank")
    source = reference.Source(deepseek_v4.make(directory / "pro", kind))
    settings = ("--set", f"rank={rank}", "--set", "modeling=true")
    out = build(RECIPE, directory / "out", "--source", f"pro={source.directory}", *settings)
    paths = reference.factored(source, rank)
    assert paths
    write_products(directory / "products", out, source, paths)
    return Built(out, directory / "products", paths)


@pytest.fixture(autouse=True, scope="module")
def modules(tmp_path_factory):
    """Where transformers copies the modelling file to."""
    import transformers.dynamic_module_utils as dynamic

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dynamic, "HF_MODULES_CACHE", str(tmp_path_factory.mktemp("modules")))
        yield


def low_rank(built, dtype):
    return AutoModelForCausalLM.from_pretrained(built.out, trust_remote_code=True, dtype=dtype).eval()


def stock(built, dtype):
    model, loading = DeepseekV4ForCausalLM.from_pretrained(
        built.products, output_loading_info=True, dtype=dtype
    )
    assert not any(loading.values()), loading
    return model.eval()


@torch.no_grad()
def logits(model):
    return model(TOKENS).logits.float()


def test_it_is_factored_in_memory(built):
    """As many numbers as factors have, and no more."""
    model = low_rank(built, "auto")
    assert type(model).__name__ == "DeepseekV4LowRankForCausalLM" and model.dtype == torch.bfloat16
    kept = {n: t for n, t in models.read_tensors(built.out).items() if not n.startswith("mtp.")}
    numbers = sum(t.numel() * (2 if t.dtype == torch.int8 else 1) for t in kept.values())
    scales = sum(t.numel() for n, t in kept.items() if n.endswith(".scale"))
    held = sum(t.numel() for t in model.state_dict().values())
    assert held == numbers - scales


def test_logits_in_f32(built):
    found, expected = logits(low_rank(built, torch.float32)), logits(stock(built, torch.float32))
    assert expected.std() > 0
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4 * float(expected.abs().max()))


def test_logits_in_bf16(built):
    """As near to those of f32 as the stock model's are, whose products are rounded."""
    exact = logits(stock(built, torch.float32))
    off = (logits(low_rank(built, torch.bfloat16)) - exact).abs().median()
    assert off <= 1.5 * (logits(stock(built, torch.bfloat16)) - exact).abs().median()


def test_generates(built):
    """The same tokens as the stock model, with caches."""
    prompt = TOKENS[:1, :9]
    produced = [
        model.generate(prompt, max_new_tokens=12, min_new_tokens=12, do_sample=False)
        for model in (low_rank(built, torch.float32), stock(built, torch.float32))
    ]
    assert produced[0].shape[1] == 21 and torch.equal(*produced)


def test_another_ranks_than_the_files_have(built, tmp_path):
    """What transformers reports in passing is an error here."""
    for file in built.out.iterdir():
        (tmp_path / file.name).symlink_to(file)
    config = models.read_config(built.out)
    path = next(p for p in built.paths if p.startswith("layers.") and ".experts." not in p)
    del config["truncation_ranks"][path]
    (tmp_path / "config.json").unlink()
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="not those of the config"):
        AutoModelForCausalLM.from_pretrained(tmp_path, trust_remote_code=True)
