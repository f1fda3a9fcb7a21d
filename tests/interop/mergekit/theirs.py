"""Calls one merge method of mergekit on tensors in memory."""

import torch
from mergekit import merge_methods
from mergekit.architecture import WeightInfo
from mergekit.common import ImmutableMap, ModelReference
from mergekit.graph import Task


class Given(Task):
    """The place of the task that would load the tensors."""

    def arguments(self):
        return {}

    def execute(self):
        raise NotImplementedError


def merge(method, base, tensors, parameters, per_tensor, base_per_tensor=None):
    """What mergekit makes of torch tensors. `base` may be None; parameters are those of merge_reference."""
    names = [ModelReference.parse(f"m{k}") for k in range(len(tensors))]
    inputs, settings = dict(zip(names, tensors)), dict(zip(names, per_tensor))
    base_name = None
    if base is not None:
        base_name = ModelReference.parse("base")
        inputs[base_name] = base
        settings[base_name] = base_per_tensor or dict.fromkeys(per_tensor[0] if per_tensor else {})
    task = merge_methods.get(method).make_task(
        output_weight=WeightInfo(name="w"),
        tensors=gather(),
        parameters=ImmutableMap(data=parameters),
        tensor_parameters=ImmutableMap(
            data={name: ImmutableMap(data=value) for name, value in settings.items()}
        ),
        base_model=base_name,
    )
    return task.execute(tensors={name: x.clone() for name, x in inputs.items()})


def gather():
    from mergekit.io.tasks import GatherTensors

    return GatherTensors(weight_info=ImmutableMap(data={}))


def random_seed(seed):
    torch.manual_seed(seed)
