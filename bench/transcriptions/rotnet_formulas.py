"""RotNet's task in plain PyTorch, on MMDC's ResNet-18."""

import torch
import torch.nn.functional as F
import torchvision
from torch import nn


class Network(torchvision.models.ResNet):
    def __init__(self):
        super().__init__(torchvision.models.resnet.BasicBlock, [2, 2, 2, 2])
        self.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        self.maxpool = nn.MaxPool2d(2, 2, 1)
        self.fc = nn.Identity()
        self.rotnet_head = nn.Linear(512, 4)

    def forward(self, x):
        return self.rotnet_head(super().forward(x))


def network():
    return Network()


def train_step(network, optimiser, turned):
    turns = torch.arange(4).repeat(len(turned) // 4)
    value = F.cross_entropy(network(turned), turns)
    optimiser.zero_grad()
    value.backward()
    optimiser.step()
    return value.item()
