"""The first steps of a training from images in plain PyTorch, from a start that is given: `image_steps.py simclr|rotnet FOLDER`.

Reads FOLDER/start.safetensors (weights, and what the network sees in every step), writes FOLDER/losses.safetensors.
"""

import json
import os
import sys

import torch
from safetensors import safe_open
from safetensors.torch import save_file

import rotnet_formulas
import simclr_formulas

method, folder = sys.argv[1:]
torch.set_num_threads(1)
with safe_open(os.path.join(folder, 'start.safetensors'), 'pt') as file:
    start = {name: file.get_tensor(name) for name in file.keys()}
    settings = json.loads(file.metadata()['settings'])

weights = {name[len('network.') :]: value for name, value in start.items() if name.startswith('network.')}
# Channels-last as ours: the order of sums differs otherwise, and a batch norm's training makes much of the last digits.
last = torch.channels_last
inputs = [
    start[f'inputs.{step}'].contiguous(memory_format=last)
    for step in range(sum(name.startswith('inputs.') for name in start))
]


def simclr():
    network = simclr_formulas.Network(weights['contrastive_head.2.weight'].shape[0])
    network.load_state_dict(weights)
    network = network.to(memory_format=last)
    optimiser = torch.optim.SGD(
        network.parameters(), settings['rate'], momentum=settings['momentum'], weight_decay=settings['weightDecay']
    )
    for step, views in enumerate(inputs):
        epoch = step // int(settings['stepsAnEpoch'])
        rate = simclr_formulas.rate(settings['rate'], epoch, settings['epochs'])
        for group in optimiser.param_groups:
            group['lr'] = rate
        yield simclr_formulas.train_step(network, optimiser, views, settings['temperature'])


def rotnet():
    network = rotnet_formulas.network()
    network.load_state_dict(weights)
    network = network.to(memory_format=last)
    optimiser = torch.optim.SGD(
        network.parameters(),
        settings['rate'],
        momentum=settings['momentum'],
        weight_decay=settings['weightDecay'],
        nesterov=True,
    )
    for turned in inputs:
        yield rotnet_formulas.train_step(network, optimiser, turned)


losses = torch.tensor(list({'simclr': simclr, 'rotnet': rotnet}[method]()), dtype=torch.float64)
save_file({'losses': losses}, os.path.join(folder, 'losses.safetensors'))
