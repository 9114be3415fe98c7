"""Made embeddings: overlapping groups, so that k-means does not settle at once."""

import numpy as np


def blobs(rows, width, groups, seed=0):
    """(rows, width) float32"""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((groups, width)).astype(np.float32) * 0.15
    return centres[rng.integers(0, groups, rows)] + rng.standard_normal((rows, width), dtype=np.float32)
