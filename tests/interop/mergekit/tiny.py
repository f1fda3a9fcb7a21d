"""The models that configs/ and invalid/ name, made tiny: `models/NAME` and `adapters/NAME` below a directory.

A family is a base and fine-tunes of it: the base and noise, more in one than in the next. Some tensors of a
fine-tune are the base's own, and some entries of others, as they are where training did not reach.
"""

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    Gemma2Config,
    Gemma2ForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    MixtralConfig,
    MixtralForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

VOCAB = 96
SIZES = {
    "vocab_size": VOCAB,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
}
SPECIAL = ["<pad>", "<s>", "</s>", "<unk>"]
WORDS = [f"w{k}" for k in range(VOCAB - len(SPECIAL))]
GROWN = ["x0", "x1", "<y0>", "<y1>"]
BF16, F16, F32 = torch.bfloat16, torch.float16, torch.float32


def filled(model, generator):
    """Random values for every parameter, of the sizes that trained weights have."""
    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() == 1:
                parameter.add_(0.2 * noise)
            else:
                parameter.copy_(noise / parameter.shape[-1] ** 0.5)
    return model


def save(model, directory, dtype, tokens):
    model.to(dtype).save_pretrained(directory)
    tokens.save_pretrained(directory)


def tune(source, directory, noise, seed):
    """Writes a fine-tune of the model in `source`: its files, with other weights."""
    generator = torch.Generator().manual_seed(seed)
    directory.mkdir()
    for path in source.iterdir():
        if path.suffix != ".safetensors":
            (directory / path.name).write_bytes(path.read_bytes())
    tensors = {
        name: tuned(name, tensor, noise, generator)
        for name, tensor in load_file(source / "model.safetensors").items()
    }
    save_file(tensors, directory / "model.safetensors", metadata={"format": "pt"})


def tuned(name, tensor, noise, generator):
    delta = torch.randn(tensor.shape, generator=generator) * tensor.float().std() * noise
    if tensor.dim() == 2:
        delta *= torch.rand(tensor.shape, generator=generator) < 0.8
    if ".1." in name and "k_proj" in name:
        delta *= 0
    return (tensor.float() + delta).to(tensor.dtype)


def family(root, name, model, dtype, noises, added=()):
    """NAME and NAME-a, NAME-b … one for each amount of noise."""
    seed = sum(map(ord, name)) * 10  # the same on every machine, and another for another family
    base = root / "models" / name
    save(filled(model, torch.Generator().manual_seed(seed)), base, dtype, tokenizer(added))
    for k, noise in enumerate(noises, 1):
        tune(base, root / "models" / f"{name}-{chr(96 + k)}", noise, seed + k)


SLIDING = ["sliding_attention", "full_attention"]


def make_all(root):
    root = Path(root)
    llama = LlamaConfig(**SIZES)
    family(root, "llama", LlamaForCausalLM(llama), BF16, (0.02, 0.1, 0.3))
    family(root, "llama32", LlamaForCausalLM(llama), F32, (0.02, 0.1, 0.3))
    family(root, "llama16", LlamaForCausalLM(llama), F16, (0.02, 0.1))
    tied = LlamaConfig(**SIZES, tie_word_embeddings=True)
    family(root, "tied", LlamaForCausalLM(tied), BF16, (0.05,))
    short = LlamaConfig(**{**SIZES, "num_hidden_layers": 2})
    family(root, "short", LlamaForCausalLM(short), BF16, ())
    wide = LlamaConfig(**{**SIZES, "vocab_size": VOCAB + 4})
    family(root, "wide", LlamaForCausalLM(wide), BF16, (0.1,), GROWN)
    grown(root, "llama-b", "llama-grown", tokenizer(GROWN))
    grown(root, "llama-c", "llama-other", tokenizer(["<y1>", "x0", "z0"], WORDS[::-1]))
    narrow = LlamaConfig(**{**SIZES, "hidden_size": 16, "num_attention_heads": 2})
    family(root, "narrow", LlamaForCausalLM(narrow), BF16, ())
    family(root, "mistral", MistralForCausalLM(MistralConfig(**SIZES)), BF16, (0.05, 0.2))
    family(root, "mixtral", mixtral(), BF16, (0.05,))
    qwen2 = Qwen2Config(**SIZES, use_sliding_window=True, max_window_layers=2, sliding_window=64)
    family(root, "qwen2", Qwen2ForCausalLM(qwen2), BF16, (0.05, 0.2))
    family(root, "qwen3", Qwen3ForCausalLM(Qwen3Config(**SIZES, head_dim=8)), BF16, (0.05, 0.2))
    gemma2 = Gemma2Config(**SIZES, head_dim=8, sliding_window=64, layer_types=SLIDING * 2)
    family(root, "gemma2", Gemma2ForCausalLM(gemma2), BF16, (0.05, 0.2))
    gpt2 = GPT2Config(vocab_size=VOCAB, n_positions=32, n_embd=32, n_layer=3, n_head=4)
    family(root, "gpt2", GPT2LMHeadModel(gpt2), F32, (0.05, 0.2))
    adapter(root, "llama", "first", 4, ["q_proj", "v_proj", "down_proj"])
    adapter(root, "llama", "second", 2, ["o_proj"])


def grown(root, source, name, tokens):
    """A fine-tune with tokens of its own after those of its base, which may have other ids."""
    config = LlamaConfig(**{**SIZES, "vocab_size": len(tokens)})
    model = filled(LlamaForCausalLM(config), torch.Generator().manual_seed(len(name))).to(BF16)
    smaller = load_file(root / "models" / source / "model.safetensors")
    ids = [tokens.get_vocab()[token] for token in SPECIAL + WORDS]
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            rows = ids if len(parameter) == len(tokens) else slice(None)
            parameter[rows] = smaller[key]
    save(model, root / "models" / name, BF16, tokens)


def mixtral():
    sizes = {**SIZES, "num_hidden_layers": 2, "num_local_experts": 3, "num_experts_per_tok": 2}
    return MixtralForCausalLM(MixtralConfig(**sizes))


def adapter(root, base, name, rank, modules):
    """A LoRA for a model, as peft writes it, with factors that change something."""
    from peft import LoraConfig, get_peft_model

    model = LlamaForCausalLM.from_pretrained(root / "models" / base, dtype=F32)
    config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=modules)
    wrapped = get_peft_model(model, config)
    generator = torch.Generator().manual_seed(rank)
    with torch.no_grad():
        for key, parameter in wrapped.named_parameters():
            if "lora_" in key:
                parameter.copy_(0.1 * torch.randn(parameter.shape, generator=generator))
    wrapped.save_pretrained(root / "adapters" / name)


def tokenizer(added=(), words=WORDS):
    """Special tokens, words in some order, and tokens that were added to them; those in brackets are special, too."""
    known = SPECIAL + words
    bpe = Tokenizer(models.BPE({word: k for k, word in enumerate(known)}, [], unk_token="<unk>"))
    bpe.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    bpe.decoder = decoders.BPEDecoder()
    bpe.add_special_tokens(SPECIAL)
    for token in added:
        add = bpe.add_special_tokens if token.startswith("<") else bpe.add_tokens
        add([token])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
    )
    fast.chat_template = "{% for m in messages %}<s>{{ m['content'] }}</s>{% endfor %}"
    return fast
