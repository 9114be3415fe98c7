"""An epoch of MMDC in the papers' way, eager PyTorch on PIL views from worker processes: `digits` or `photographs`, and how many images.

A program of the protocol in bench/peers/side.py. What the images show does not matter for the time: they are noise.
"""

import os
import sys

import torch
from safetensors.torch import save_file

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'peers'))

import mmdc_formulas as mmdc
import mmdc_views as views
from side import ARGUMENTS, THREADS, path, serve

KIND, COUNT = ARGUMENTS[0], int(ARGUMENTS[1])
GROUPS, BATCH = 10, 128
CHECKED = 10 * BATCH
WITH_ROTATIONS = KIND == 'photographs'
SHAPE = (32, 32, 3) if WITH_ROTATIONS else (28, 28, 1)

torch.set_num_threads(THREADS)
torch.manual_seed(0)
pixels = torch.randint(0, 256, (COUNT, *SHAPE), dtype=torch.uint8)


def start():
    network = mmdc.ResNet18(3, GROUPS) if WITH_ROTATIONS else mmdc.SmallVgg(1, 32, GROUPS)
    network = mmdc.start(network).train()
    return network, mmdc.optimiser(network)


def epoch(network, optimiser, pixels):
    targets = torch.eye(GROUPS)[torch.randint(GROUPS, (len(pixels),))]
    if WITH_ROTATIONS:
        for turned in views.batches(views.Turned(pixels), BATCH, THREADS):
            mmdc.rotation_step(network, optimiser, turned.flatten(0, 1))
    plain, augmented = getattr(views, KIND)()
    losses = [
        mmdc.clustering_step(network, optimiser, one, other, targets, rows)
        for one, other, rows in views.batches(views.Views(pixels, plain, augmented), BATCH, THREADS)
    ]
    return sum(losses) / len(losses)


loss = epoch(*start(), pixels[:CHECKED])
save_file({'pixels': pixels, 'loss': torch.tensor([loss], dtype=torch.float64)}, path('peer.safetensors'))
network, optimiser = start()
serve(lambda: epoch(network, optimiser, pixels), pytorch=torch.__version__)
