"""EfficientNet-Lite0's embedding, with the product's own weights, in ONNX Runtime or in PyTorch eager, channels-last.

Arguments: `onnxruntime` or `pytorch`, and the file of weights.
"""

import numpy as np
import onnxruntime
import timm
import torch
from safetensors.torch import load_file, save_file

from pictures import picture
from side import ARGUMENTS, THREADS, path, serve

BATCH, SIDE = 32, 224
engine, weights = ARGUMENTS

torch.set_num_threads(THREADS)
model = timm.create_model('tf_efficientnet_lite0', num_classes=0).eval()
state = {name: value for name, value in load_file(weights).items() if not name.startswith('classifier.')}
model.load_state_dict(state)
pixels = np.stack([picture(SIDE, SIDE, seed) for seed in range(BATCH)])
x = ((torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.5).contiguous()


def exported():
    file = path('model.onnx')
    torch.onnx.export(model, (x,), file, input_names=['x'], dynamo=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    session = onnxruntime.InferenceSession(file, options, providers=['CPUExecutionProvider'])
    feed = {'x': x.numpy()}
    return lambda: torch.from_numpy(session.run(None, feed)[0])


def eager():
    network = model.to(memory_format=torch.channels_last)
    batch = x.contiguous(memory_format=torch.channels_last)

    def run():
        with torch.inference_mode():
            return network(batch)

    return run


run = exported() if engine == 'onnxruntime' else eager()
save_file({'x': x, 'embedding': run().clone().contiguous()}, path('peer.safetensors'))
run()
versions = {'onnxruntime': onnxruntime.__version__} if engine == 'onnxruntime' else {'pytorch': torch.__version__}
serve(run, timm=timm.__version__, **versions)
