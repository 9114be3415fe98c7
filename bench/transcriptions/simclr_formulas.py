"""SimCLR in plain PyTorch as SCAN's pretext has it: the first views ask, over the other 2n - 1 rows."""

import math

import torch
import torch.nn.functional as F
import torchvision
from torch import nn


class Network(nn.Module):
    """ResNet-18 with the stem for small images, then linear, ReLU, linear."""

    def __init__(self, projection):
        super().__init__()
        self.backbone = torchvision.models.resnet18()
        self.backbone.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        self.backbone.maxpool = nn.Identity()
        self.backbone.fc = nn.Identity()
        self.contrastive_head = nn.Sequential(nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, projection))

    def forward(self, x):
        return F.normalize(self.contrastive_head(self.backbone(x)), dim=1)


def loss(z, temperature):
    n = len(z) // 2
    similarity = z[:n] @ z.t() / temperature
    own = torch.eye(n, 2 * n, dtype=torch.bool)
    denominator = similarity.masked_fill(own, -torch.inf).logsumexp(1)
    return (denominator - similarity.diagonal(n)).mean()


def rate(first, epoch, epochs):
    """Down to a thousandth along a cosine."""
    last = first * 0.1**3
    return last + (first - last) * (1 + math.cos(math.pi * epoch / epochs)) / 2


def train_step(network, optimiser, views, temperature):
    value = loss(network(views), temperature)
    optimiser.zero_grad()
    value.backward()
    optimiser.step()
    return value.item()
