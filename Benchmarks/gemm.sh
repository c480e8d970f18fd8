#!/bin/sh
# Products of a layer of experts, and attention, against the machine's limits and other libraries.
#
#   Benchmarks/gemm.sh [--quick] [--rounds N] [--cores 1|2] [--format FORMAT,FORMAT]
#
# Experts of K 2048 and N 768, 1, 16, 64 and 256 rows each, weights that no cache holds; sorting, packing and rounding of rows
# count. Shares of the device's f32 peak and of its read bandwidth are measured in the process that runs the products, in turn
# with them; peak.c measures both once more in assembly, as a check. Others: OpenBLAS (numpy from PyPI), oneDNN (torch from
# PyPI, CPU), CLBlast (Debian's libclblast1, with pyopencl from PyPI), PyTorch's scaled_dot_product_attention. What is not
# installed is left out, and said. All take turns in rounds; the ratio of each round is taken, and of these the median.
# Of formats, "bf16 x f32" are weights in bf16 that meet f32 activations, where the device would take others.
# --cores 1 (default: first 1, then 2) pins everything to the first core, or the first two.
# Output: Benchmarks/results/MACHINE/gemm.txt and gemm.jsonl, with every single run. STRATA names the executable, DEVICE an
# index of `strata devices` (default 0), PYTHON a python3 with numpy and perhaps torch and pyopencl.
set -eu
cd "$(dirname "$0")/.."
strata=${STRATA:-.build/release/strata}
device=${DEVICE:-0}
[ -x "$strata" ] || swift build -c release --product strata
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc -O2 -march=native -pthread Benchmarks/peak.c -o "$work/peak"
machine=$(Benchmarks/machine.sh "$strata" "$device")
results=${RESULTS:-Benchmarks/results/$machine}
mkdir -p "$results"
"${PYTHON:-python3}" Benchmarks/gemm.py --strata "$strata" --device "$device" --peak "$work/peak" --results "$results" "$@"
