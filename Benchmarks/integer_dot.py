#!/usr/bin/env python3
"""How fast a device multiplies bytes by cl_khr_integer_dot_product, beside its f32 multiply-adds.

    python3 Benchmarks/integer_dot.py        needs pyopencl and numpy

For each OpenCL device: Gop/s (a multiplication or an addition is one) of sums that nothing but registers hold up. Says which
devices lack the extension.
"""
import numpy as np
import pyopencl as cl

SUMS = 8
STEPS = 4096
ITEMS = 4096

HEAD = "__kernel void run(__global const {type} *x, __global {sum} *out, int steps) {{\n  const int i = get_global_id(0);\n"
FORMS = {
    "fma": ("float", "float", 1, "sum[j] = fma(own + j, other, sum[j]);"),
    "dot_4x8packed_us_int": ("uint", "int", 4, "sum[j] += dot_4x8packed_us_int(own + j, other);"),
    "dot_acc_sat_4x8packed_us_int": (
        "uint", "int", 4, "sum[j] = dot_acc_sat_4x8packed_us_int(own + j, other, sum[j]);"),
}


def source(form):
    kind, total, _, step = FORMS[form]
    return HEAD.format(type=kind, sum=total) + f"""
  const {kind} own = x[i];
  {total} sum[{SUMS}] = {{0}};
  for (int k = 0; k < steps; k++) {{
    const {kind} other = x[k & 1023];
    __attribute__((opencl_unroll_hint({SUMS}))) for (int j = 0; j < {SUMS}; j++) {step}
  }}
  {total} all = 0;
  for (int j = 0; j < {SUMS}; j++) all += sum[j];
  out[i] = all;
}}
"""


def rate(context, queue, form):
    kind, _, products, _ = FORMS[form]
    random = np.random.default_rng(1)
    x = random.random(ITEMS, np.float32) if kind == "float" else random.integers(0, 1 << 31, ITEMS, np.uint32)
    flags = cl.mem_flags
    buffer = cl.Buffer(context, flags.READ_ONLY | flags.COPY_HOST_PTR, hostbuf=x)
    out = cl.Buffer(context, flags.READ_WRITE, 4 * ITEMS)
    kernel = cl.Program(context, source(form)).build(["-cl-std=CL3.0"]).run
    best = 0
    for _ in range(5):
        event = kernel(queue, (ITEMS,), (64,), buffer, out, np.int32(STEPS))
        event.wait()
        operations = 2 * products * SUMS * STEPS * ITEMS
        best = max(best, operations / (event.profile.end - event.profile.start))
    return best


for platform in cl.get_platforms():
    for device in platform.get_devices():
        if "cl_khr_integer_dot_product" not in device.extensions.split():
            print(f"{device.name}: no cl_khr_integer_dot_product")
            continue
        context = cl.Context([device])
        queue = cl.CommandQueue(context, properties=cl.command_queue_properties.PROFILING_ENABLE)
        for form in FORMS:
            print(f"{device.name}: {form} {rate(context, queue, form):.1f} Gop/s")
