"""A training step in PyTorch eager: forward, backward, Adam. The first losses are kept for comparison."""

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from side import path

CHECKED_STEPS = 3


def training_step(model, x, y, bf16):
    optimiser = torch.optim.Adam(model.parameters(), 1e-3)

    def step():
        optimiser.zero_grad(set_to_none=True)
        with torch.autocast('cpu', torch.bfloat16, enabled=bf16):
            loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimiser.step()
        return loss.item()

    return step


def save_start(model, x, y):
    """The weights before the first step, and the batch, as a dict that `save_losses` completes."""
    start = {name: value.detach().clone().contiguous() for name, value in model.state_dict().items()}
    return {**{f'weights/{name}': value for name, value in start.items()}, 'x': x.contiguous(), 'y': y}


def save_losses(start, step):
    losses = torch.tensor([step() for _ in range(CHECKED_STEPS)], dtype=torch.float64)
    save_file({**start, 'losses': losses}, path('peer.safetensors'))
