"""umap-learn's layout: 15 neighbours by the cosine, 8 dimensions, no minimal distance; all cores, no fixed seed."""

import os
import sys
import warnings

os.environ['NUMBA_NUM_THREADS'] = sys.argv[2]

import umap
from safetensors.numpy import save_file
from sklearn.cluster import KMeans

from blobs import labelled_blobs
from side import THREADS, path, serve

ROWS, WIDTH, GROUPS = 60_000, 1_280, 10

warnings.filterwarnings('ignore')
x, truth = labelled_blobs(ROWS, WIDTH, GROUPS, spread=0.3)


def layout(rows):
    return umap.UMAP(n_neighbors=15, n_components=8, min_dist=0.0, metric='cosine', n_jobs=THREADS).fit_transform(rows)


def run():
    return layout(x)


layout(x[:5_000])  # compiles
labels = KMeans(GROUPS, n_init=10, random_state=0).fit_predict(layout(x[:5_000]))
save_file({'x': x, 'truth': truth, 'labels': labels.astype('int64')}, path('peer.safetensors'))
serve(run, **{'umap-learn': umap.__version__})
