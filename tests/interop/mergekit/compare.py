"""How far apart tensors are: in steps of their dtype, and from the exact value."""

from dataclasses import dataclass

import numpy as np
import torch

# Half a step of the dtype, of a value of 1: the error of an exact value that is rounded once.
HALF_STEP = {torch.bfloat16: 2**-8, torch.float16: 2**-11, torch.float32: 2**-24}
# What a sum in float32 may be wrong by, at most and in the mean, of the largest value: no less says which is nearer.
LOST_BY_FLOAT32 = (2**-22, 2**-24)
BITS = {torch.bfloat16: torch.int16, torch.float16: torch.int16, torch.float32: torch.int32}


def ordered(tensor):
    """Whole numbers that are in the order of the values, one for each value that the dtype has."""
    bits = tensor.contiguous().view(BITS[tensor.dtype]).to(torch.int64)
    lowest = -(2 ** (8 * tensor.element_size() - 1))
    return torch.where(bits < 0, lowest - bits, bits).numpy()


def steps(a, b):
    """The number of values of the dtype from one tensor to the other, of each entry."""
    return np.abs(ordered(a) - ordered(b))


@dataclass
class Distance:
    """Of one tensor. Errors are in units of the largest exact value, without the entries that no rule decides."""

    steps: int  # between ours and theirs
    ours: tuple  # largest and mean error against the exact value
    theirs: tuple

    def good(self):
        """Ours is theirs but for one step, or nearer to the truth."""
        return self.steps <= 1 or self.nearer()

    def nearer(self):
        limits = (max(its * 1.01, lost) for its, lost in zip(self.theirs, LOST_BY_FLOAT32))
        return all(mine <= limit for mine, limit in zip(self.ours, limits))


def error(tensor, exact):
    wrong = np.abs(tensor.double().numpy() - exact.value)[~exact.undecided]
    scale = np.abs(exact.value).max(initial=0) or 1.0
    return (wrong.max(initial=0) / scale, wrong.mean() / scale) if wrong.size else (0.0, 0.0)


def distance(ours, theirs, exact):
    apart = steps(ours, theirs.to(ours.dtype))
    return Distance(int(apart.max(initial=0)), error(ours, exact), error(theirs, exact))


def assert_rounded_once(found, exact, undecided, name=""):
    """The exact value in its dtype, but for what float32 loses on the way and for entries that no rule decides."""
    wrong = np.abs(found.double().numpy() - exact)
    allowed = HALF_STEP[found.dtype] * np.abs(exact) + 2**-22 * np.abs(exact).max(initial=0)
    bad = (wrong > allowed) & ~undecided
    assert not bad.any(), f"{name}: {bad.sum()} of {bad.size} wrong, by {wrong[bad].max()} at most"
    assert undecided.mean() < 0.02, name
