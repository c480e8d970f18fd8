#!/usr/bin/env python3
"""Times a layer of experts, or attention, in another library: see gemm.sh.

    gemm_peers.py openblas|onednn-f32|onednn-bf16|onednn-int8|clblast --rows 1 16 64 256 [--hidden 2048] ...
    gemm_peers.py sdpa --positions 4096

The work is that of `strata bench products`: for each of 8 experts X W1ᵀ with W1 [2N, K] and Y W2ᵀ with W2 [K, N], weights that
no cache holds. Prints JSON: seconds of a pass by rows; nothing but the products is timed.
"""
import argparse
import ctypes
import ctypes.util
import json
import os
import time

import numpy as np

COLD = 4 * 32 << 20


class OpenBLAS:
    """numpy's sgemm, which is OpenBLAS in the packages of PyPI."""

    bytes = 4

    def weights(self, n, k):
        return np.random.default_rng(1).standard_normal((n, k), dtype=np.float32)

    rows = weights

    def run(self, x, w):
        x @ w.T


class Torch:
    """torch.nn.functional.linear, which is oneDNN's matmul with weights in the layout that oneDNN chooses."""

    def __init__(self, kind):
        import torch
        self.torch = torch
        self.type = {"f32": torch.float32, "bf16": torch.bfloat16}[kind]
        self.bytes = 4 if kind == "f32" else 2

    def weights(self, n, k):
        w = self.rows(n, k)
        return w.to_mkldnn() if self.type == self.torch.float32 else w

    def rows(self, m, k):
        return self.torch.randn(m, k).to(self.type)

    def run(self, x, w):
        with self.torch.inference_mode():
            if w.is_mkldnn:
                self.torch.ops.aten.mkldnn_linear(x.to_mkldnn(), w)
            else:
                self.torch.nn.functional.linear(x, w)


class TorchInt8:
    """oneDNN's u8 by s8 product, one scale for each row of weights and no scale for blocks."""

    bytes = 1

    def __init__(self):
        import torch
        self.torch = torch
        self.ops = torch.ops.onednn

    def weights(self, n, k):
        torch = self.torch
        w = torch.randint(-127, 127, (n, k), dtype=torch.int8)
        packed = self.ops.qlinear_prepack(w, None)
        return packed, torch.full((n,), 0.01), torch.zeros(n, dtype=torch.int64)

    def rows(self, m, k):
        return self.torch.randint(0, 255, (m, k), dtype=self.torch.uint8)

    def run(self, x, w):
        packed, scales, zeros = w
        self.ops.qlinear_pointwise(
            x, 0.02, 128, packed, scales, zeros, None, 1.0, 0, self.torch.float32, "none", [], "")


class CLBlast:
    """CLBlastSgemm on the first device of the first platform."""

    bytes = 4

    def __init__(self):
        import pyopencl as cl
        self.cl = cl
        name = ctypes.util.find_library("clblast") or "libclblast.so.1"
        self.library = ctypes.CDLL(name)
        self.context = cl.Context([cl.get_platforms()[0].get_devices()[0]])
        self.queue = cl.CommandQueue(self.context)
        self.raw = ctypes.c_void_p(self.queue.int_ptr)

    def weights(self, n, k):
        values = np.random.default_rng(1).standard_normal((n, k), dtype=np.float32)
        flags = self.cl.mem_flags.READ_WRITE | self.cl.mem_flags.COPY_HOST_PTR
        return self.cl.Buffer(self.context, flags, hostbuf=values), (n, k)

    rows = weights

    def run(self, x, w):
        (xb, (m, k)), (wb, (n, _)) = x, w
        if not hasattr(self, "out") or self.out.size < m * n * 4:
            self.out = self.cl.Buffer(self.context, self.cl.mem_flags.READ_WRITE, m * n * 4)
        size, pointer, one = ctypes.c_size_t, ctypes.c_void_p, ctypes.c_float
        # Row-major, X as it is, W transposed.
        code = self.library.CLBlastSgemm(
            101, 111, 112, size(m), size(n), size(k), one(1), pointer(xb.int_ptr), size(0), size(k),
            pointer(wb.int_ptr), size(0), size(k), one(0), pointer(self.out.int_ptr), size(0), size(n),
            ctypes.byref(self.raw), None)
        if code:
            raise SystemExit(f"CLBlastSgemm: {code}")

    def finish(self):
        self.queue.finish()


def make(peer):
    if peer.startswith("onednn"):
        kind = peer.split("-")[1]
        return TorchInt8() if kind == "int8" else Torch(kind)
    return CLBlast() if peer == "clblast" else OpenBLAS()


def seconds(body, finish, count):
    finish()
    start = time.perf_counter()
    for _ in range(count):
        body()
    finish()
    return (time.perf_counter() - start) / count


def timed(body, finish):
    """The median of five measurements of a tenth of a second each, or of one pass."""
    seconds(body, finish, 2)
    count = max(1, int(0.1 / seconds(body, finish, 1)))
    return sorted(seconds(body, finish, count) for _ in range(5))[2]


def products(options):
    library = make(options.peer)
    finish = getattr(library, "finish", lambda: None)
    hidden, inner, experts = options.hidden, options.intermediate, options.experts
    layer_bytes = experts * 3 * hidden * inner * library.bytes
    layers = max(2, -(-COLD // layer_bytes))
    first = [library.weights(2 * inner, hidden) for _ in range(experts * layers)]
    second = [library.weights(hidden, inner) for _ in range(experts * layers)]
    found = {}
    for rows in options.rows:
        x, y = library.rows(rows, hidden), library.rows(rows, inner)
        turn = [0]

        def body():
            start = turn[0] % layers * experts
            for expert in range(start, start + experts):
                library.run(x, first[expert])
                library.run(y, second[expert])
            turn[0] += 1

        found[rows] = timed(body, finish)
    return found


def attention(options):
    import torch
    heads, kv, size, n = options.heads, options.key_value_heads, options.head_size, options.positions
    q, k, v = (torch.randn(1, h, n, size) for h in (heads, kv, kv))

    def body():
        with torch.inference_mode():
            torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)

    return {n: timed(body, lambda: None)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("peer", choices=["openblas", "onednn-f32", "onednn-bf16", "onednn-int8", "clblast", "sdpa"])
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 16, 64, 256])
    parser.add_argument("--hidden", type=int, default=2048)
    parser.add_argument("--intermediate", type=int, default=768)
    parser.add_argument("--experts", type=int, default=8)
    parser.add_argument("--heads", type=int, default=32)
    parser.add_argument("--key-value-heads", type=int, default=4)
    parser.add_argument("--head-size", type=int, default=128)
    parser.add_argument("--positions", type=int, default=4096)
    options = parser.parse_args()
    threads = int(os.environ.get("OMP_NUM_THREADS", "1"))
    if options.peer.startswith("onednn") or options.peer == "sdpa":
        import torch
        torch.set_num_threads(threads)
    print(json.dumps(attention(options) if options.peer == "sdpa" else products(options)))


if __name__ == "__main__":
    main()
