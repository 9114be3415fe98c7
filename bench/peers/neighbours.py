"""scikit-learn's exact nearest neighbours by brute force, each row among all others."""

import numpy as np
import sklearn
from safetensors.numpy import save_file
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from blobs import blobs
from side import THREADS, path, serve

ROWS, WIDTH, GROUPS, NEIGHBOURS, CHECKED = 60_000, 512, 200, 20, 1_000

threadpool_limits(THREADS)
x = blobs(ROWS, WIDTH, GROUPS)


def run():
    return NearestNeighbors(n_neighbors=NEIGHBOURS, algorithm='brute').fit(x).kneighbors(return_distance=True)


fitted = NearestNeighbors(n_neighbors=NEIGHBOURS + 1, algorithm='brute').fit(x)
_, indices = fitted.kneighbors(x[:CHECKED])
save_file({'x': x, 'indices': np.ascontiguousarray(indices[:, 1:].astype(np.int64))}, path('peer.safetensors'))
serve(run, **{'scikit-learn': sklearn.__version__})
