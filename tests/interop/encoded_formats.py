"""The formats that test_encodings.py goes through, and small checkpoints in each."""

import json
from pathlib import Path

import torch
from compressed_tensors.compressors.mxfp4.base import MXFP4PackedCompressor
from compressed_tensors.compressors.naive_quantized.base import FloatQuantizationCompressor
from compressed_tensors.compressors.nvfp4.base import NVFP4PackedCompressor
from compressed_tensors.compressors.pack_quantized.base import PackedQuantizationCompressor
from encoded_parts import (
    Format,
    awq,
    bitsandbytes,
    blocks_of_gpt_oss,
    compressed,
    floats,
    fp4_of_deepseek,
    fp8,
    gptq,
    integers,
)
from safetensors.torch import save_file

LAYERS = 3
BNB = {"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_quant_type": "nf4"}


# Rows of whole blocks, rows that end within one, and less than a block with half a byte left over.
BNB_SHAPES = [((48, 128), 64), ((256, 256), 128), ((20, 352), 64), ((7, 9), 64)]


def bnb_formats():
    for kind in ("nf4", "fp4"):
        for nested in (False, True):
            for shape, blocksize in BNB_SHAPES:
                name = f"{kind}-{shape[0]}x{shape[1]}-{blocksize}" + ("-nested" if nested else "")
                said = f"bnb4 /{blocksize}" + (", nested" if nested else "")
                encode = bitsandbytes(kind, shape, blocksize, nested)
                yield Format(name, encode, said, BNB, scale=".weight.absmax")
    half = bitsandbytes("nf4", (16, 64), dtype=torch.float16)
    yield Format("nf4-f16", half, "bnb4 /64", BNB, scale=".weight.absmax")
    for storage in (torch.bfloat16, torch.float32, torch.float16):
        encode = bitsandbytes("nf4", (20, 352), nested=True, storage=storage)
        yield Format(f"nf4-in-{str(storage)[6:]}", encode, "bnb4 /64, nested", BNB)


def fp8_formats():
    for shape, block in (
        ((256, 384), (128, 128)),
        ((288, 320), (128, 128)),
        ((96, 80), (32, 64)),
        ((33, 17), (128, 128)),
    ):
        config = {"quant_method": "fp8", "weight_block_size": list(block)}
        said = f"fp8 {block[0]}x{block[1]}" if shape[0] > block[0] else "fp8, one scale"
        size = f"{shape[0]}x{shape[1]}-{block[0]}x{block[1]}"
        encode = fp8(shape, block, ".weight_scale_inv")
        yield Format(f"fp8-v3-{size}", encode, said, config, scale=".weight_scale_inv")
        yield Format(f"fp8-v4-{size}", fp8(shape, block, ".scale", exponents=True), said, config)
    config = {"quant_method": "fp8", "weight_block_size": [128, 128]}
    e5m2 = fp8((256, 128), (128, 128), ".weight_scale_inv", code=torch.float8_e5m2)
    yield Format("fp8-e5m2", e5m2, "fp8 128x128", config, scale=".weight_scale_inv")
    fp4 = {"expert_dtype": "fp4"}
    yield Format("fp4-v4", fp4_of_deepseek((24, 96)), "mxfp4 /32", config, fp4)
    mxfp4 = {"quant_method": "mxfp4"}
    yield Format("gpt-oss", blocks_of_gpt_oss((2, 24, 96)), "mxfp4 /32", mxfp4)


def quantised_by(format_name, bits, kind="int"):
    weights = {"num_bits": bits, "type": kind}
    return {
        "quant_method": "compressed-tensors",
        "format": format_name,
        "config_groups": {"group_0": {"targets": ["Linear"], "weights": weights}},
    }


def compressed_formats():
    pack = PackedQuantizationCompressor
    for bits in (4, 8):
        config = quantised_by("pack-quantized", bits)
        for name, weights, shape, groups in (
            ("group", integers(bits, "group", 32), (24, 96), 3),
            ("group-asymmetric", integers(bits, "group", 32, symmetric=False), (24, 96), 3),
            ("channel", integers(bits, "channel"), (20, 70), 1),
            ("channel-asymmetric", integers(bits, "channel", symmetric=False), (21, 70), 1),
        ):
            encode = compressed(pack, weights, shape, groups)
            said = f"int{bits} /{shape[1] // groups}"
            yield Format(f"int{bits}-{name}", encode, said, config, scale=".weight_scale")
        encode = compressed(pack, integers(bits, "group", 32), (24, 96), 3, index=True)
        yield Format(f"int{bits}-g_idx", encode, f"int{bits} /32", config, scale=".weight_scale")
    half = compressed(pack, integers(4, "group", 32), (24, 96), 3, dtype=torch.float16)
    yield Format("int4-f16", half, "int4 /32", quantised_by("pack-quantized", 4))
    config = quantised_by("float-quantized", 8, "float")
    for strategy, groups, said in (
        ("tensor", 0, "fp8, one scale"),
        ("channel", 1, "fp8, a scale a row"),
    ):
        encode = compressed(FloatQuantizationCompressor, floats(8, strategy), (24, 96), groups)
        yield Format(f"fp8-{strategy}", encode, said, config, scale=".weight_scale")
    nv = compressed(NVFP4PackedCompressor, floats(4, "tensor_group", 16), (24, 96), 6)
    yield Format("nvfp4", nv, "nvfp4 /16", quantised_by("nvfp4-pack-quantized", 4, "float"))
    mx = compressed(MXFP4PackedCompressor, floats(4, "group", 32), (24, 96), 3)
    yield Format("mxfp4", mx, "mxfp4 /32", quantised_by("mxfp4-pack-quantized", 4, "float"))


def word_formats():
    config = {"quant_method": "awq", "bits": 4, "group_size": 32, "version": "gemm"}
    yield Format("awq", awq((64, 96), 32), "awq /32", config, {"dtype": "float16"}, ".scales")
    for bits in (2, 4, 8):
        for second in (False, True):
            for reordered in (False, True):
                config = {"quant_method": "gptq", "bits": bits, "group_size": 32}
                config["desc_act"] = reordered
                if second:
                    config["checkpoint_format"] = "gptq_v2"
                name = f"gptq-{bits}-v{2 if second else 1}" + ("-desc_act" if reordered else "")
                encode = gptq((64, 96), 32, bits, second, reordered)
                said = f"gptq {bits} bits /32"
                yield Format(name, encode, said, config, {"dtype": "float16"}, ".scales")


FORMATS = [*bnb_formats(), *fp8_formats(), *compressed_formats(), *word_formats()]
BY_NAME = {each.name: each for each in FORMATS}


def stem(i):
    return f"model.layers.{i}.mlp.experts.down_proj"


class Written:
    """A checkpoint in one format: matrices in three layers, and a plain vector."""

    def __init__(self, directory, wanted):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.format = wanted
        generator = torch.Generator().manual_seed(7)
        self.matrices = [wanted.encode(generator) for _ in range(LAYERS)]
        self.tensors = {"model.norm.weight": torch.randn(40, generator=generator).bfloat16()}
        for i, matrix in enumerate(self.matrices):
            for ending, part in matrix.parts.items():
                self.tensors[stem(i) + ending] = part
        self.ending = self.matrices[0].ending
        config = {"dtype": "bfloat16", "quantization_config": wanted.quantization} | wanted.config
        (self.directory / "config.json").write_text(json.dumps(config))
        self.save()

    def save(self):
        save_file(self.tensors, self.directory / "model.safetensors", metadata={"format": "pt"})

    def name(self, i):
        return stem(i) + self.ending
