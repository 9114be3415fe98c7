"""TAC in plain PyTorch on made features: 50,000 x 512 in 10 groups, 8,000 nouns.

A program of the protocol in bench/peers/side.py. Argument: `all`, or one part: `centres`, `nouns`, `neighbours`, `training`.
"""

import os
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'peers'))

import tac_formulas as tac
from side import ARGUMENTS, THREADS, path, serve

ROWS, WIDTH, GROUPS, NOUNS = 50_000, 512, 10, 8_000
CENTRES, RESTARTS, ROUNDS, GAMMA, TAU, NEIGHBOURS = ROWS // 300, 3, 300, 5, 0.02, 50
COMPARED = 1_000
BATCH, EPOCHS, RATE, TEMPERATURE, ALPHA = 512, 20, 1e-3, 0.5, 5.0

torch.set_num_threads(THREADS)
torch.manual_seed(0)
directions = torch.randn(GROUPS, WIDTH)
truth = torch.randint(GROUPS, (ROWS,))
x = directions[truth] * 0.3 + torch.randn(ROWS, WIDTH)
nouns = F.normalize(directions[torch.randint(GROUPS, (NOUNS,))] * 0.5 + torch.randn(NOUNS, WIDTH), dim=1)
images = F.normalize(x, dim=1)


def describe(centres):
    return tac.retrieve(images, nouns[tac.select_nouns(nouns, centres, GAMMA)], TAU)


def near(texts):
    return tac.neighbours(images, NEIGHBOURS), tac.neighbours(texts, NEIGHBOURS)


def train(texts, image_near, text_near, epochs=EPOCHS):
    heads = [tac.ClusterHead(WIDTH, 512, GROUPS) for _ in range(2)]
    parameters = [parameter for head in heads for parameter in head.parameters()]
    optimiser = torch.optim.Adam(parameters, lr=RATE, betas=(0.9, 0.99))
    for _ in range(epochs):
        order = torch.randperm(ROWS)
        draws = torch.randint(NEIGHBOURS, (2, ROWS, 1))
        drawn_image, drawn_text = image_near.gather(1, draws[0]).squeeze(1), text_near.gather(1, draws[1]).squeeze(1)
        for anchors in order.split(BATCH)[: ROWS // BATCH]:
            tac.train_step(
                heads, optimiser, images, texts, anchors, drawn_image[anchors], drawn_text[anchors], TEMPERATURE, ALPHA
            )
    heads[0].eval()
    with torch.no_grad():
        return heads[0](images).argmax(1)


def everything():
    texts = describe(tac.semantic_centres(images, CENTRES, RESTARTS, ROUNDS))
    return train(texts, *near(texts))


def same_group(count):
    """`count` rows of its own group for each row."""
    drawn = torch.empty(ROWS, count, dtype=torch.long)
    for group in range(GROUPS):
        members = (truth == group).nonzero().squeeze(1)
        drawn[members] = members[torch.randint(len(members), (len(members), count))]
    return drawn


part = ARGUMENTS[0]
saved = {'x': x, 'nouns': nouns, 'truth': truth}
if part in ('all', 'centres'):
    run = everything if part == 'all' else lambda: tac.semantic_centres(images, CENTRES, RESTARTS, ROUNDS)
    if part == 'centres':
        saved['closeness'] = (images @ run().t()).amax(1).mean().view(1)
else:
    texts = describe(images[:CENTRES])
    saved['texts'] = texts
    if part == 'neighbours':
        saved['near'] = tac.neighbours(images, NEIGHBOURS)[:COMPARED].contiguous()
    if part == 'training':
        pairs = [same_group(NEIGHBOURS) for _ in range(2)]
        saved |= {'imageNeighbours': pairs[0], 'textNeighbours': pairs[1]}
    run = {
        'nouns': lambda: describe(images[:CENTRES]),
        'neighbours': lambda: near(texts),
        'training': lambda: train(texts, *pairs),
    }[part]
save_file(saved, path('peer.safetensors'))
serve(run, pytorch=torch.__version__)
