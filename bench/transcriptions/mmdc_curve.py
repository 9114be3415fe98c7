"""The first steps of MMDC on photographs in the papers' way: `mmdc_curve.py FOLDER STEPS THREADS`.

Reads FOLDER/pixels.safetensors (uint8 [N, 32, 32, 3]), writes FOLDER/losses.safetensors: the loss of every step, first those of the
rotation task, then those of the clustering, epoch by epoch.
"""

import os
import sys

import torch
from safetensors.torch import load_file, save_file

import mmdc_formulas as mmdc
import mmdc_views as views

folder, steps, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
GROUPS, BATCH = 10, 128
torch.set_num_threads(threads)
torch.manual_seed(0)
pixels = load_file(os.path.join(folder, 'pixels.safetensors'))['pixels']
network = mmdc.start(mmdc.ResNet18(3, GROUPS)).train()
network.to(memory_format=torch.channels_last)
optimiser = mmdc.optimiser(network)
targets = torch.eye(GROUPS)[torch.randint(GROUPS, (len(pixels),))]


def losses():
    while True:
        for turned in views.batches(views.Turned(pixels), BATCH, threads):
            yield mmdc.rotation_step(network, optimiser, turned.flatten(0, 1))
        for plain, augmented, rows in views.batches(views.Views(pixels, *views.photographs()), BATCH, threads):
            yield mmdc.clustering_step(network, optimiser, plain, augmented, targets, rows)


found = []
for loss in losses():
    found.append(loss)
    if len(found) == steps:
        break
save_file({'losses': torch.tensor(found, dtype=torch.float64)}, os.path.join(folder, 'losses.safetensors'))
