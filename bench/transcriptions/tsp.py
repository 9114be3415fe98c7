"""TSP's head in plain PyTorch on made features, 50,000 x 384: 100 epochs on given neighbours.

A program of the protocol in bench/peers/side.py.
"""

import os
import sys

import torch
from safetensors.torch import save_file

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'peers'))

import tsp_formulas as tsp
from side import THREADS, path, serve

ROWS, WIDTH, GROUPS, NEIGHBOURS = 50_000, 384, 10, 20
BATCH, EPOCHS, RATE, WEIGHT = 256, 100, 1e-4, 3.0

torch.set_num_threads(THREADS)
torch.manual_seed(0)
directions = torch.randn(GROUPS, WIDTH)
truth = torch.randint(GROUPS, (ROWS,))
x = directions[truth] * 0.5 + torch.randn(ROWS, WIDTH)
neighbours = tsp.neighbours(x, NEIGHBOURS)
weights = tsp.weights(torch.nn.functional.normalize(x, dim=1), neighbours)
save_file(
    {'x': x, 'neighbours': neighbours, 'weights': weights, 'centres': directions, 'truth': truth}, path('peer.safetensors')
)


def run():
    head = tsp.Head(WIDTH, GROUPS)
    head.start_from(directions)
    optimiser = torch.optim.Adam(head.parameters(), lr=RATE)
    for _ in range(EPOCHS):
        order = torch.randperm(ROWS)
        drawn = neighbours.gather(1, torch.multinomial(weights, 1)).squeeze(1)
        for anchors in order.split(BATCH)[: ROWS // BATCH]:
            tsp.train_step(head, optimiser, x, anchors, drawn[anchors], WEIGHT)
    return head


serve(run, pytorch=torch.__version__)
