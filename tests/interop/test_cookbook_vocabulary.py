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


@pytest.mark.parametrize("tokens", [80, 96, 128])
def test_resize_vocabulary(tmp_path, llama, tokens):
    out = cook("resize-vocabulary", tmp_path / "out", {"model": llama}, tokens=tokens)
    wanted = read_tensors(llama)
    for name in {EMBEDDINGS, HEAD} & set(wanted):
        mean = wanted[name].double().mean(0, keepdim=True).float()
        wanted[name] = torch.cat([wanted[name][:tokens], mean.expand(max(0, tokens - 96), 32)])
    assert_equal(out, wanted)
    after = logits(load(LlamaForCausalLM, out), TOKENS)
    assert after.shape[-1] == tokens == read_config(out)["vocab_size"]
    if tokens >= 96:
        torch.testing.assert_close(after[..., :96], logits(load(LlamaForCausalLM, llama)))


@pytest.fixture(scope="module")
def other(llama, tmp_path_factory):
    """Another model of the same shape."""
    tied = read_config(llama)["tie_word_embeddings"]
    saving = Saving(dtype=torch.float32, seed=22)
    return models.llama(tmp_path_factory.mktemp("other"), saving, tied=tied)


def test_graft_embeddings(tmp_path, llama, other):
    out = cook("graft-embeddings", tmp_path / "out", {"body": llama, "words": other})
    words = read_tensors(other)
    wanted = read_tensors(llama)
    assert_equal(out, wanted | {n: words[n] for n in {EMBEDDINGS, HEAD} & set(wanted)})
    tokenizer = (out / "tokenizer.json").read_bytes()
    assert tokenizer == (other / "tokenizer.json").read_bytes()
    load(LlamaForCausalLM, out)


def test_graft_embeddings_of_a_tied_model(tmp_path, llama):
    """Head and config follow the words, whether the body's head is tied or not."""
    words = models.llama(tmp_path / "words", Saving(dtype=torch.float32, seed=23), tied=True)
    out = cook("graft-embeddings", tmp_path / "out", {"body": llama, "words": words})
    assert HEAD not in read_tensors(out)
    model = load(LlamaForCausalLM, out)
    assert torch.equal(model.lm_head.weight, read_tensors(words)[EMBEDDINGS])


@pytest.mark.parametrize("share", [0.5, 0.25])
def test_average_embeddings(tmp_path, llama, other, share):
    out = cook("average-embeddings", tmp_path / "out", {"a": llama, "b": other}, share=share)
    wanted, b = read_tensors(llama), read_tensors(other)
    for name in {EMBEDDINGS, HEAD} & set(wanted):
        wanted[name] = (1 - share) * wanted[name] + share * b[name]
    assert_equal(out, wanted)
    load(LlamaForCausalLM, out)


def test_untie_head(tmp_path):
    tied = models.llama(tmp_path / "tied", Saving(dtype=torch.float32, seed=24), tied=True)
    out = cook("untie-head", tmp_path / "out", {"model": tied})
    wanted = read_tensors(tied)
    assert_equal(out, wanted | {HEAD: wanted[EMBEDDINGS]})
    before, after = (load(LlamaForCausalLM, d) for d in (tied, out))
    assert torch.equal(logits(after), logits(before))
    assert after.lm_head.weight.data_ptr() != after.model.embed_tokens.weight.data_ptr()
