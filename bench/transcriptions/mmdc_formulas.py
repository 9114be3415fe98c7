"""MMDC in plain PyTorch (Shiran and Weinshall 2020, algorithm 1, in the order of the authors' code), and the rotation task (RotNet)."""

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment
from torch import nn


class SmallVgg(nn.Module):
    """The network for digits."""

    def __init__(self, channels, size, dimension, width=32):
        super().__init__()
        layers, inputs = [], channels
        for outputs in (width, 2 * width, 4 * width, 8 * width):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(True), nn.MaxPool2d(2)]
            inputs = outputs
        self.features = nn.Sequential(*layers)
        self.top_layer = nn.Linear(8 * width * (size // 16) ** 2, dimension)

    def body(self, x):
        return self.features(x).flatten(1)

    def outputs(self, x):
        return self.top_layer(self.body(x))


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet18(nn.Module):
    """The variant: 3x3 stem, 2x2 max pool with stride 2 and padding 1."""

    def __init__(self, channels, dimension, width=64, rotation=True):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        inputs = width
        for stage in range(4):
            outputs = width * 2**stage
            layer = nn.Sequential(Block(inputs, outputs, 1 if stage == 0 else 2), Block(outputs, outputs, 1))
            setattr(self, f'layer{stage + 1}', layer)
            inputs = outputs
        self.top_layer = nn.Linear(inputs, dimension)
        self.rotnet_head = nn.Linear(inputs, 4) if rotation else None

    def body(self, x):
        y = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2, 2, 1)
        return self.layer4(self.layer3(self.layer2(self.layer1(y)))).mean((2, 3))

    def outputs(self, x):
        return self.top_layer(self.body(x))

    def turns(self, x):
        return self.rotnet_head(self.body(x))


def start(network):
    for part in network.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight)
        elif isinstance(part, nn.Linear):
            nn.init.normal_(part.weight, 0, 0.01)
            nn.init.zeros_(part.bias)
    return network


def optimiser(network, rate=0.05, decay=5e-4):
    """Weights decay; biases, and scales and shifts of norms, do not."""
    groups = [
        {'params': [p for p in network.parameters() if p.ndim > 1], 'weight_decay': decay},
        {'params': [p for p in network.parameters() if p.ndim <= 1], 'weight_decay': 0},
    ]
    return torch.optim.SGD(groups, lr=rate, momentum=0.9)


def unit(z):
    return z / z.norm(dim=1, keepdim=True)


def reassign(network, plain, targets):
    """The batch's targets [b, d], permuted so that the sum of distances is least."""
    network.eval()
    with torch.no_grad():
        f = unit(network.outputs(plain))
        cost = torch.cdist(f, targets, compute_mode='donot_use_mm_for_euclid_dist')
    network.train()
    rows, columns = linear_sum_assignment(cost.numpy().astype(np.float64))
    return targets[torch.from_numpy(columns)], cost.numpy()[rows, columns].sum()


def descend(optimiser, loss):
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


def clustering_step(network, optimiser, plain, augmented, targets, rows):
    """targets [n, d] is changed in place: who holds which."""
    targets[rows], _ = reassign(network, plain, targets[rows])
    return descend(optimiser, F.mse_loss(unit(network.outputs(augmented)), targets[rows]))


def rotation_step(network, optimiser, turned):
    """turned [4 n, ...]: each image by 0, 90, 180 and 270 degrees."""
    turns = torch.arange(4).repeat(len(turned) // 4)
    return descend(optimiser, F.cross_entropy(network.turns(turned), turns))
