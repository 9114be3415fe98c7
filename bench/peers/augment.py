"""Random views by torchvision, as the papers' codes make them: image by image, in a DataLoader with one process a core.

Arguments: view (mnist, cifar, simclr-32, simclr-224); pil or tensor; number of images.
"""

import numpy as np
import PIL
import torch
import torchvision
from PIL import Image
from safetensors.numpy import save_file
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms as T

from pictures import picture
from side import ARGUMENTS, THREADS, path, serve

VIEW, ENGINE = ARGUMENTS[:2]
COUNT = int(ARGUMENTS[2])
BATCH = 128
# Making a large picture takes longer than changing it: a few scenes, each several times.
SCENES = 64
MEAN, SD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def crops(*sizes):
    one = [T.RandomCrop(size) for size in sizes]
    return one[0] if len(one) == 1 else T.RandomChoice(one)


def simclr(size, scale, blur):
    return [
        T.RandomResizedCrop(size, scale=scale),
        T.RandomHorizontalFlip(),
        T.RandomApply([T.ColorJitter(0.4, 0.4, 0.4, 0.1)], p=0.8),
        T.RandomGrayscale(0.2),
        *([T.RandomApply([T.GaussianBlur(23, (0.1, 2.0))], p=0.5)] if blur else []),
    ]


SIDES = {'mnist': 28, 'cifar': 32, 'simclr-32': 32, 'simclr-224': 256}
VIEWS = {
    'mnist': [T.RandomRotation(25), crops(24, 20, 16), T.Resize(32)],
    'cifar': [T.ColorJitter(0.4, 0.4, 0.4, 0.125), T.RandomGrayscale(0.2), T.RandomHorizontalFlip(), crops(20), T.Resize(32)],
    'simclr-32': simclr(32, (0.2, 1), False),
    'simclr-224': simclr(224, (0.08, 1), True),
}


def made():
    side = SIDES[VIEW]
    scenes = np.stack([picture(side, side, seed) for seed in range(min(SCENES, COUNT))])
    pixels = scenes[np.arange(COUNT) % len(scenes)]
    return pixels[:, :, :, :1].copy() if VIEW == 'mnist' else pixels


class Views(Dataset):
    def __init__(self, pixels):
        last = [T.Normalize(MEAN, SD)] if VIEW.startswith('simclr') else []
        to_tensor = [T.ToTensor()] if ENGINE == 'pil' else []
        self.pixels = pixels
        self.transform = T.Compose([*VIEWS[VIEW], *to_tensor, *last])

    def __len__(self):
        return len(self.pixels)

    def __getitem__(self, index):
        image = self.pixels[index]
        if ENGINE == 'tensor':
            return self.transform(torch.from_numpy(image).permute(2, 0, 1).float().div(255))
        return self.transform(Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image))


if __name__ == '__main__':
    torch.manual_seed(0)
    pixels = made()
    loader = DataLoader(Views(pixels), BATCH, num_workers=THREADS, persistent_workers=True)

    def run():
        return sum(len(batch) for batch in loader)

    batches = torch.cat(list(loader))
    moments = np.array([batches.mean().item(), batches.std().item()], np.float64)
    save_file({'pixels': pixels, 'moments': moments}, path('peer.safetensors'))
    serve(run, torchvision=torchvision.__version__, pillow=PIL.__version__)
