"""Small operators in Python's PyTorch: what a call costs beside the work."""

import torch
from safetensors.torch import save_file

from side import ARGUMENTS, THREADS, path, serve

CALLS = 20_000

torch.set_num_threads(THREADS)
a = torch.arange(8, dtype=torch.float32)
b = a + 1
if ARGUMENTS[0] == 'add-autograd':
    a.requires_grad_(True)


def add():
    for _ in range(CALLS):
        result = a + b
    return result


def reshape():
    for _ in range(CALLS):
        result = a.reshape(2, 4)
    return result


run = reshape if ARGUMENTS[0] == 'reshape' else add
save_file({'a': a.detach(), 'b': b, 'result': run().detach().clone()}, path('peer.safetensors'))
serve(run, pytorch=torch.__version__)
