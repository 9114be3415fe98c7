"""scikit-learn's Gaussian mixture: so many EM iterations from given parameters. Argument: `diag` or `full`."""

import warnings

import numpy as np
import sklearn
from safetensors.numpy import save_file
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from blobs import blobs
from side import ARGUMENTS, THREADS, path, serve

ROWS, WIDTH, GROUPS, ITERATIONS, RIDGE = 60_000, 64, 10, 20, 1e-6
covariance = ARGUMENTS[0]

threadpool_limits(THREADS)
warnings.filterwarnings('ignore')  # it says that so few iterations do not converge
x = blobs(ROWS, WIDTH, 50)
weights = np.full(GROUPS, 1 / GROUPS)
means = x[np.random.default_rng(1).choice(ROWS, GROUPS, replace=False)].astype(np.float64)
precisions = np.ones((GROUPS, WIDTH)) if covariance == 'diag' else np.tile(np.eye(WIDTH), (GROUPS, 1, 1))


def run():
    return GaussianMixture(
        GROUPS,
        covariance_type=covariance,
        weights_init=weights,
        means_init=means,
        precisions_init=precisions,
        init_params='random_from_data',
        reg_covar=RIDGE,
        max_iter=ITERATIONS,
        tol=0,
    ).fit(x)


fitted = run()
save_file(
    {
        'x': x,
        'weights': weights,
        'means': means,
        'covariances': precisions,
        'fittedMeans': fitted.means_,
        'iterations': np.array([ITERATIONS], np.int64),
        'ridge': np.array([RIDGE]),
    },
    path('peer.safetensors'),
)
serve(run, **{'scikit-learn': sklearn.__version__})
