"""scikit-learn's spectral clustering on the graph of nearest neighbours."""

import sklearn
from safetensors.numpy import save_file
from sklearn.cluster import SpectralClustering
from threadpoolctl import threadpool_limits

from blobs import labelled_blobs
from side import THREADS, path, serve

ROWS, WIDTH, GROUPS, NEIGHBOURS = 10_000, 1_280, 10, 15

threadpool_limits(THREADS)
x, truth = labelled_blobs(ROWS, WIDTH, GROUPS, spread=0.3)


def run():
    model = SpectralClustering(
        GROUPS, affinity='nearest_neighbors', n_neighbors=NEIGHBOURS, random_state=0, n_jobs=THREADS
    )
    return model.fit_predict(x)


save_file({'x': x, 'truth': truth, 'labels': run().astype('int64')}, path('peer.safetensors'))
serve(run, **{'scikit-learn': sklearn.__version__})
