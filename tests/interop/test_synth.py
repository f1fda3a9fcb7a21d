"""Models that `inarch synth` makes load in transformers with every name in its place."""

import models
import pytest
import torch
from harness import described, inarch
from safetensors import safe_open
from transformers import (
    Gemma3ForCausalLM,
    Gemma4ForConditionalGeneration,
    LlamaForCausalLM,
)

KINDS = {
    "llama": (models.llama, LlamaForCausalLM),
    "gemma3_text": (models.gemma3, Gemma3ForCausalLM),
    "gemma4": (models.gemma4, Gemma4ForConditionalGeneration),
}


def synth(kind, directory, *arguments):
    """A checkpoint with the config of one that transformers wrote."""
    theirs = KINDS[kind][0](directory / "theirs")
    out = directory / "out"
    result = inarch("synth", kind, "--config", theirs / "config.json", "-o", out, *arguments)
    assert result.returncode == 0, described(result)
    return theirs, out


@pytest.mark.parametrize("kind", KINDS)
def test_loads_whole(tmp_path, kind):
    theirs, out = synth(kind, tmp_path)
    assert set(models.read_tensors(out)) == set(models.read_tensors(theirs))
    _, loading = KINDS[kind][1].from_pretrained(out, output_loading_info=True, dtype=torch.bfloat16)
    assert not any(loading.values()), loading


def test_values_and_shards(tmp_path):
    _, out = synth("llama", tmp_path, "--dtype", "f32", "--std", "0.5", "--shard-size", "40KB")
    assert len(list(out.glob("*.safetensors"))) > 1
    weights = models.read_tensors(out)
    values = torch.cat([w.flatten() for w in weights.values() if w.dim() > 1])
    assert {w.dtype for w in weights.values()} == {torch.float32}
    assert abs(values.std() - 0.5) < 0.02 and abs(values.mean()) < 0.02


def test_seeds(tmp_path):
    runs = []
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        (tmp_path / name).mkdir()
        _, out = synth("llama", tmp_path / name, "--seed", seed)
        runs.append((out / "model.safetensors").read_bytes())
    assert runs[0] == runs[1] != runs[2]


def test_headers_only(tmp_path):
    theirs, out = synth("llama", tmp_path, "--headers-only")
    wanted = models.read_tensors(theirs)
    with safe_open(out / "model.safetensors", "pt") as opened:
        for name, tensor in wanted.items():
            assert opened.get_tensor(name).shape == tensor.shape
            assert not opened.get_tensor(name).any()
