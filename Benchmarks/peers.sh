#!/bin/sh
# Tokens a second here and in llama.cpp, from the same GGUF files on the same machine, two threads each.
#
#   Benchmarks/peers.sh [--quick] [--rounds N] [--rows NAME,NAME] [--list]
#
# The first time it fetches and builds llama.cpp (the source package of llama-cpp-python, from PyPI) in .peers, fetches
# SmolLM2-135M-Instruct as `make chat` does, and makes in .models: the same upcycled to 8 experts of which 2, in Q8_0 and
# Q4_0, and a model of OLMoE-1B-7B's shape cut to 4 layers with random weights, in Q8_0, Q4_K and MXFP4. That takes about
# 15 minutes and 11 GB.
#
# Each round runs both programs in turn, a process each, with a warm-up. A shared machine may run two threads on one core for
# a while; so the ratio of each round is taken, whose two runs follow each other, and then the median of the ratios.
# llama.cpp's threads wait for each other in loops, so that it slows many times where anything else runs: use a quiet
# machine, and heed the warning.
# --quick takes one round with short tests; --rows chooses lines of the table by their names, which --list prints.
# All runs go to Benchmarks/results/MACHINE/peers.jsonl, one a line, and the table to peers.txt beside it.
# STRATA names the executable; DEVICE the device (default: 0, an index of `strata devices`); PYTHON a python3 with numpy.
set -eu
cd "$(dirname "$0")/.."
strata=${STRATA:-.build/release/strata}
device=${DEVICE:-0}
[ -x "$strata" ] || swift build -c release --product strata
case " $* " in *" --list "*) exec python3 Benchmarks/peers.py --list ;; esac

Tests/Peers/llama.sh llama-bench llama-batched-bench
python=${PYTHON:-.peers/venv/bin/python}
for type in q8_0 q4_0; do STRATA=$strata Benchmarks/smollm2_8x.sh "$type" >/dev/null; done
random=.models/olmoe-4-layers
for type in q8_0 q4_k mxfp4; do
  [ -f "$random-$type.gguf" ] && continue
  if [ ! -f "$random/config.json" ]; then
    echo "making $random" >&2
    "$python" Benchmarks/random_model.py "$random" --family olmoe --layers 4 --hidden 2048 --intermediate 1024 \
      --experts 64 --chosen 8 --vocabulary 50304 --context 4096 --common 0 >&2
    cp Tests/Fixtures/tiny-moe/tokenizer.json "$random/"
  fi
  echo "making $random-$type.gguf" >&2
  "$strata" convert "$random" .models/part.gguf --type "$type" >&2
  mv .models/part.gguf "$random-$type.gguf"
done

machine=$(Benchmarks/machine.sh "$strata" "$device")
results=${RESULTS:-Benchmarks/results/$machine}
mkdir -p "$results"
# Two cores for both, also where there are more.
pin=
[ "$(nproc)" -le 2 ] || pin="taskset -c 0,1"
# shellcheck disable=SC2086
exec env POCL_MAX_PTHREAD_COUNT=2 OMP_NUM_THREADS=2 $pin "$python" Benchmarks/peers.py --strata "$strata" \
  --device "$device" --llama .peers/llama-build/bin --models .models --results "$results" "$@"
