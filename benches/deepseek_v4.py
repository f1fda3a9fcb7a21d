"""The tensors of DeepSeek-V4-Pro, as published, in files without weights.

Headers are whole and data is a hole, so the 865 GB take 20 MB of disk. Of the 145,116 tensors

    142,848 are experts:  62 layers (61, and one that predicts further) × 384 × 3 matrices, each with
                          its scale
      1,798 are the rest of those 62 layers: 29 each
        454 are of what compresses: 31 layers with 4, 30 layers with 11 (an indexer among them)
         10 are what the predicting layer has beside, 6 are embedding, head, norm and streams
"""

import json
import struct
from pathlib import Path

HIDDEN, EXPERT_WIDTH, LAYERS, HEADS, EXPERTS = 7168, 3072, 61, 128, 384
Q_RANK, GROUPS, HEAD_DIM, O_RANK, VOCAB = 1536, 16, 512, 1024, 129280
INDEX_HEADS, INDEX_DIM, STREAMS, HASH_LAYERS = 64, 128, 4, 3
RATIOS = [128, 128] + [4, 128] * 29 + [4]
TENSORS, BYTES = 145_116, 864_704_792_696
SHARDS = 64

WIDTHS = {"BF16": 2, "F32": 4, "I64": 8, "I8": 1, "F8_E4M3": 1, "F8_E8M0": 1}
CONFIG = {
    "architectures": ["DeepseekV4ForCausalLM"],
    "model_type": "deepseek_v4",
    "hidden_size": HIDDEN,
    "moe_intermediate_size": EXPERT_WIDTH,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "num_key_value_heads": 1,
    "head_dim": HEAD_DIM,
    "qk_rope_head_dim": 64,
    "q_lora_rank": Q_RANK,
    "o_lora_rank": O_RANK,
    "o_groups": GROUPS,
    "n_routed_experts": EXPERTS,
    "num_experts_per_tok": 6,
    "n_shared_experts": 1,
    "num_hash_layers": HASH_LAYERS,
    "index_n_heads": INDEX_HEADS,
    "index_head_dim": INDEX_DIM,
    "index_topk": 1024,
    "hc_mult": STREAMS,
    "sliding_window": 128,
    "vocab_size": VOCAB,
    "num_nextn_predict_layers": 1,
    "compress_ratios": RATIOS + [0],
    "torch_dtype": "bfloat16",
    "expert_dtype": "fp4",
    "quantization_config": {
        "activation_scheme": "dynamic",
        "fmt": "e4m3",
        "quant_method": "fp8",
        "scale_fmt": "ue8m0",
        "weight_block_size": [128, 128],
    },
}


def fp8(name, rows, columns):
    """A matrix with a scale for each block of 128 by 128."""
    yield f"{name}.weight", "F8_E4M3", [rows, columns]
    yield f"{name}.scale", "F8_E8M0", [-(-rows // 128), -(-columns // 128)]


def fp4(name, rows, columns):
    """Two numbers a byte, and a scale for each 32 of a row."""
    yield f"{name}.weight", "I8", [rows, columns // 2]
    yield f"{name}.scale", "F8_E8M0", [rows, columns // 32]


def compressor(prefix, ratio, width, head):
    for part in ("wkv", "wgate"):
        yield f"{prefix}.{part}.weight", "BF16", [width, HIDDEN]
    yield f"{prefix}.ape", "F32", [ratio, width]
    yield f"{prefix}.norm.weight", "BF16", [head]


def attention(prefix, ratio):
    yield from fp8(f"{prefix}.wq_a", Q_RANK, HIDDEN)
    yield f"{prefix}.q_norm.weight", "BF16", [Q_RANK]
    yield from fp8(f"{prefix}.wq_b", HEADS * HEAD_DIM, Q_RANK)
    yield from fp8(f"{prefix}.wkv", HEAD_DIM, HIDDEN)
    yield f"{prefix}.kv_norm.weight", "BF16", [HEAD_DIM]
    yield f"{prefix}.attn_sink", "F32", [HEADS]
    yield from fp8(f"{prefix}.wo_a", GROUPS * O_RANK, HEADS * HEAD_DIM // GROUPS)
    yield from fp8(f"{prefix}.wo_b", HIDDEN, GROUPS * O_RANK)
    if ratio == 128:
        yield from compressor(f"{prefix}.compressor", ratio, HEAD_DIM, HEAD_DIM)
    if ratio == 4:
        yield from compressor(f"{prefix}.compressor", ratio, 2 * HEAD_DIM, HEAD_DIM)
        yield from fp8(f"{prefix}.indexer.wq_b", INDEX_HEADS * INDEX_DIM, Q_RANK)
        yield f"{prefix}.indexer.weights_proj.weight", "BF16", [INDEX_HEADS, HIDDEN]
        yield from compressor(f"{prefix}.indexer.compressor", ratio, 2 * INDEX_DIM, INDEX_DIM)


def experts(prefix, by_table, expert):
    yield f"{prefix}.gate.weight", "BF16", [EXPERTS, HIDDEN]
    if by_table:
        yield f"{prefix}.gate.tid2eid", "I64", [VOCAB, 6]
    else:
        yield f"{prefix}.gate.bias", "F32", [EXPERTS]
    owners = [(f"experts.{e}", expert) for e in range(EXPERTS)] + [("shared_experts", fp8)]
    for owner, storage in owners:
        for part in ("w1", "w3"):
            yield from storage(f"{prefix}.{owner}.{part}", EXPERT_WIDTH, HIDDEN)
        yield from storage(f"{prefix}.{owner}.w2", HIDDEN, EXPERT_WIDTH)


def layer(prefix, ratio, by_table, expert):
    yield f"{prefix}.attn_norm.weight", "BF16", [HIDDEN]
    yield from attention(f"{prefix}.attn", ratio)
    yield f"{prefix}.ffn_norm.weight", "BF16", [HIDDEN]
    yield from experts(f"{prefix}.ffn", by_table, expert)
    for half in ("attn", "ffn"):
        mixes = STREAMS * (STREAMS + 2)
        yield f"{prefix}.hc_{half}_fn", "F32", [mixes, STREAMS * HIDDEN]
        yield f"{prefix}.hc_{half}_base", "F32", [mixes]
        yield f"{prefix}.hc_{half}_scale", "F32", [3]


def streams(prefix):
    yield f"{prefix}hc_head_fn", "F32", [STREAMS, STREAMS * HIDDEN]
    yield f"{prefix}hc_head_base", "F32", [STREAMS]
    yield f"{prefix}hc_head_scale", "F32", [1]


def tensors(expert=fp4):
    """(name, dtype, shape) of each, in the order of the layers."""
    yield "embed.weight", "BF16", [VOCAB, HIDDEN]
    for i, ratio in enumerate(RATIOS):
        yield from layer(f"layers.{i}", ratio, i < HASH_LAYERS, expert)
    yield from layer("mtp.0", 0, False, expert)
    for part in ("e_proj", "h_proj"):
        yield from fp8(f"mtp.0.{part}", HIDDEN, HIDDEN)
    for part in ("enorm", "hnorm", "norm"):
        yield f"mtp.0.{part}.weight", "BF16", [HIDDEN]
    yield from streams("mtp.0.")
    yield from streams("")
    yield "norm.weight", "BF16", [HIDDEN]
    yield "head.weight", "BF16", [VOCAB, HIDDEN]


def size(dtype, shape):
    count = WIDTHS[dtype]
    for side in shape:
        count *= side
    return count


def write_shard(path, entries):
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, dtype, shape in entries:
        begin, end = end, end + size(dtype, shape)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + end)


def write_model(directory, expert=fp4):
    """Writes shards, index and config; returns the number of tensors and their bytes."""
    directory = Path(directory)
    directory.mkdir(parents=True)
    everything = list(tensors(expert))
    total = sum(size(dtype, shape) for _, dtype, shape in everything)
    if expert is fp4:
        assert (len(everything), total) == (TENSORS, BYTES)
    shards = [[]]
    filled = 0
    for entry in everything:
        if filled > total * len(shards) / SHARDS:
            shards.append([])
        shards[-1].append(entry)
        filled += size(*entry[1:])
    weight_map = {}
    for k, entries in enumerate(shards):
        name = f"model-{k + 1:05}-of-{len(shards):05}.safetensors"
        write_shard(directory / name, entries)
        weight_map.update((tensor, name) for tensor, _, _ in entries)
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    (directory / "model.safetensors.index.json").write_text(json.dumps(index, indent=2))
    (directory / "config.json").write_text(json.dumps(CONFIG, indent=2))
    return len(everything), total
