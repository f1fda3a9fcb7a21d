"""What was measured, by method: printed after the tests."""

from dataclasses import dataclass, field


@dataclass
class Row:
    configs: set = field(default_factory=set)
    tensors: int = 0
    equal: int = 0  # tensors that are within one step everywhere
    nearer: int = 0  # of the others, those where ours is nearer to the exact value
    steps: int = 0
    ours: list = field(default_factory=lambda: [0.0, 0.0])
    theirs: list = field(default_factory=lambda: [0.0, 0.0])


ROWS = {}


def add(method, dtype, config, distance):
    row = ROWS.setdefault((method, dtype), Row())
    row.configs.add(config)
    row.tensors += 1
    row.equal += distance.steps <= 1
    row.nearer += distance.steps > 1 and distance.nearer()
    row.steps = max(row.steps, distance.steps)
    for sums, errors in ((row.ours, distance.ours), (row.theirs, distance.theirs)):
        sums[0] = max(sums[0], errors[0])
        sums[1] += errors[1]


HEADER = (
    "method               dtype     configs tensors  <=1 step  nearer  most steps"
    "   our max  our mean   their max  their mean"
)


def text():
    lines = ["errors are relative to the largest exact value of a tensor", HEADER]
    for (method, dtype), row in sorted(ROWS.items()):
        means = [row.ours[1] / row.tensors, row.theirs[1] / row.tensors]
        lines.append(
            f"{method:20} {dtype:9} {len(row.configs):7} {row.tensors:7} {row.equal:9} {row.nearer:7}"
            f" {row.steps:11} {row.ours[0]:9.1e} {means[0]:9.1e}   {row.theirs[0]:9.1e}  {means[1]:9.1e}"
        )
    return "\n".join(lines)
