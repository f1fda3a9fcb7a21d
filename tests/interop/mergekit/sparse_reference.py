"""Which entries of a difference the task vector methods keep, in float64 and in numpy.

Written from the definitions. Where mergekit has no defined value (ties of magnitudes, which its sort
orders as it happens), the first index counts as the larger one. `delta` is any shape; what comes
back has the same shape.
"""

import numpy as np

# Below this sum of magnitudes a difference is not rescaled.
SMALLEST_NORM = 1e-7


def count(share, size):
    """How many of `size` entries a share is: the product in float64, cut."""
    return max(0, min(size, int(share * size)))


def by_magnitude(delta):
    """Indices of the flat entries, those of the largest magnitude first, the first of equal ones first.

    Magnitudes are those of the difference in float32: a difference that float32 does not see decides nothing.
    """
    magnitudes = np.abs(delta.astype(np.float32)).reshape(-1)
    return np.argsort(-magnitudes, kind="stable")


def keep(delta, indices):
    kept = np.zeros_like(delta)
    kept.reshape(-1)[indices] = delta.reshape(-1)[indices]
    return kept


def rescaled(kept, delta):
    """`kept` with the sum of magnitudes that `delta` has."""
    before, after = np.abs(delta).sum(), np.abs(kept).sum()
    return kept if min(before, after) < SMALLEST_NORM else kept * (before / after)


def largest(delta, density, rescale=False):
    """TIES: the share `density` of the entries with the largest magnitudes."""
    if density >= 1:
        return delta
    kept = keep(delta, by_magnitude(delta)[: count(density, delta.size)])
    return rescaled(kept, delta) if rescale else kept


def breadcrumbs(delta, density, gamma=0.01, rescale=False):
    """Drops the share `gamma` with the largest magnitudes, then the smallest until `density` is left.

    Fewer large ones are dropped where both do not fit.
    """
    if density >= 1:
        return delta
    wanted = count(density, delta.size)
    dropped = min(count(gamma, delta.size), delta.size - wanted)
    kept = keep(delta, by_magnitude(delta)[dropped : dropped + wanted])
    return rescaled(kept, delta) if rescale else kept


def della_probabilities(delta, density, epsilon=0.15):
    """The probability that DELLA keeps each entry: density - epsilon for the smallest magnitude of a row, density +
    epsilon for the largest, linear in the rank between. Rows are along the second axis; a vector is one row."""
    rows = np.abs(delta.astype(np.float32))
    rows = rows[np.newaxis] if delta.ndim < 2 else rows
    ranks = np.argsort(np.argsort(rows, axis=1, kind="stable"), axis=1, kind="stable")
    if rows.shape[1] == 1:
        return np.full(delta.shape, density)
    return (density - epsilon + 2 * epsilon * ranks / (rows.shape[1] - 1)).reshape(delta.shape)
