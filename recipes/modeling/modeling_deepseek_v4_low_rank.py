"""A DeepSeek V4 whose matrices are products of two: W = A·B, as deepseek-v4-pro-rank-64.yaml writes it.

config.truncation_ranks names the matrices that are so, by their names on disk; PATH.ALinear.weight is [out, rank]
and PATH.BLinear.weight [rank, in]. The model is transformers' own with other modules in those places, so that
neither memory nor time is ever that of the products. Written for transformers 5.23:

    AutoModelForCausalLM.from_pretrained(DIRECTORY, trust_remote_code=True)
"""

import copy
import re

import torch
from safetensors import safe_open
from torch import nn
from transformers import DeepseekV4Config, DeepseekV4ForCausalLM
from transformers.conversion_mapping import get_model_conversion_mapping
from transformers.core_model_loading import WeightRenaming, apply_renamings
from transformers.models.deepseek_v4.modeling_deepseek_v4 import DeepseekV4Experts, DeepseekV4GroupedLinear

EXPERT = re.compile(r"(?:model\.)?(layers\.\d+)\.ffn\.experts\.(\d+)\.(w[123])")
E2M1 = torch.tensor([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6])


class LowRankLinear(nn.Module):
    """y = A (B x) + bias, in place of a linear layer."""

    def __init__(self, width, height, rank, bias=None):
        super().__init__()
        self.BLinear = nn.Linear(width, rank, bias=False)
        self.ALinear = nn.Linear(rank, height, bias=False)
        self.register_parameter("bias", bias)

    def forward(self, x):
        y = self.ALinear(self.BLinear(x))
        return y if self.bias is None else y + self.bias


class LowRankGrouped(LowRankLinear):
    """The same for wo_a, whose rows belong to groups of heads: x is […, groups, in], and so is the result."""

    def __init__(self, width, height, rank, groups):
        super().__init__(width, height, rank)
        self.groups = groups

    def forward(self, x):
        rows_of_groups = self.ALinear.weight.unflatten(0, (self.groups, -1))
        return torch.einsum("...gr,gor->...go", self.BLinear(x), rows_of_groups)


class LowRankExperts(nn.Module):
    """The routed experts of a layer, named on disk as they are here: experts.E.w1, w2, w3."""

    _apply_gate = DeepseekV4Experts._apply_gate

    def __init__(self, stock, ranks):
        hidden, width = stock.hidden_dim, stock.intermediate_dim
        sizes = {"w1": (hidden, width), "w2": (width, hidden), "w3": (hidden, width)}
        if any((e, matrix) not in ranks for e in range(stock.num_experts) for matrix in sizes):
            raise ValueError("of a layer's experts, all matrices must be factored or none")
        super().__init__()
        for e in range(stock.num_experts):
            expert = {m: LowRankLinear(*size, ranks[e, m]) for m, size in sizes.items()}
            self.add_module(str(e), nn.ModuleDict(expert))
        self.act_fn, self.limit = stock.act_fn, stock.limit

    def forward(self, hidden_states, top_k_index, top_k_weights):
        """hidden_states [tokens, hidden]; the others [tokens, k]: which experts, and how much of each."""
        result = torch.zeros_like(hidden_states)
        for e in top_k_index.unique().tolist():
            expert = self.get_submodule(str(e))
            token, place = torch.where(top_k_index == e)
            x = hidden_states[token]
            x = self._apply_gate(torch.cat([expert["w1"](x), expert["w3"](x)], dim=-1))
            x = expert["w2"](x) * top_k_weights[token, place, None]
            result.index_add_(0, token, x.to(result.dtype))
        return result


def factored(linear, rank):
    """What stands in place of a linear layer of transformers' model."""
    width, height = linear.in_features, linear.out_features
    if isinstance(linear, DeepseekV4GroupedLinear):
        return LowRankGrouped(width, height, rank, linear.n_groups)
    return LowRankLinear(width, height, rank, linear.bias)


def decoded(codes, scales, block):
    """The values of a matrix in FP8 with scales of blocks, or in FP4 with a scale for 32 values of a row."""
    if codes.dtype == torch.int8:  # two numbers a byte, the first in the low half
        codes = codes.view(torch.uint8)
        codes = E2M1[torch.stack([codes & 15, codes >> 4], dim=-1).flatten(-2).long()]
        block = (1, 32)
    scales = scales.float().repeat_interleave(block[0], 0)[: codes.shape[0]]
    scales = scales.repeat_interleave(block[1], 1)[:, : codes.shape[1]]
    return (codes.float() * scales).bfloat16()  # exact: the codes have four digits, the scales none


def stored(files, block):
    """Tensors by name: decoded where the file has codes and scales, and unread yet where it has numbers."""
    opened = [safe_open(file, framework="pt") for file in files]
    holder = {name: file for file in opened for name in file.keys() if not name.startswith("mtp.")}
    tensors = {name: file.get_slice(name) for name, file in holder.items()}
    for scale in [name for name in holder if name.endswith(".scale")]:
        weight = scale.removesuffix("scale") + "weight"
        if weight in holder:
            codes, scales = holder[weight].get_tensor(weight), holder[scale].get_tensor(scale)
            tensors[weight] = decoded(codes, scales, block)
            del tensors[scale]
    return tensors


class DeepseekV4LowRankForCausalLM(DeepseekV4ForCausalLM):
    def __init__(self, config):
        super().__init__(config)
        renamings = [r for r in get_model_conversion_mapping(self) if isinstance(r, WeightRenaming)]
        experts = {}
        for path, rank in getattr(config, "truncation_ranks", {}).items():
            if path.startswith("mtp."):  # transformers leaves out what predicts further tokens
                continue
            if match := EXPERT.fullmatch(path):
                layer, e, matrix = match.groups()
                experts.setdefault(layer, {})[int(e), matrix] = rank
                continue
            module = apply_renamings(f"{path}.weight", renamings).removesuffix(".weight").removeprefix("model.")
            self.model.set_submodule(module, factored(self.model.get_submodule(module), rank), strict=True)
        for layer, ranks in experts.items():
            mlp = self.model.get_submodule(layer).mlp
            mlp.experts = LowRankExperts(mlp.experts, ranks)

    @classmethod
    def from_pretrained(cls, path, *args, config=None, output_loading_info=False, **options):
        """transformers' own, but strict. What is left of FP8 and FP4 is decoded here, at the edges of blocks too."""
        if not isinstance(config, DeepseekV4Config):
            hub = ("cache_dir", "local_files_only", "revision", "subfolder", "token")
            hub = {key: options[key] for key in hub if key in options}
            config = DeepseekV4Config.from_pretrained(config or path, **hub)
        config = copy.deepcopy(config)
        if encoded := getattr(config, "quantization_config", None):
            config.weight_block_size = encoded["weight_block_size"]
            del config.quantization_config
        model, loading = super().from_pretrained(path, *args, config=config, output_loading_info=True, **options)
        if wrong := {what: names for what, names in loading.items() if names}:
            raise ValueError(f"the files are not those of the config: {wrong}")
        return (model, loading) if output_loading_info else model

    @staticmethod
    def _load_pretrained_model(model, state_dict, checkpoint_files, load_config, **rest):
        """The step of from_pretrained that reads the files."""
        if state_dict is None and (block := getattr(model.config, "weight_block_size", None)):
            state_dict = stored(checkpoint_files, block)
        return DeepseekV4ForCausalLM._load_pretrained_model(
            model, state_dict, checkpoint_files, load_config, **rest
        )
