"""What a config of mergekit says about each tensor, and the exact value that follows, in float64.

An independent reading of the format: of its slices, its layer ranges, and which of the parameters that it gives in
several places hold for a tensor.
"""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import merge_reference as reference
import numpy as np
import vocabulary_reference
import yaml
from safetensors.torch import load_file

LAYER = re.compile(r"(?P<before>.*\.(?:layers|h)\.)(?P<index>\d+)(?P<after>\..*)")


class Model:
    """The tensors of a checkpoint in float64."""

    def __init__(self, directory, adapter=None):
        self.tensors = {
            name: tensor.double().numpy()
            for path in sorted(Path(directory).glob("*.safetensors"))
            for name, tensor in load_file(path).items()
        }
        if adapter:
            self.add(adapter)

    def add(self, adapter):
        config = json.loads((adapter / "adapter_config.json").read_text())
        factors = load_file(adapter / "adapter_model.safetensors")
        for name, a in factors.items():
            if "lora_A" not in name:
                continue
            b = factors[name.replace("lora_A", "lora_B")]
            target = name.removeprefix("base_model.model.").replace(".lora_A", "")
            product = b.double().numpy() @ a.double().numpy()
            self.tensors[target] = self.tensors[target] + product * config["lora_alpha"] / config["r"]

    @property
    def layers(self):
        found = (LAYER.fullmatch(name) for name in self.tensors)
        return 1 + max(int(match["index"]) for match in found if match)


class Models:
    """Those that configs name, by those names; of a recipe of several documents also its own."""

    def __init__(self, root):
        self.root, self.read = Path(root), {}

    def __getitem__(self, name):
        if name not in self.read:
            path, _, adapter = name.partition("+")
            adapter = adapter.partition("@")[0]
            self.read[name] = Model(self.root / path, adapter and self.root / adapter)
        return self.read[name]


class Made:
    """A model that a document before this one makes."""

    layers = Model.layers

    def __init__(self, config, models):
        names = models[config.names_like].tensors
        self.tensors = {name: config.exact(name).value for name in names}


@dataclass
class Source:
    model: str
    first: int
    last: int
    parameters: dict


@dataclass
class Slice:
    sources: list
    base: str
    parameters: dict
    of_module: dict


@dataclass
class Exact:
    """A tensor's value without rounding. `undecided` marks entries of which the vote is decided by rounding."""

    method: str
    value: np.ndarray  # or None where chance decides
    undecided: np.ndarray
    base: np.ndarray
    tensors: list
    parameters: dict
    per_tensor: list


class Config:
    def __init__(self, document, models):
        self.document, self.models = document, models
        self.method = reference.METHODS[document["merge_method"]]
        self.base = document.get("base_model")
        self.vocabulary = None

    def all_models(self):
        return dict.fromkeys(source.model for part in self.slices for source in part.sources)

    def with_vocabulary_of(self, out):
        self.vocabulary = vocabulary_reference.vocabulary_of(
            self.document, self.models.root, self.all_models(), out
        )
        return self

    @cached_property
    def slices(self):
        module = next(iter((self.document.get("modules") or {"": self.document}).values()))
        own = {} if module is self.document else module.get("parameters") or {}
        if module.get("slices"):
            return [self.slice(each, own) for each in module["slices"]]
        listed = [(m["model"], m.get("parameters") or {}) for m in module["models"]]
        if self.base and self.base not in [name for name, _ in listed]:
            listed.append((self.base, {}))
        sources = [Source(name, 0, self.models[name].layers, own_) for name, own_ in listed]
        return [Slice(sources, self.base, {}, own)]

    def slice(self, given, of_module):
        sources = [
            Source(s["model"], *(int(float(k)) for k in s["layer_range"]), s.get("parameters") or {})
            for s in given["sources"]
        ]
        base = given.get("base_model") or self.base
        return Slice(sources, base, given.get("parameters") or {}, of_module)

    @property
    def names_like(self):
        return self.slices[0].sources[0].model

    def layer(self, index):
        """The slice of an output layer, the place in it, and t, which goes from 0 to 1 over a slice."""
        for each in self.slices:
            length = each.sources[0].last - each.sources[0].first
            if index < length:
                return each, index, index / (length - 1) if length > 1 else 1
            index -= length
        raise IndexError(index)

    def operands(self, name):
        """Of an output tensor: its slice, t, and for each model once: name, name of the tensor."""
        match = LAYER.fullmatch(name)
        if match:
            part, place, t = self.layer(int(match["index"]))
            names = [f"{match['before']}{s.first + place}{match['after']}" for s in part.sources]
            pairs = [(s.model, source) for s, source in zip(part.sources, names)]
        else:
            before = re.search(r"embed|wte|wpe", name)
            part, t = self.slices[0 if before else -1], 0
            pairs = [(s.model, name) for s in part.sources[: len(self.slices[0].sources)]]
        return part, t, list(dict(pairs).items())  # a model that is named again: its last tensor

    def parameter(self, key, default, part, t, tensor, model=None):
        own = [s.parameters for s in part.sources if s.model == model and model]
        levels = [*own, part.parameters, part.of_module, self.document.get("parameters") or {}]
        for level in levels:
            found = evaluated(level[key], tensor, t) if key in level else None
            if found is not None:
                return found
        return default

    def exact(self, name):
        part, t, pairs = self.operands(name)
        parameters = {
            key: self.parameter(key, default, part, t, name)
            for key, default in self.method.parameters.items()
        }
        read = {model: self.models[model].tensors[source] for model, source in pairs}
        if self.vocabulary and name.endswith(vocabulary_reference.EMBEDDINGS):
            read = self.vocabulary.permuted(read)
        base, tensors, per_tensor = None, [], []
        for model, source in pairs:
            tensor = read[model]
            if model == part.base and self.method.base != "operand":
                base = tensor
                continue
            tensors.append(tensor)
            per_tensor.append(
                {
                    key: self.parameter(key, default, part, t, source, model)
                    for key, default in self.method.per_tensor.items()
                }
            )
        return evaluate(self.document["merge_method"], base, tensors, parameters, per_tensor)


def evaluated(setting, tensor, t):
    """The value of a setting for a tensor, or None where none of its filters matches."""
    if not isinstance(setting, list):
        return float(setting)
    if all(not isinstance(each, dict) for each in setting):
        return np.interp(t * (len(setting) - 1), range(len(setting)), [float(v) for v in setting])
    for each in setting:
        if each.get("filter") in (None, "*") or each["filter"] in tensor:
            return evaluated(each["value"], tensor, t)
    return None


def evaluate(name, base, tensors, parameters, per_tensor):
    arguments = (base, tensors, parameters, per_tensor)
    merge = reference.METHODS[name].merge
    if merge is None and all(each["density"] >= 1 for each in per_tensor):  # no coin is thrown
        merge = reference.task_vectors(None, reference.METHODS[name].votes)
    if merge is None:
        return Exact(name, None, None, *arguments)
    return Exact(name, merge(*arguments), reference.undecided_of(name, *arguments), *arguments)


def documents(path, root):
    """The config of a file, with those that it names by `name:` among its models."""
    models = Models(root)
    config = None
    for document in yaml.safe_load_all(Path(path).read_text()):
        config = Config(document, models)
        if "name" in document:
            models.read[document["name"]] = Made(config, models)
    return config
