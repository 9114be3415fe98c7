"""A ResNet-18's training step in PyTorch eager, channels-last: torchvision's network with the stem for small images."""

import torch
import torchvision
from torch import nn

from side import ARGUMENTS, THREADS, serve
from training import save_losses, save_start, training_step

SIDE, BATCH, CLASSES = 32, 64, 10

torch.set_num_threads(THREADS)
torch.manual_seed(0)
model = torchvision.models.resnet18(num_classes=CLASSES)
model.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
model.maxpool = nn.Identity()
x, y = torch.randn(BATCH, 3, SIDE, SIDE), torch.randint(0, CLASSES, (BATCH,))
start = save_start(model, x, y)
model = model.to(memory_format=torch.channels_last)
step = training_step(model, x.contiguous(memory_format=torch.channels_last), y, bf16=ARGUMENTS[0] == 'bfloat16')
save_losses(start, step)
serve(step, pytorch=torch.__version__, torchvision=torchvision.__version__)
