"""Assembles the kernels for NVIDIA's matrix units, without a GPU, and prints what each takes of one.

    python3 Tests/Implementations/assemble.py [PTXAS]

The kernels have PTX in them that no other device compiles. Here clang with libclc makes PTX of them, as NVIDIA's driver does, and
NVIDIA's own assembler (nvidia-cuda-nvcc of PyPI) makes machine code of that: a wrong operand, a missing register or local memory
that is too large is an error. What a driver makes of the same text may take some registers more or less.

Of each kernel: registers of a work-item, the most that there are is 255; bytes of them that have to go to memory; and local
memory of a work-group. Ends with status 1 if anything failed.
"""

import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

KERNELS = pathlib.Path(__file__).resolve().parents[2] / "Kernels"
PLAIN = ["F32", "F16", "BF16"]
BLOCKS = ["Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS", "MXFP4"]
ARCHITECTURES = ["sm_80", "sm_90"]
BITCODE = "/usr/lib/clc/nvptx64--nvidiacl.bc"


def source(path, seen):
    """A kernel's text with each header in its place, once, as `KernelLibrary` has it."""
    if path in seen:
        return ""
    seen.add(path)
    text = ""
    for line in (KERNELS / path).read_text().splitlines(keepends=True):
        include = re.match(r'#include "(.+)"', line)
        text += source(include[1], seen) if include else line
    return text


def programs():
    """Name, source and macros of what the mma style builds (`KernelTable.swift`)."""
    for tokens in 8, 16, 64:
        for format in PLAIN + BLOCKS:
            warps = 16 if tokens == 16 or tokens == 8 and format in PLAIN else 8
            own = [f"FORMAT=FORMAT_{format}", f"TOKENS={tokens}", f"WARPS={warps}", "CHOSEN=8"]
            for integer in [0, 1] if format in BLOCKS else [0]:
                for multiple in [128, 4] if format in BLOCKS else [128, 4, 1]:
                    macros = own + [f"MULTIPLE={multiple}"]
                    macros += ["LANES=2"] if format in BLOCKS else []
                    macros += ["INTEGER=1"] if integer else []
                    name = f"{format}{' x int8' if integer else ''}, {tokens} tokens"
                    name += "" if multiple == 128 else f", {multiple}n columns"
                    yield name, "Linear/linear.mma.cl", macros
                    yield name, "Experts/experts.mma.cl", macros
    for size in 64, 128, 256:
        yield f"heads of {size}", "Attention/attention.mma.cl", [f"HEAD_SIZE={size}"]
        yield f"heads of {size}", "Attention/heads.mma.cl", [f"HEAD_SIZE={size}"]
        yield f"heads of {size}, wide norm", "Attention/heads.mma.cl", [f"HEAD_SIZE={size}", "WIDE=1"]
    for format in PLAIN:
        yield format, "Embedding/embedding.mma.cl", [f"FORMAT=FORMAT_{format}"]
    yield "", "Linear/quantise.mma.cl", []


def assemble(program, ptxas, folder):
    """Rows of the table, and an error."""
    (name, path, macros), index = program
    text, ptx = folder / f"{index}.cl", folder / f"{index}.ptx"
    text.write_text(source(path, set()))
    steps = [
        ["clang-15", "-x", "cl", "-cl-std=CL1.2", "--target=nvptx64--nvidiacl", "-Xclang", "-finclude-default-header"]
        + ["-Xclang", "-target-cpu", "-Xclang", "sm_80", "-Xclang", "-target-feature", "-Xclang", "+ptx75"]
        + ["-Xclang", "-mlink-builtin-bitcode", "-Xclang", BITCODE, "-fno-math-errno", "-O3", "-S", "-o", ptx, text]
        + ["-D__NV_CL_C_VERSION=120", "-DROW_GROUP=256"] + [f"-D{macro}" for macro in macros]
    ] + [[ptxas, "-v", f"-arch={arch}", "-o", os.devnull, ptx] for arch in ARCHITECTURES]
    rows = []
    for step in steps:
        done = subprocess.run(list(map(str, step)), capture_output=True, text=True)
        if done.returncode:
            return rows, f"{path} {' '.join(macros)}: {(done.stderr or done.stdout).strip()}"
        found = re.findall(
            r"entry function '(\w+)' for '(\w+)'.*?(\d+) bytes spill stores.*?Used (\d+) registers(?:[^\n]*?(\d+) bytes smem)?",
            done.stderr, re.DOTALL)
        rows += [(f"{path}: {kernel}", name, arch, used, spilled, local or "0") for kernel, arch, spilled, used, local in found]
    return rows, None if len(rows) >= len(ARCHITECTURES) else f"{path} {' '.join(macros)}: no kernel was assembled"


def main():
    ptxas = sys.argv[1] if len(sys.argv) > 1 else "ptxas"
    for tool in "clang-15", ptxas:
        if not shutil.which(tool):
            sys.exit(f"{tool} was not found: `make assemble` installs it")
    failed = 0
    print(f"{'kernel':38} {'':32} {'for':6} {'registers':>9} {'spilled':>8} {'local':>6}")
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor() as pool:
        work = [((program, index), ptxas, pathlib.Path(folder)) for index, program in enumerate(programs())]
        for rows, error in pool.map(lambda arguments: assemble(*arguments), work):
            for kernel, name, arch, used, spilled, local in rows:
                print(f"{kernel:38} {name:32} {arch:6} {used:>9} {spilled:>8} {local:>6}")
            if error:
                failed += 1
                print(f"FAIL: {error}")
    print(f"{len(work) - failed} of {len(work)} programs assembled for {' and '.join(ARCHITECTURES)}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
