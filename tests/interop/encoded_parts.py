"""One matrix in every encoding: the tensors that a checkpoint holds of it, and its values.

What an installable library writes is written by it (bitsandbytes, compressed-tensors, torch's FP8);
AWQ and GPTQ by the formulas of their packers, whose libraries do not install without a GPU. `exact`
is the value in f32, rounded once, by the formula; `library` is what the reference library decodes
to, where it has a decoder that can be trusted.
"""

import json
from dataclasses import dataclass, field

import bitsandbytes.functional as bnb
import torch
from compressed_tensors.compressors.mxfp4.base import MXFP4PackedCompressor
from compressed_tensors.compressors.naive_quantized.base import FloatQuantizationCompressor
from compressed_tensors.compressors.nvfp4.base import NVFP4PackedCompressor
from compressed_tensors.compressors.pack_quantized.base import PackedQuantizationCompressor
from compressed_tensors.quantization import QuantizationArgs, QuantizationScheme
from transformers.integrations.mxfp4 import convert_moe_packed_tensors

E2M1 = torch.tensor([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6])


@dataclass
class Encoded:
    """`parts` by what follows the stem of the name; `ending` is that of the tensor as values."""

    parts: dict
    exact: torch.Tensor
    library: torch.Tensor | None = None
    ending: str = ".weight"


@dataclass(frozen=True)
class Format:
    """`encode(generator)` makes one matrix; `quantization` is for the config."""

    name: str
    encode: object
    said: str  # by inspect
    quantization: dict | None
    config: dict = field(default_factory=dict)
    scale: str = ""  # the part of numbers that scale, in which NaN must be found


def noise(generator, *shape):
    return torch.randn(shape, generator=generator)


def expanded(scales, block, shape):
    rows = scales.float().repeat_interleave(block[0], -2)[..., : shape[-2], :]
    return rows.repeat_interleave(block[1], -1)[..., : shape[-1]]


# bitsandbytes


def bitsandbytes(
    kind, shape, blocksize=64, nested=False, dtype=torch.bfloat16, storage=torch.uint8
):
    def encode(generator):
        codes, state = bnb.quantize_4bit(
            noise(generator, *shape).to(dtype),
            blocksize=blocksize,
            compress_statistics=nested,
            quant_type=kind,
            quant_storage=storage,
        )
        exact = bnb_values(codes, state)
        # The kernel for CPUs takes every row for a whole number of blocks.
        trusted = shape[-1] % blocksize == 0 and storage == torch.uint8
        library = bnb.dequantize_4bit(codes, state) if trusted else exact.to(dtype)
        parts = {".weight": codes}
        for name, part in state.as_dict(packed=True).items():
            parts[f".weight.{name}"] = part
        return Encoded(parts, exact, library)

    return encode


def bnb_values(codes, state):
    """The definition: map[code] · absmax of the block, the even element in the high half."""
    scales = state.absmax
    if state.nested:
        of_scales = state.state2.absmax.repeat_interleave(state.state2.blocksize)
        scales = state.state2.code[scales.long()] * of_scales[: scales.numel()] + state.offset
    count = state.shape.numel()
    data = codes.contiguous().view(torch.uint8).flatten()
    indices = torch.stack([data >> 4, data & 15], -1).flatten()[:count].long()
    return (state.code[indices] * scales.repeat_interleave(state.blocksize)[:count]).view(
        state.shape
    )


# FP8 with scales


def fp8(shape, block, scale_name, exponents=False, code=torch.float8_e4m3fn):
    def encode(generator):
        grid = [-(-size // each) for size, each in zip(shape, block, strict=True)]
        codes = (100 * noise(generator, *shape)).to(code)
        scales = noise(generator, *grid).abs() + 0.01
        if exponents:
            scales = scales.to(torch.float8_e8m0fnu)
        exact = codes.float() * expanded(scales, block, shape)
        return Encoded({".weight": codes, scale_name: scales}, exact)

    return encode


# Two E2M1 numbers in a byte


def e2m1_values(codes, scales, group):
    pairs = torch.stack([codes & 15, codes >> 4], -1).flatten(-2).long()
    return E2M1[pairs] * scales.float().repeat_interleave(group, -1)


def fp4_of_deepseek(shape, group=32):
    def encode(generator):
        rows, columns = shape
        codes = torch.randint(0, 256, (rows, columns // 2), generator=generator).to(torch.uint8)
        scales = (noise(generator, rows, columns // group).abs() + 0.01).to(torch.float8_e8m0fnu)
        exact = e2m1_values(codes, scales, group)
        return Encoded({".weight": codes.view(torch.int8), ".scale": scales}, exact)

    return encode


def blocks_of_gpt_oss(shape):
    def encode(generator):
        experts, outputs, inputs = shape
        blocks = torch.randint(
            0, 256, (experts, outputs, inputs // 32, 16), generator=generator
        ).to(torch.uint8)
        scales = torch.randint(
            110, 140, (experts, outputs, inputs // 32), generator=generator
        ).to(torch.uint8)
        exact = e2m1_values(
            blocks.flatten(-2), torch.ldexp(torch.tensor(1.0), scales.int() - 127), 32
        )
        library = convert_moe_packed_tensors(blocks, scales)
        return Encoded(
            {"_blocks": blocks, "_scales": scales},
            exact.transpose(1, 2).contiguous(),
            library.contiguous(),
            ending="",
        )

    return encode


# compressed-tensors


def compressed(compressor, weights, shape, groups, dtype=torch.bfloat16, index=False):
    """`groups` of a row, or 0 for one scale of the whole."""
    scheme = QuantizationScheme(targets=["Linear"], weights=weights)

    def encode(generator):
        weight = noise(generator, *shape).to(dtype)
        highest = {"int": 2 ** (weights.num_bits - 1), "float": 448 if weights.num_bits == 8 else 6}
        grouped = weight.view(shape[0], groups, -1) if groups else weight.view(1, 1, -1)
        scale = grouped.abs().amax(-1) / highest[weights.type]
        if not groups:
            scale = scale.flatten()
        state = {"weight": weight, "weight_scale": scale}
        if weights.strategy == "tensor_group":
            state["weight_global_scale"] = torch.tensor([448.0 / scale.float().max()])
            state["weight_scale"] = scale.float() * state["weight_global_scale"]
        elif compressor is MXFP4PackedCompressor:
            state["weight_scale"] = torch.exp2(scale.float().log2().ceil())
        if not weights.symmetric:
            lowest, most = -(2 ** (weights.num_bits - 1)), 2 ** (weights.num_bits - 1)
            state["weight_zero_point"] = torch.randint(
                lowest, most, scale.shape, generator=generator
            ).to(torch.int8)
        packed = compressor.compress(state, scheme)
        if index:
            packed["weight_g_idx"] = (torch.arange(shape[1]) * 7 % groups).to(torch.int32)
        parts = {f".{name}": part.contiguous() for name, part in packed.items()}
        if index:
            return Encoded(parts, packed_integers(packed, weights.num_bits))
        library = compressor.decompress(packed, scheme)["weight"]
        exact = compressed_values(compressor, packed, weights, library)
        return Encoded(parts, exact, library.to(dtype))

    return encode


def packed_integers(packed, bits):
    """(code − zero) · scale, codes and zero points from the lowest bits on, less 2^(bits − 1)."""
    rows, columns = packed["weight_shape"].tolist()
    scales = packed["weight_scale"].float()
    codes = unpacked(packed["weight_packed"], bits)[:, :columns] - 2 ** (bits - 1)
    groups = scales.shape[1]
    zeros = torch.zeros(rows, groups)
    if "weight_zero_point" in packed:
        zeros = unpacked(packed["weight_zero_point"].T, bits).T[:rows] - 2 ** (bits - 1)
    group = torch.arange(columns) // -(-columns // groups)
    if "weight_g_idx" in packed:
        group = packed["weight_g_idx"].long()
    return (codes - zeros[:, group]).float() * scales[:, group]


def unpacked(words, bits):
    fields = [(words.long() >> shift) & (2**bits - 1) for shift in range(0, 32, bits)]
    return torch.stack(fields, -1).flatten(-2)


def compressed_values(compressor, packed, weights, library):
    if compressor is PackedQuantizationCompressor:
        return packed_integers(packed, weights.num_bits)
    if compressor is FloatQuantizationCompressor:
        return packed["weight"].float() * packed["weight_scale"].float()
    scales = packed["weight_scale"]
    if compressor is MXFP4PackedCompressor:
        scales = torch.ldexp(torch.tensor(1.0), scales.int() - 127)
    else:
        scales = scales.float() / packed["weight_global_scale"]
    return e2m1_values(packed["weight_packed"], scales, weights.group_size)


def integers(bits, strategy, group_size=None, symmetric=True):
    return QuantizationArgs(
        num_bits=bits, type="int", strategy=strategy, group_size=group_size, symmetric=symmetric
    )


def floats(bits, strategy, group_size=None):
    return QuantizationArgs(num_bits=bits, type="float", strategy=strategy, group_size=group_size)


# AWQ and GPTQ: [in, out] in I32 words


def packed_words(codes, bits, order):
    """The codes of each word along the last axis, the k-th of `order` at bit k · bits."""
    fields = codes.unflatten(-1, (-1, 32 // bits)).long()
    words = sum(fields[..., place] << (bits * k) for k, place in enumerate(order))
    return torch.where(words >= 2**31, words - 2**32, words).to(torch.int32)


def awq(shape, group):
    def encode(generator):
        outputs, inputs = shape
        codes = torch.randint(0, 16, (inputs, outputs), generator=generator)
        zeros = torch.randint(0, 16, (inputs // group, outputs), generator=generator)
        scales = (noise(generator, inputs // group, outputs).abs() + 0.01).half()
        order = [0, 2, 4, 6, 1, 3, 5, 7]
        parts = {
            ".qweight": packed_words(codes, 4, order),
            ".qzeros": packed_words(zeros, 4, order),
            ".scales": scales,
        }
        each = torch.arange(inputs) // group
        return affine(parts, codes, zeros, scales, each)

    return encode


def gptq(shape, group, bits=4, second=False, reordered=False):
    def encode(generator):
        outputs, inputs = shape
        most = 2**bits
        codes = torch.randint(0, most, (inputs, outputs), generator=generator)
        least = 0 if second else 1  # v1 stores zero points less one
        zeros = torch.randint(least, most, (inputs // group, outputs), generator=generator)
        scales = (noise(generator, inputs // group, outputs).abs() + 0.01).half()
        each = torch.arange(inputs) // group
        if reordered:
            each = each[torch.randperm(inputs, generator=generator)]
        order = range(32 // bits)
        parts = {
            ".qweight": packed_words(codes.T, bits, order).T.contiguous(),
            ".qzeros": packed_words(zeros if second else zeros - 1, bits, order),
            ".scales": scales,
            ".g_idx": each.to(torch.int32),
        }
        return affine(parts, codes, zeros, scales, each)

    return encode


def affine(parts, codes, zeros, scales, group):
    exact = (codes - zeros[group]).float() * scales.float()[group]
    library = (codes - zeros[group]).half() * scales[group]
    return Encoded(parts, exact.T.contiguous(), library.T.contiguous())


def blob(text):
    """The bytes of a JSON text, as bitsandbytes keeps them."""
    return torch.tensor(list(json.dumps(text).encode()), dtype=torch.uint8)
