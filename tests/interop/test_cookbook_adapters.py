"""recipes/cookbook: what is made of adapters, held against peft."""

import json

import models
import pytest
import torch
from adapters import CLOSE, adapter, merged_by_peft
from cookbook import cook
from models import Saving, read_tensors
from peft import PeftModel
from transformers import LlamaForCausalLM


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    directory = tmp_path_factory.mktemp("llama")
    return models.llama(directory / "base", Saving(dtype=torch.float32, seed=41))


@pytest.mark.parametrize("dora", [False, True])
def test_merge_adapter(tmp_path, llama, dora):
    lora = adapter(llama, tmp_path / "lora", r=4, lora_alpha=6, use_dora=dora,
                   target_modules=["q_proj", "down_proj"])  # fmt: skip
    out = cook("merge-adapter", tmp_path / "out", {"tuned": f"{llama}+{lora}"})
    theirs = merged_by_peft(llama, lora)
    for name, x in read_tensors(out).items():
        torch.testing.assert_close(x, theirs[name], **CLOSE)


def test_add_adapters(tmp_path, llama):
    """One adapter that peft loads, and that does what both do."""
    config = dict(r=4, lora_alpha=6, target_modules=["q_proj", "v_proj"])
    one = adapter(llama, tmp_path / "one", seed=5, **config)
    two = adapter(llama, tmp_path / "two", seed=6, **(config | {"r": 3, "lora_alpha": 2}))
    sources = {"base": llama, "one": one, "two": two}
    out = cook("add-adapters", tmp_path / "out", sources, share_two=-0.5)
    said = json.loads((out / "adapter_config.json").read_text())
    assert (said["r"], said["lora_alpha"], said["rank_pattern"]) == (7, 7, {})
    assert said["target_modules"] == ["q_proj", "v_proj"]
    model = LlamaForCausalLM.from_pretrained(llama, dtype=torch.float32)
    both = PeftModel.from_pretrained(model, out).merge_and_unload().state_dict()
    a, b = merged_by_peft(llama, one), merged_by_peft(llama, two)
    for name, w in read_tensors(llama).items():
        wanted = w + (a[name] - w) - 0.5 * (b[name] - w)
        torch.testing.assert_close(both[name], wanted, **CLOSE)
