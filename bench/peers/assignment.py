"""SciPy's linear assignment of unit outputs to targets by their Euclidean distance: SIZE, `gaussian` or `onehot`, TABLES."""

import scipy
import torch
from safetensors.torch import save_file
from scipy.optimize import linear_sum_assignment

from side import ARGUMENTS, path, serve

SIZE, KIND, TABLES = int(ARGUMENTS[0]), ARGUMENTS[1], int(ARGUMENTS[2])
GROUPS = 10

torch.manual_seed(0)
unit = torch.nn.functional.normalize
outputs = unit(torch.randn(TABLES, SIZE, GROUPS, dtype=torch.float64), dim=2)
means = torch.eye(GROUPS, dtype=torch.float64)
components = torch.randint(GROUPS, (TABLES, SIZE))
if KIND == 'onehot':
    targets = means[components]
else:
    targets = unit(torch.randn(TABLES, SIZE, GROUPS, dtype=torch.float64), dim=2)


def distances(others):
    return torch.cdist(outputs, others, compute_mode='donot_use_mm_for_euclid_dist')


cost = distances(targets)
tables = list(cost.numpy())


def run():
    totals = []
    for table in tables:
        rows, columns = linear_sum_assignment(table)
        totals.append(table[rows, columns].sum())
    return totals


totals = torch.tensor(run(), dtype=torch.float64)
to_means = distances(means.expand(TABLES, -1, -1)).contiguous()
save_file({'cost': cost, 'components': components, 'toMeans': to_means, 'totals': totals}, path('peer.safetensors'))
serve(run, scipy=scipy.__version__)
