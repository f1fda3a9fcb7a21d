"""What a case is, and how configs are spelled otherwise."""

from dataclasses import dataclass, field

from transformers import AutoModelForCausalLM


@dataclass
class Case:
    architecture: str
    config: object
    auto: type = AutoModelForCausalLM
    spelling: str = ""  # of the names that transformers writes, when they are not the usual ones
    component: str = ""  # when the architecture describes only this part of the model
    rewrites: dict = field(default_factory=dict)  # name → function that spells the config otherwise
    also_read: tuple = ()  # further spellings of the names that transformers loads
    also_holds: dict = field(default_factory=dict)  # name → function of the config: tensors, as
    # names and shapes, that published files hold besides and no loader of transformers asks for
    in_memory: str = ""  # the spelling of the names that transformers has in memory, when it is further
    by_names: str = ""  # the architecture that the names alone suggest, when that is another


def without(*keys, under=None):
    def rewrite(config):
        for key in keys:
            (config[under] if under else config).pop(key)

    return rewrite
