"""Unpacks from a torch wheel what the engine needs: python3 unpack_wheel.py WHEEL FOLDER [MACHINE].

torch/include/, torch/version.py, the licence and the shared libraries without Python's own. On x86-64 three libraries
are enough; other machines' wheels bring further ones (BLAS, ARM Compute) in torch/lib/ and torch.libs/.
"""

import os
import re
import shutil
import sys
import zipfile

LICENCE = re.compile(r"torch-[^/]+\.dist-info/(licenses/)?LICENSE")
ENOUGH_ON_X86 = re.compile(r"torch/lib/(libtorch_cpu|libc10|libgomp[^/]*)\.so[^/]*")
SHARED_LIBRARY = re.compile(r"torch/lib/[^/]+\.so[^/]*|torch\.libs/[^/]+")
PYTHONS_OWN = re.compile(r"torch/lib/lib(torch_python|shm|torchbind_test|jitbackend_test|backend_with_compiler|aoti_)")


def wanted(name, machine):
    if name.endswith("/") or ".." in name.split("/"):
        return False
    if name == "torch/version.py" or name.startswith("torch/include/") or LICENCE.fullmatch(name):
        return True
    if machine == "x86_64":
        return ENOUGH_ON_X86.fullmatch(name) is not None
    return SHARED_LIBRARY.fullmatch(name) is not None and PYTHONS_OWN.match(name) is None


def main():
    wheel, folder = sys.argv[1], sys.argv[2]
    machine = sys.argv[3] if len(sys.argv) > 3 else os.uname().machine
    made = set()
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            if not wanted(entry.filename, machine):
                continue
            path = os.path.join(folder, entry.filename)
            parent = os.path.dirname(path)
            if parent not in made:
                os.makedirs(parent, exist_ok=True)
                made.add(parent)
            with archive.open(entry) as source, open(path, "wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)


if __name__ == "__main__":
    main()
