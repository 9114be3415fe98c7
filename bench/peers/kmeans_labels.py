"""scikit-learn's k-means on given features, once a seed.

Arguments: features.safetensors (`x`, (N, D) float32, unit rows), labels.safetensors to write (`labels`, (seeds, N) int64),
K, number of seeds. The rows are unit vectors, so Euclidean k-means stands in for the spherical one, as users do it.
"""

import sys

import numpy as np
import sklearn
from safetensors.numpy import load_file, save_file
from sklearn.cluster import KMeans

features, target, groups, seeds = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
x = load_file(features)['x']
labels = [KMeans(groups, n_init=10, random_state=seed).fit_predict(x) for seed in range(seeds)]
save_file({'labels': np.array(labels, np.int64)}, target)
print(sklearn.__version__)
