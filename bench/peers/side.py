"""What the peers' programs share: their arguments and the protocol of bench/side.ts.

A program is called as `program.py FOLDER THREADS [argument...]`, leaves inputs and results in FOLDER/peer.safetensors,
and then calls `serve`.
"""

import json
import os
import sys
import time

FOLDER = sys.argv[1]
THREADS = int(sys.argv[2])
ARGUMENTS = sys.argv[3:]


def path(name):
    """A file in the row's folder."""
    return os.path.join(FOLDER, name)


def say(message):
    print('@ ' + json.dumps(message), flush=True)


def serve(run, **versions):
    """Says that it is ready, then answers each line `run N` with the times of N calls in milliseconds."""
    say({'ready': {'versions': versions}})
    for line in sys.stdin:
        times = []
        for _ in range(int(line.split()[1])):
            start = time.perf_counter()
            run()
            times.append((time.perf_counter() - start) * 1e3)
        say({'times': times})
