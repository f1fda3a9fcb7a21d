"""recipes/cookbook: embeddings, heads and vocabularies."""

import models
import pytest
import torch
from cookbook import TOKENS, assert_equal, cook, load, logits
from models import Saving, read_config, read_tensors
from transformers import LlamaForCausalLM

EMBEDDINGS = "model.embed_tokens.weight"
HEAD = "lm_head.weight"


@pytest.fixture(scope="module", params=["untied", "tied"])
def llama(request, tmp_path_factory):
    saving = Saving(dtype=torch.float32, seed=21)
    return models.llama(tmp_path_factory.mktemp("models"), saving, tied=request.param == "tied")


def test_trim_vocabulary(tmp_path, llama):
    """A trimmed model gives the tokens that are left the logits they had."""
    ids = [2, 1, *range(95, 40, -5), 3, 17, 5, 64, 9, 30]
    out = cook("trim-vocabulary", tmp_path / "out", {"model": llama}, ids=ids)
    wanted = read_tensors(llama)
    for name in {EMBEDDINGS, HEAD} & set(wanted):
        wanted[name] = wanted[name][ids]
    assert_equal(out, wanted)
    old, new = read_config(llama), read_config(out)
    assert new["vocab_size"] == len(ids)
    assert [ids[new[k]] for k in ("bos_token_id", "eos_token_id")] == [
        old[k] for k in ("bos_token_id", "eos_token_id")
    ]
    tokens = torch.tensor([[ids.index(t) for t in TOKENS[0].tolist()]])
    before = logits(load(LlamaForCausalLM, llama))
    assert torch.equal(logits(load(LlamaForCausalLM, out), tokens), before[..., ids])


@pytest.mark.parametrize("multiple, size", [(64, 128), (96, 96), (40, 120)])
def test_pad_vocabulary(tmp_path, llama, multiple, size):
    out = cook("pad-vocabulary", tmp_path / "out", {"model": llama}, multiple=multiple)
    wanted = read_tensors(llama)
    for name in {EMBEDDINGS, HEAD} & set(wanted):
        wanted[name] = torch.cat([wanted[name], torch.zeros(size - 96, 32)])
    assert_equal(out, wanted)
    before, after = (logits(load(LlamaForCausalLM, d)) for d in (llama, out))
    assert torch.equal(after, torch.cat([before, torch.zeros(1, 7, size - 96)], dim=-1))
