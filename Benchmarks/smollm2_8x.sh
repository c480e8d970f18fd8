#!/bin/sh
# Makes SmolLM2-135M-Instruct upcycled to 8 experts of which 2, unless it is there, and prints where it is.
#
#   Benchmarks/smollm2_8x.sh q8_0|q4_0
#
# STRATA names the executable.
set -eu
cd "$(dirname "$0")/.."
strata=${STRATA:-.build/release/strata}
model=.models/smollm2-8x-$1.gguf
if [ ! -f "$model" ]; then
  small=.models/SmolLM2-135M-Instruct.Q4_1.gguf
  make --no-print-directory "$small" >&2
  echo "making $model" >&2
  "$strata" upcycle "$small" .models/part.gguf --experts 8 --used 2 --type "$1" >&2
  mv .models/part.gguf "$model"
fi
echo "$model"
