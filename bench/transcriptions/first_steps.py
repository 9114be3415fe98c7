"""The first steps of a training in plain PyTorch, from a start that is given: `first_steps.py tsp|tac FOLDER`.

Reads FOLDER/start.safetensors (rows, weights, and the rows of every step), writes FOLDER/losses.safetensors.
"""

import json
import os
import sys

import torch
from safetensors import safe_open
from safetensors.torch import save_file

import tac_formulas
import tsp_formulas

method, folder = sys.argv[1:]
torch.set_num_threads(1)
with safe_open(os.path.join(folder, 'start.safetensors'), 'pt') as file:
    start = {name: file.get_tensor(name) for name in file.keys()}
    settings = json.loads(file.metadata()['settings'])


def weights(prefix):
    return {name[len(prefix) :]: value for name, value in start.items() if name.startswith(prefix)}


def halves(plan):
    """Anchors and neighbours of every step."""
    return zip(*plan.chunk(2, dim=1))


def tsp():
    x = start['x']
    head = tsp_formulas.Head(*start['head.weight'].t().shape)
    head.load_state_dict(weights('head.'))
    optimiser = torch.optim.Adam(head.parameters(), lr=settings['rate'])
    for anchors, drawn in halves(start['plan']):
        yield tsp_formulas.train_step(head, optimiser, x, anchors, drawn, settings['lambda'])


def tac():
    hidden, width = start['image.0.weight'].shape
    heads = [tac_formulas.ClusterHead(width, hidden, start['image.3.weight'].shape[0]) for _ in range(2)]
    for head, prefix in zip(heads, ('image.', 'text.')):
        head.load_state_dict(weights(prefix))
    parameters = [parameter for head in heads for parameter in head.parameters()]
    optimiser = torch.optim.Adam(parameters, lr=settings['rate'], betas=(0.9, 0.99))
    images, texts = start['images'], start['texts']
    for (anchors, image_near), (_, text_near) in zip(halves(start['imagePlan']), halves(start['textPlan'])):
        yield tac_formulas.train_step(
            heads, optimiser, images, texts, anchors, image_near, text_near, settings['temperature'], settings['alpha']
        )


losses = torch.tensor(list({'tsp': tsp, 'tac': tac}[method]()), dtype=torch.float64)
save_file({'losses': losses}, os.path.join(folder, 'losses.safetensors'))
