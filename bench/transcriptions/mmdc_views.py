"""MMDC's views as the papers have them: torchvision's transforms of PIL images, one by one, in worker processes."""

import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms as T


def digits():
    """Views of MNIST: plain, augmented."""
    plain = T.Compose([T.CenterCrop(24), T.Resize(32), T.ToTensor()])
    crops = [T.Compose([T.RandomCrop(side), T.Resize(32)]) for side in (24, 20, 16)]
    return plain, T.Compose([T.RandomRotation(25), T.RandomChoice(crops), T.ToTensor()])


def photographs():
    """Views of CIFAR: plain, augmented."""
    plain = T.Compose([T.CenterCrop(20), T.Resize(32), T.ToTensor()])
    jitter = T.ColorJitter(0.4, 0.4, 0.4, 0.125)
    crop = [T.RandomCrop(20), T.Resize(32), T.ToTensor()]
    return plain, T.Compose([jitter, T.RandomGrayscale(0.2), T.RandomHorizontalFlip(), *crop])


class Images(Dataset):
    """uint8 [N, H, W, C] as PIL images."""

    def __init__(self, pixels):
        self.pixels = pixels.numpy()

    def __len__(self):
        return len(self.pixels)

    def image(self, row):
        pixels = self.pixels[row]
        return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


class Views(Images):
    def __init__(self, pixels, plain, augmented):
        super().__init__(pixels)
        self.plain, self.augmented = plain, augmented

    def __getitem__(self, row):
        image = self.image(row)
        return self.plain(image), self.augmented(image), row


class Turned(Images):
    """Each image by four quarter turns, every one with a crop of its own: [4, C, 32, 32]."""

    crop = T.Compose([T.RandomCrop(20), T.Resize(32), T.ToTensor()])

    def __getitem__(self, row):
        image = self.image(row)
        return torch.stack([self.crop(image.rotate(90 * turn)) for turn in range(4)])


def batches(dataset, batch, workers):
    return DataLoader(dataset, batch, shuffle=True, num_workers=workers)
