"""Tiny GGUF files of each architecture and format in llama.cpp and in strata: python3 gguf_peers.py STRATA [ARCHITECTURE …]

For each file: the logits of strata agree to 1e-4 with those of llama.cpp on the same values in F32; and to twice llama.cpp's
own error, which rounds activations, with llama.cpp on the file itself.
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy

import compare_logits
import tiny_gguf

PEERS = pathlib.Path(__file__).resolve().parents[2] / ".peers"
TOKENS = ",".join(str(7 * i * i % tiny_gguf.VOCABULARY) for i in range(1, 31))
BOUND = 1e-4


def theirs(model, out):
    subprocess.run([PEERS / "llama_logits", model, TOKENS, out], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return numpy.fromfile(out, numpy.float32)


def ours(strata, model, out):
    subprocess.run([strata, "logits", "--activations", "f32", "--model", model, "--tokens", TOKENS, "--all", "--output", out], check=True,
                   stderr=subprocess.PIPE)
    return compare_logits.ours(out).reshape(-1)


def error(found, expected):
    return float(numpy.linalg.norm(found - expected) / numpy.linalg.norm(expected))


def check(strata, architecture, name, ggml, folder):
    model, widened = folder / "model.gguf", folder / "widened.gguf"
    tiny_gguf.write(model, architecture, name, ggml)
    tiny_gguf.write(widened, architecture, name, ggml, widened=True)
    exact, run = theirs(widened, folder / "a"), theirs(model, folder / "b")
    found = ours(strata, model, folder / "c")
    own, distance, gap = error(run, exact), error(found, exact), error(found, run)
    good = distance <= BOUND and gap <= max(2 * own, BOUND)
    print(f"{architecture:11} {name:7} to F32 {distance:.1e}   llama.cpp as run: its own error {own:.1e}, ours to it {gap:.1e}"
          f"   {'ok' if good else 'FAILS'}", flush=True)
    return good


def main():
    strata, architectures = sys.argv[1], sys.argv[2:] or tiny_gguf.ARCHITECTURES
    ggml = tiny_gguf.Ggml(PEERS / "llama-build" / "bin")
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        for architecture in architectures:
            for name in tiny_gguf.FORMATS:
                try:
                    good = check(strata, architecture, name, ggml, pathlib.Path(folder))
                except subprocess.CalledProcessError as problem:
                    print(f"{architecture:11} {name:7} {(problem.stderr or b'').decode()[-300:]} {problem}", flush=True)
                    good = False
                if not good:
                    failed.append((architecture, name))
    if failed:
        sys.exit(f"{len(failed)} of {len(architectures) * len(tiny_gguf.FORMATS)} fail: {failed}")


main()
