"""Tiny checkpoints, made by the real libraries and filled with values that show a mistake.

A freshly made model has norms of 0 or 1, infinite clip bounds and layer scalars of 1: a rule that
copied the wrong one would go unseen. Every maker here therefore fills every tensor with random
values, from a seed, before it saves. Sizes that a bug could mix up differ from each other.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    Gemma4AudioConfig,
    Gemma4Config,
    Gemma4ForConditionalGeneration,
    Gemma4TextConfig,
    Gemma4VisionConfig,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)
from transformers.models.gemma4.image_processing_pil_gemma4 import Gemma4ImageProcessorPil

PATCH = 4
POOLING = 2


@dataclass(frozen=True)
class TextShape:
    """Sizes of a small Gemma 3. The window pattern is 6, so layers 5 and 11 attend fully."""

    layers: int = 14
    hidden: int = 32
    intermediate: int = 48
    heads: int = 4
    kv_heads: int = 1
    head_dim: int = 16
    vocab: int = 128
    scalar: int = 16  # query_pre_attn_scalar


@dataclass(frozen=True)
class VisionShape:
    """Sizes of a small Gemma 4 in the manner of E2B: 4:1 windows, shared keys, double-wide MLPs."""

    layers: int = 10
    hidden: int = 24
    vocab: int = 128
    tower_layers: int = 3
    tower_hidden: int = 40
    audio: bool = False


@dataclass(frozen=True)
class Saving:
    """How a checkpoint is written."""

    dtype: torch.dtype = torch.bfloat16
    max_shard_size: str = "50GB"
    hub_spelling: bool = False  # the keys that configs on the hub have, not those that 5.x saves
    seed: int = 0


def fill(model, generator):
    """Random values for every parameter and buffer that is saved."""
    saved = set(model.state_dict())
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() == 1:
                parameter.add_(0.3 * noise)
            else:
                parameter.copy_(noise / parameter.shape[-1] ** 0.5)
        for name, buffer in model.named_buffers():
            if name not in saved:
                continue
            size = 2 + 4 * torch.rand(buffer.shape, generator=generator)
            buffer.copy_(-size if name.endswith("_min") else size)


def rewrite_config(directory, change):
    path = Path(directory) / "config.json"
    config = json.loads(path.read_text())
    change(config)
    path.write_text(json.dumps(config, indent=2))


def save(model, directory, saving):
    fill(model, torch.Generator().manual_seed(saving.seed))
    model.to(saving.dtype).save_pretrained(directory, max_shard_size=saving.max_shard_size)


def hub_spelling_of_gemma3(config):
    config.pop("layer_types")
    rope = config.pop("rope_parameters")
    config["sliding_window_pattern"] = 6
    config["rope_theta"] = rope["full_attention"]["rope_theta"]
    config["rope_local_base_freq"] = rope["sliding_attention"]["rope_theta"]
    config["rope_scaling"] = None
    config["cache_implementation"] = "hybrid"
    config["torch_dtype"] = config.pop("dtype")


def gemma3(directory, shape=TextShape(), saving=Saving()):
    """A Gemma3ForCausalLM (gemma3_text) with a tokenizer of its own."""
    config = Gemma3TextConfig(
        vocab_size=shape.vocab,
        hidden_size=shape.hidden,
        intermediate_size=shape.intermediate,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=shape.head_dim,
        query_pre_attn_scalar=shape.scalar,
        sliding_window=512,
        max_position_embeddings=32768,
    )
    save(Gemma3ForCausalLM(config), directory, saving)
    if saving.hub_spelling:
        rewrite_config(directory, hub_spelling_of_gemma3)
    tokenizer(shape.vocab, "tokenizer of the text model").save_pretrained(directory)
    return Path(directory)


def gemma4_config(shape):
    text = Gemma4TextConfig(
        vocab_size=shape.vocab,
        vocab_size_per_layer_input=shape.vocab,
        hidden_size=shape.hidden,
        intermediate_size=56,
        num_hidden_layers=shape.layers,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=8,
        global_head_dim=16,
        layer_types=[
            "full_attention" if (i + 1) % 5 == 0 else "sliding_attention"
            for i in range(shape.layers)
        ],
        sliding_window=512,
        max_position_embeddings=131072,
        final_logit_softcapping=30.0,
        hidden_size_per_layer_input=8,
        num_kv_shared_layers=shape.layers // 2,
        use_double_wide_mlp=True,
    )
    vision = Gemma4VisionConfig(
        hidden_size=shape.tower_hidden,
        intermediate_size=72,
        num_hidden_layers=shape.tower_layers,
        num_attention_heads=5,
        num_key_value_heads=5,
        head_dim=8,
        patch_size=PATCH,
        pooling_kernel_size=POOLING,
        position_embedding_size=96,
        use_clipped_linears=True,
    )
    audio = Gemma4AudioConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        subsampling_conv_channels=[4, 4],
        output_proj_dims=20,
    )
    # The tokens for images and sound are the last of the vocabulary.
    return Gemma4Config(
        text_config=text,
        vision_config=vision,
        audio_config=audio if shape.audio else None,
        **{key: shape.vocab - 8 + k for k, key in enumerate(MEDIA_TOKENS)},
    )


MEDIA_TOKENS = {
    "boi_token_id": "<|image>",
    "eoi_token_id": "<image|>",
    "image_token_id": "<|image|>",
    "boa_token_id": "<|audio>",
    "eoa_token_index": "<audio|>",
    "audio_token_id": "<|audio|>",
    "video_token_id": "<|video|>",
}


def hub_spelling_of_gemma4(config, global_head_dim=16):
    text = config["text_config"]
    text.pop("per_layer_config")
    text["global_head_dim"] = global_head_dim
    text["num_global_key_value_heads"] = None


def add_shared_layers_leftovers(directory, shape):
    """The keys and values of sharing layers, which hub checkpoints hold and nothing reads."""
    path = Path(directory) / "model.safetensors"
    tensors = load_file(path)
    for i in range(shape.layers - shape.layers // 2, shape.layers):
        full = (i + 1) % 5 == 0
        attention = f"model.language_model.layers.{i}.self_attn"
        for name in ("k_proj", "v_proj"):
            tensors[f"{attention}.{name}.weight"] = torch.ones(
                16 if full else 8, shape.hidden, dtype=torch.bfloat16
            )
        tensors[f"{attention}.k_norm.weight"] = torch.ones(16 if full else 8, dtype=torch.bfloat16)
    save_file(tensors, path, metadata={"format": "pt"})


def gemma4(directory, shape=VisionShape(), saving=Saving(seed=1)):
    """A Gemma4ForConditionalGeneration with tokenizer and processor."""
    save(Gemma4ForConditionalGeneration(gemma4_config(shape)), directory, saving)
    if saving.hub_spelling:
        rewrite_config(directory, hub_spelling_of_gemma4)
        add_shared_layers_leftovers(directory, shape)
    tokenizer(shape.vocab, "tokenizer of the vision model").save_pretrained(directory)
    processor(directory)
    return Path(directory)


def llama(directory, saving=Saving(seed=2), layers=4, tied=False):
    config = LlamaConfig(
        vocab_size=96,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=128,
        tie_word_embeddings=tied,
    )
    save(LlamaForCausalLM(config), directory, saving)
    tokenizer(96, "tokenizer of the llama").save_pretrained(directory)
    return Path(directory)


def tokenizer(vocab, corpus):
    """A real tokenizer of `vocab` entries whose last eight stand for media."""
    special = ["<pad>", "<eos>", "<bos>", "<unk>"]
    media = list(MEDIA_TOKENS.values())
    bpe = Tokenizer(models.BPE(unk_token="<unk>"))
    bpe.pre_tokenizer = pre_tokenizers.Whitespace()
    bpe.decoder = decoders.BPEDecoder()
    bpe.train_from_iterator(
        [corpus],
        trainers.BpeTrainer(vocab_size=vocab - 8, special_tokens=special, show_progress=False),
    )
    bpe.add_tokens([f"<unused{k}>" for k in range(vocab - 8 - bpe.get_vocab_size())])
    bpe.add_special_tokens(media)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        bos_token="<bos>",
        eos_token="<eos>",
        pad_token="<pad>",
        unk_token="<unk>",
        extra_special_tokens={
            "image_token": "<|image|>",
            "boi_token": "<|image>",
            "eoi_token": "<image|>",
            "audio_token": "<|audio|>",
            "boa_token": "<|audio>",
            "eoa_token": "<audio|>",
        },
    )
    fast.chat_template = "{% for m in messages %}<bos>{{ m['content'] }}<eos>{% endfor %}"
    return fast


def processor(directory):
    images = Gemma4ImageProcessorPil(
        patch_size=PATCH, pooling_kernel_size=POOLING, max_soft_tokens=70
    )
    images.save_pretrained(directory)
    (Path(directory) / "processor_config.json").write_text(
        json.dumps({"processor_class": "Gemma4Processor", "image_seq_length": 70}, indent=2)
    )


def read_tensors(directory):
    """All tensors of a checkpoint, over its shards."""
    tensors = {}
    for path in sorted(Path(directory).glob("*.safetensors")):
        tensors.update(load_file(path))
    return tensors


def read_config(directory):
    return json.loads((Path(directory) / "config.json").read_text())
