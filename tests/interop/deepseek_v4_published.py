"""FP8 and FP4 as DeepSeek V4 is published in: written, and read again by definition."""

import re

import torch

E2M1 = torch.tensor([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6])
IN_FP4 = re.compile(r"\.ffn\.experts\.\d+\.w[123]\.weight$")
IN_FP8 = re.compile(
    r"\.(attn\.(wq_a|wq_b|wkv|wo_a|wo_b|indexer\.wq_b)|shared_experts\.w[123]|[eh]_proj)\.weight$"
)


def powers_of_two(largest, highest):
    """The least scale with which the largest magnitude of a block has a code."""
    return torch.exp2((largest.clamp(min=1e-30) / highest).log2().ceil())


def spread(scales, block, shape):
    """A scale for every element; blocks at the edges may be short."""
    rows = scales.float().repeat_interleave(block[0], 0)[: shape[0]]
    return rows.repeat_interleave(block[1], 1)[:, : shape[1]]


def fp8(matrix, block):
    """Codes [out, in], and an exponent for each block."""
    rows, columns = matrix.shape
    padded = torch.nn.functional.pad(matrix.float(), (0, -columns % block[1], 0, -rows % block[0]))
    tiles = padded.unflatten(1, (-1, block[1])).unflatten(0, (-1, block[0]))
    scales = powers_of_two(tiles.abs().amax((1, 3)), 448)
    codes = (matrix.float() / spread(scales, block, matrix.shape)).to(torch.float8_e4m3fn)
    return codes, scales.to(torch.float8_e8m0fnu)


def fp4(matrix):
    """Nearest codes, two a byte with the even one low, and an exponent for each 32 of a row."""
    groups = matrix.float().unflatten(-1, (-1, 32))
    scales = powers_of_two(groups.abs().amax(-1), 6)
    codes = (groups / scales[..., None]).unsqueeze(-1).sub(E2M1).abs().argmin(-1).flatten(-2)
    packed = (codes[:, 0::2] | codes[:, 1::2] << 4).to(torch.uint8)
    return packed.view(torch.int8), scales.to(torch.float8_e8m0fnu)


def encoded(tensors, block):
    """The tensors of a whole model, each as published."""
    result = {}
    for name, tensor in tensors.items():
        scale = name.removesuffix("weight") + "scale"
        if IN_FP4.search(name):
            result[name], result[scale] = fp4(tensor)
        elif IN_FP8.search(name):
            result[name], result[scale] = fp8(tensor, block)
        else:
            result[name] = tensor
    return result


def quantization(block):
    """What the config of such a model says."""
    return {
        "expert_dtype": "fp4",
        "quantization_config": {
            "activation_scheme": "dynamic",
            "fmt": "e4m3",
            "quant_method": "fp8",
            "scale_fmt": "ue8m0",
            "weight_block_size": list(block),
        },
    }


def scale_of(name, tensors):
    """The name of a matrix's scale, or None where it is not encoded."""
    scale = name.removesuffix("weight") + "scale"
    return scale if name.endswith(".weight") and scale in tensors else None


def values(name, tensors, block):
    """What a tensor stands for, in f64."""
    codes, scale = tensors[name], scale_of(name, tensors)
    if not scale:
        return codes.double()
    if codes.dtype == torch.int8:
        codes, block = codes.view(torch.uint8), (1, 32)
        codes = E2M1[torch.stack([codes & 15, codes >> 4], -1).flatten(-2).long()]
    return codes.double() * spread(tensors[scale], block, codes.shape).double()
