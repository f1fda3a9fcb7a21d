"""The oracles themselves: on tensors in float32, mergekit differs from them by rounding alone."""

import merge_reference as reference
import numpy as np
import pytest
import theirs
import torch

SHAPES = {"matrix": (48, 32), "vector": (400,), "cube": (6, 5, 8)}


def weights(*values, **more):
    """Settings of each tensor: a weight, and others that are the same for all or a tuple with one for each."""
    return [
        {"weight": w, **{k: v[i] if isinstance(v, tuple) else v for k, v in more.items()}}
        for i, w in enumerate(values)
    ]


def case(method, count=2, per_tensor=None, base=True, noise=0.1, **parameters):
    return method, count, per_tensor or [{}] * count, base, noise, parameters


THREE = weights(0.5, 0.3, 0.9)
MIXED = weights(0.5, -0.3, 0.9)
THIN = weights(0.5, 0.3, 0.9, density=(0.2, 0.5, 1))
CRUMBS = weights(0.5, 0.3, 0.9, density=(0.2, 0.5, 0.95), gamma=(0.1, 0.01, 0.2))

CASES = [
    case("linear", 3, THREE, base=False),
    case("linear", 2, weights(0.5, -0.3), base=False, normalize=False),
    *[case("slerp", 1, t=t, noise=n) for t in (0, 0.3, 1, 1.4) for n in (0.01, 0.1, 3)],
    *[
        case("nuslerp", 2, weights(0.7, w), base=base, nuslerp_flatten=flat, nuslerp_row_wise=rows)
        for w in (0.4, -0.7)
        for base in (True, False)
        for flat in (True, False)
        for rows in (True, False)
    ],
    *[case("multislerp", 3, weights(1, 2, 0.5), base=base) for base in (True, False)],
    case("multislerp", 2, weights(0.6, 0.8), normalize_weights=False, eps=1e-6),
    case("karcher", 3, base=False),
    case("karcher", 4, base=False, noise=2),
    case("karcher", 3, base=False, noise=2, max_iter=1),
    case("task_arithmetic", 3, THREE),
    case("task_arithmetic", 3, MIXED, normalize=True),
    *[
        case(method, 3, settings, **parameters)
        for method, settings in (
            ("ties", THREE),
            ("ties", THIN),
            ("ties", MIXED),
            ("breadcrumbs", CRUMBS),
            ("breadcrumbs_ties", CRUMBS),
        )
        for parameters in ({}, {"normalize": False, "lambda": 0.7}, {"rescale": True})
    ],
    case("ties", 3, THIN, int8_mask=True),
    *[case("sce", 3, select_topk=k, noise=n) for k in (1, 0.5, 0.13) for n in (0.1, 1e-4)],
    *[case("model_stock", n, filter_wise=rows) for n in (2, 3) for rows in (True, False)],
    *[case("nearswap", 1, t=t) for t in (0.01, 0.1, 1e-7, 0)],
    *[case("arcee_fusion", 1, noise=n) for n in (0.1, 1)],
    case("passthrough", 1, [{"scale": 0.3}], base=False),
]


def family(shape, count, noise, seed=3):
    generator = np.random.default_rng(seed)
    base = 0.3 * generator.standard_normal(shape)
    others = [base + noise * (k + 1) * generator.standard_normal(shape) for k in range(count)]
    return base.astype(np.float32), [x.astype(np.float32) for x in others]


def exact(method, base, tensors, parameters, per_tensor):
    wide = [x.astype(np.float64) for x in tensors]
    base = None if base is None else base.astype(np.float64)
    return reference.METHODS[method].merge(base, wide, parameters, per_tensor)


def both(method, base, tensors, parameters, per_tensor):
    """What the oracle and what mergekit makes of arrays in float32."""
    defaults = reference.METHODS[method]
    parameters = {**defaults.parameters, **parameters}
    per_tensor = [{**defaults.per_tensor, **each} for each in per_tensor]
    found = theirs.merge(
        method,
        None if base is None else torch.from_numpy(base),
        [torch.from_numpy(x) for x in tensors],
        parameters,
        per_tensor,
    )
    return exact(method, base, tensors, parameters, per_tensor), found.double().numpy()


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_oracle(case, shape):
    method, count, per_tensor, with_base, noise, parameters = case
    base, tensors = family(shape, count, noise)
    wanted, found = both(method, base if with_base else None, tensors, parameters, per_tensor)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=2e-6 * np.abs(wanted).max())


def array(*values):
    return np.array(values, np.float32)


A, B = array(1.1, 1.8, -3.3, 0.5), array(1, 2, -3, 0.5)
ZERO = np.zeros(4, np.float32)
PAIR = weights(0.3, 0.7)

EDGES = {
    "slerp of zero": ("slerp", ZERO, [A], {"t": 0.3}, [{}]),
    "slerp of zeros": ("slerp", ZERO, [ZERO], {"t": 0.3}, [{}]),
    "slerp of opposites": ("slerp", A, [-A], {"t": 0.3}, [{}]),
    "nuslerp of zero": ("nuslerp", None, [ZERO, A], {}, PAIR),
    "nuslerp of equals": ("nuslerp", None, [A, A], {}, PAIR),
    "nuslerp of what is the base": ("nuslerp", B, [B, A], {}, PAIR),
    "multislerp of zero": ("multislerp", None, [ZERO, A], {}, PAIR),
    "multislerp of two bases": ("multislerp", B, [B, B], {}, PAIR),
    "multislerp of one": ("multislerp", B, [A], {}, weights(0.5)),
    "karcher of zero": ("karcher", None, [ZERO, A], {}, [{}] * 2),
    "karcher of zeros": ("karcher", None, [ZERO, ZERO], {}, [{}] * 2),
    "karcher of opposites": ("karcher", None, [A, -A], {}, [{}] * 2),
    "weights that cancel": ("task_arithmetic", B, [A, -A], {"normalize": True}, weights(0.5, -0.5)),
    "votes that cancel": ("ties", B, [2 * B, ZERO], {}, weights(0.5, 0.5)),
    "nothing differs": ("ties", B, [B, B], {}, PAIR),
    "sce of nothing": ("sce", B, [B, B], {}, [{}] * 2),
    "sce of one": ("sce", B, [A], {}, [{}]),
    "model stock of bases": ("model_stock", B, [B, B], {}, [{}] * 2),
    "arcee of the base": ("arcee_fusion", B, [B], {}, [{}]),
    "nearswap of negative t": ("nearswap", B, [A], {"t": -1.0}, [{}]),
    "gamma of everything": ("breadcrumbs", B, [A], {}, weights(1, density=0.5, gamma=2.0)),
}


@pytest.mark.parametrize("edge", EDGES.values(), ids=EDGES)
def test_edge(edge):
    method, base, tensors, parameters, per_tensor = edge
    wanted, found = both(method, base, tensors, parameters, per_tensor)
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6)


def test_ram_by_hand():
    """mergekit has it in no release. Entries: none changed it, one did, both did, and one by too little."""
    base, first, second = array(1, 1, 1, 1), array(1, 3, 2, 1), array(1, 1, 4, 1.000001)
    parameters = {"epsilon": 1e-5, "r": 0.1, "alpha": 0.2}
    merged = exact("ram", base, [first, second], parameters, [{}] * 2)
    np.testing.assert_allclose(merged, [1, 3, 3, 1])
    # Of the first, one entry is shared and one its own: the ratio is 1, and cut to alpha.
    merged = exact("ramplus_tl", base, [first, second], parameters, [{}] * 2)
    np.testing.assert_allclose(merged, [1, 1 + 2 * 1.02, 3, 1])
