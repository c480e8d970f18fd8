#!/bin/sh
# The name under which Benchmarks/results has what was measured on a device of this machine.
#
#   Benchmarks/machine.sh STRATA DEVICE
set -eu
name=$("$1" devices | sed -n "s/^$2: //p" | head -1)
printf '%s %s cores\n' "${name:-$2}" "$(nproc)" | tr -cs 'A-Za-z0-9\n' '-' | tr 'A-Z' 'a-z'
