"""Small models of every family, and the spellings of their configs: name → Case."""

from . import deepseek, dense, experts, gemma, gemma4, gpt
from .case import Case

CASES = {}
for _module in (dense, gemma, gemma4, experts, deepseek, gpt):
    CASES.update(_module.CASES)

__all__ = ["CASES", "Case"]
