"""The first steps of MMDC in plain PyTorch, from weights, batches and views that are given: `mmdc_steps.py vgg|resnet|rotations FOLDER`.

Reads FOLDER/start.safetensors, writes FOLDER/losses.safetensors.
"""

import os
import sys

import torch
from safetensors.torch import load_file, save_file

import mmdc_formulas as mmdc

kind, folder = sys.argv[1:]
torch.set_num_threads(1)
given = load_file(os.path.join(folder, 'start.safetensors'))
weights = {name[len('w/') :]: value for name, value in given.items() if name.startswith('w/')}
width = weights['features.0.weight' if kind == 'vgg' else 'conv1.weight'].shape[0]
dimension = weights['top_layer.weight'].shape[0]
if kind == 'vgg':
    network = mmdc.SmallVgg(1, given['augmented'].shape[-1], dimension, width)
else:
    network = mmdc.ResNet18(3, dimension, width, rotation=kind == 'rotations')
network.load_state_dict(weights)
network.train()
# At .05 the rotation task is unstable at first: a rounding difference triples in every step.
optimiser = mmdc.optimiser(network, rate=0.01 if kind == 'rotations' else 0.05)

if kind == 'rotations':
    losses = [mmdc.rotation_step(network, optimiser, turned) for turned in given['turned']]
else:
    targets = given['targets']
    losses = [
        mmdc.clustering_step(network, optimiser, plain, augmented, targets, rows)
        for plain, augmented, rows in zip(given['plain'], given['augmented'], given['rows'])
    ]
save_file({'losses': torch.tensor(losses, dtype=torch.float64)}, os.path.join(folder, 'losses.safetensors'))
