"""ViT-S/16 at 224 px, batch 16, in PyTorch eager: timm's network with weights of its own initialisation."""

import timm
import torch
from safetensors.torch import save_file

from side import ARGUMENTS, THREADS, path, serve

BATCH, SIDE = 16, 224

torch.set_num_threads(THREADS)
torch.manual_seed(0)
model = timm.create_model('vit_small_patch16_224').eval()
x = torch.randn(BATCH, 3, SIDE, SIDE)
with torch.inference_mode():
    logits = model(x)
weights = {f'weights/{name}': value.clone().contiguous() for name, value in model.state_dict().items()}
save_file({**weights, 'x': x, 'logits': logits.clone()}, path('peer.safetensors'))
if ARGUMENTS[0] == 'bfloat16':
    model, x = model.bfloat16(), x.bfloat16()


def run():
    with torch.inference_mode():
        return model(x)


run()
serve(run, pytorch=torch.__version__, timm=timm.__version__)
