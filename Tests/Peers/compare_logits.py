"""Compares the logits of `strata logits` with those of llama_logits: python3 compare_logits.py OURS.safetensors THEIRS.bin"""

import json
import pathlib
import struct
import sys

import numpy


def ours(path):
    data = pathlib.Path(path).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    entry = json.loads(data[8 : 8 + size])["logits"]
    begin, end = entry["data_offsets"]
    return numpy.frombuffer(data[8 + size + begin : 8 + size + end], numpy.float32).reshape(entry["shape"])


def compare(path, other):
    a = ours(path)
    b = numpy.fromfile(other, numpy.float32).reshape(a.shape)
    return float(numpy.linalg.norm(a - b) / numpy.linalg.norm(b)), float((a.argmax(1) == b.argmax(1)).mean())


if __name__ == "__main__":
    error, same = compare(sys.argv[1], sys.argv[2])
    print(f"relative error {error:.2e}, same most probable token at {100 * same:.1f} % of positions")
