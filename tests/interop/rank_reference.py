"""What recipes/deepseek-v4-pro-rank-64.yaml must make of a model, from what is said of it and not from the recipe."""

import re
from pathlib import Path

import deepseek_v4_published as published
import models
import torch

LINEAR = re.compile(
    r"(layers\.\d+|mtp\.0)\.("
    r"attn\.(wq_a|wq_b|wkv|wo_a|wo_b)"
    r"|attn\.(indexer\.)?compressor\.(wkv|wgate)"
    r"|attn\.indexer\.(wq_b|weights_proj)"
    r"|ffn\.(experts\.\d+|shared_experts)\.w[123]"
    r"|[eh]_proj"
    r")\.weight"
)


class Source:
    """A model as it is stored, and the values of its tensors."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.tensors = models.read_tensors(directory)
        self.config = models.read_config(directory)
        quantised = self.config.get("quantization_config", {})
        self.block = quantised.get("weight_block_size")
        scales = {published.scale_of(name, self.tensors) for name in self.tensors}
        self.names = sorted(set(self.tensors) - scales)

    def values(self, name):
        return published.values(name, self.tensors, self.block)

    def scale(self, name):
        return published.scale_of(name, self.tensors)

    def shape(self, name):
        rows, columns = self.tensors[name].shape
        return rows, columns * (2 if self.tensors[name].dtype == torch.int8 else 1)


def factored(source, rank):
    """The paths of the matrices that become two."""
    paths = []
    for name in source.names:
        if not LINEAR.fullmatch(name):
            continue
        rows, columns = source.shape(name)
        if min(rows, columns) > rank and rank * (rows + columns) < rows * columns:
            paths.append(name.removesuffix(".weight"))
    return paths


def kept(source, paths):
    """The names of what stays as it is stored: the rest, with the scales of what is encoded."""
    rest = [n for n in source.names if n.removesuffix(".weight") not in paths]
    return sorted([*rest, *filter(None, map(source.scale, rest))])


def best_error(matrix, rank):
    """What of the norm no matrix of that rank can have (Eckart and Young)."""
    squares = torch.linalg.svdvals(matrix) ** 2
    return float((squares[rank:].sum() / squares.sum()) ** 0.5)


def product(tensors, path):
    return tensors[f"{path}.ALinear.weight"].double() @ tensors[f"{path}.BLinear.weight"].double()


def dense(built, paths, block):
    """All tensors of the result as numbers, with the products in place of factors."""
    tensors = models.read_tensors(built)
    result = {f"{path}.weight": product(tensors, path) for path in paths}
    for name, tensor in tensors.items():
        if ".ALinear." in name or ".BLinear." in name or name.endswith(".scale"):
            continue
        keeps = tensor.dtype == torch.int64
        result[name] = tensor if keeps else published.values(name, tensors, block)
    return result
