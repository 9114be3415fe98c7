"""Made pictures with the statistics of photographs: noise of all scales, coarse strong, fine weak. Seeded."""

import numpy as np
from PIL import Image


def picture(width, height, seed):
    """An RGB picture, [height, width, 3] bytes."""
    rng = np.random.default_rng(seed)
    total = np.zeros((height, width, 3), np.float32)
    side = 2
    while side <= max(width, height):
        rows, columns = max(1, side * height // max(width, height)), max(1, side * width // max(width, height))
        total += grown(rng.standard_normal((rows, columns, 3)).astype(np.float32), width, height) / side**0.7
        side *= 2
    total += rng.standard_normal(total.shape, dtype=np.float32) * 0.01
    low, high = np.percentile(total[::7, ::7], [1, 99])
    return np.clip((total - low) / (high - low) * 255, 0, 255).astype(np.uint8)


def grown(noise, width, height):
    channels = [Image.fromarray(noise[:, :, c]).resize((width, height), Image.Resampling.BICUBIC) for c in range(3)]
    return np.stack([np.asarray(channel) for channel in channels], axis=2)
