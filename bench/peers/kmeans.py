"""scikit-learn's k-means, Lloyd's iterations from given centres. Argument: K."""

import numpy as np
import sklearn
from safetensors.numpy import save_file
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from blobs import blobs
from side import ARGUMENTS, THREADS, path, serve

ROWS, WIDTH, GROUPS, ITERATIONS = 60_000, 512, 200, 20
clusters = int(ARGUMENTS[0])

threadpool_limits(THREADS)
x = blobs(ROWS, WIDTH, GROUPS)
start = x[np.random.default_rng(1).choice(ROWS, clusters, replace=False)]


def run():
    return KMeans(clusters, init=start, n_init=1, max_iter=ITERATIONS, tol=0, algorithm='lloyd').fit(x)


fitted = run()
save_file(
    {
        'x': x,
        'start': start,
        'inertia': np.array([fitted.inertia_], np.float64),
        'iterations': np.array([fitted.n_iter_], np.int64),
        'maxIterations': np.array([ITERATIONS], np.int64),
    },
    path('peer.safetensors'),
)
serve(run, **{'scikit-learn': sklearn.__version__})
