"""Makes JPEGs, then decodes and resizes them with Pillow in worker processes: shorter side 224, bicubic, central square.

Arguments: width, height and number of the pictures.
"""

import multiprocessing
import os
import shutil

import numpy as np
import PIL
from PIL import Image
from safetensors.numpy import save_file

from pictures import picture
from side import ARGUMENTS, FOLDER, THREADS, path, serve

SIDE = 224
width, height, count = map(int, ARGUMENTS)


def file_of(index):
    return os.path.join(FOLDER, f'{index:04d}.jpg')


def make(index):
    Image.fromarray(picture(width, height, index)).save(file_of(index), quality=90)


def load(index):
    with Image.open(file_of(index)) as image:
        rgb = image.convert('RGB')
    scale = SIDE / min(rgb.size)
    size = tuple(SIDE if side == min(rgb.size) else int(side * scale) for side in rgb.size)
    resized = rgb.resize(size, Image.Resampling.BICUBIC)
    left, top = round((size[0] - SIDE) / 2), round((size[1] - SIDE) / 2)
    return np.asarray(resized.crop((left, top, left + SIDE, top + SIDE)))


if __name__ == '__main__':
    with multiprocessing.Pool(THREADS) as pool:
        # Making a large picture takes longer than reading it a hundred times: a few scenes, each several times.
        scenes = min(count, 50 if width * height < 1_000_000 else 4)
        pool.map(make, range(scenes))
        for index in range(scenes, count):
            shutil.copy(file_of(index % scenes), file_of(index))

        def run():
            return np.stack(pool.map(load, range(count)))

        save_file({'pixels': run()}, path('peer.safetensors'))
        serve(run, pillow=PIL.__version__)
