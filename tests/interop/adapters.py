"""Adapters made by PEFT, and what PEFT makes of them."""

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

# f32 sums of a few products, in another order than torch's.
CLOSE = {"rtol": 0, "atol": 2e-6}


def fill(model, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.1)


def fill_adapter(model, seed):
    """Random values for all that an adapter has; a fresh one changes nothing."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if not parameter.requires_grad:
                continue
            noise = torch.randn(parameter.shape, generator=generator) * 0.2
            # Magnitudes are lengths, and biases stand beside those of the base.
            parameter.copy_(noise.abs() + 0.5 if parameter.dim() == 1 else noise)


def adapter(base, path, seed=3, **config):
    """An adapter over the model at `base`, saved by PEFT."""
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    tuned = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **config))
    fill_adapter(tuned, seed)
    tuned.save_pretrained(path)
    return path


def merged_by_peft(base, path):
    """What PEFT makes of base and adapter: tensors by their names in the base's file."""
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    merged = PeftModel.from_pretrained(model, path).merge_and_unload()
    return {name: x.detach().clone() for name, x in merged.state_dict().items()}
