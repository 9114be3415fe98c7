"""scikit-learn's agglomerative clustering by Ward's criterion, all pairs."""

import sklearn
from safetensors.numpy import save_file
from sklearn.cluster import AgglomerativeClustering
from threadpoolctl import threadpool_limits

from blobs import labelled_blobs
from side import THREADS, path, serve

ROWS, WIDTH, GROUPS = 10_000, 1_280, 10

threadpool_limits(THREADS)
x, _ = labelled_blobs(ROWS, WIDTH, GROUPS, spread=0.1)


def run():
    return AgglomerativeClustering(GROUPS, linkage='ward').fit_predict(x)


save_file({'x': x, 'labels': run().astype('int64')}, path('peer.safetensors'))
serve(run, **{'scikit-learn': sklearn.__version__})
