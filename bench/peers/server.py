"""One request a line on stdin, one answer a line on stdout, with the CPU time of the work between them."""

import json
import sys
import time

MARK = "NWS © 2026"
# Of Inter, so that the letters are as high as the engine's.
CAP_HEIGHT_EM = 0.727


def font_size(unit):
    """Pixels an em, for a picture of unit × unit."""
    return round(0.03 * unit / CAP_HEIGHT_EM)


def corner(size, mark_size):
    """Where the mark begins, in the lower right corner."""
    margin = round(0.025 * unit_of(size))
    return [side - margin - length for side, length in zip(size, mark_size)]


def unit_of(size):
    return (size[0] * size[1]) ** 0.5


def serve(version, work):
    """work(request) gives the file's bytes and the picture's size."""
    print(json.dumps({"version": version}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        before = time.process_time_ns()  # in user space and in the kernel, of all threads
        data, (width, height) = work(request)
        cpu_ms = (time.process_time_ns() - before) / 1e6
        if request["result"]:
            with open(request["result"], "wb") as file:
                file.write(data)
        print(json.dumps({"cpu_ms": cpu_ms, "bytes": len(data), "width": width, "height": height}), flush=True)
