#!/usr/bin/env bash
# Makes the Python environment of the programs that the bench measures against:
#   bash bench/make-peers.sh [FOLDER]        default: $MUSTER_PEERS, else ~/.cache/muster/peers
# Nothing of ours needs it at run time.
set -euo pipefail

folder=${1:-${MUSTER_PEERS:-$HOME/.cache/muster/peers}}
torch_version=2.13.0
# These three ask for a torch of their own choice: they come without their dependencies, which the first list holds.
without_dependencies=(torchvision==0.28.0 timm==1.0.31 transformers==5.23.0)
packages=(
  "torch==$torch_version" numpy scipy scikit-learn umap-learn pillow safetensors
  onnxruntime onnx onnxscript huggingface_hub tokenizers regex pyyaml tqdm packaging typer
)

command -v python3 >/dev/null || { echo 'make-peers: python3 is missing: install Python 3 with its venv module' >&2; exit 1; }
[ -x "$folder/bin/python" ] || python3 -m venv "$folder"
install=("$folder/bin/python" -m pip install --quiet --disable-pip-version-check)
"${install[@]}" "${packages[@]}"
"${install[@]}" --no-deps "${without_dependencies[@]}"

# torchvision may come as a CUDA build, whose operators a CPU torch does not load; importing it then fails while it
# registers shapes for them. Transforms and networks need none of them: the registrations become no-ops.
"$folder/bin/python" - <<'PYTHON'
import importlib.util
import pathlib
import re

found = importlib.util.find_spec('torchvision')
file = pathlib.Path(found.submodule_search_locations[0]) / '_meta_registrations.py'
text = file.read_text()
quiet = re.sub(r'^@(torch\.library\.register_fake|register_meta)\(.*\)$', '@(lambda f: f)', text, flags=re.MULTILINE)
if quiet != text:
    file.write_text(quiet)
PYTHON

"$folder/bin/python" - "$torch_version" <<'PYTHON'
import sys

import onnxruntime, PIL, sklearn, timm, torch, torchvision, transformers, umap

if not torch.__version__.startswith(sys.argv[1]):
    raise SystemExit(f'make-peers: torch {torch.__version__} came in place of {sys.argv[1]}')
for library in (torch, torchvision, timm, transformers, onnxruntime, sklearn, umap, PIL):
    print(library.__name__, library.__version__)
PYTHON
echo "the peers' environment is ready in $folder"
