"""Made embeddings: overlapping groups, so that k-means does not settle at once."""

import numpy as np


def labelled_blobs(rows, width, groups, spread=0.15, seed=0):
    """(rows, width) float32 and the planted group of each row. `spread`: sd of the centres, that of a group being 1."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((groups, width)).astype(np.float32) * spread
    labels = rng.integers(0, groups, rows)
    return centres[labels] + rng.standard_normal((rows, width), dtype=np.float32), labels


def blobs(rows, width, groups, seed=0):
    """(rows, width) float32"""
    return labelled_blobs(rows, width, groups, seed=seed)[0]
