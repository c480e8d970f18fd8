"""Folders that `strata convert` makes GGUF files of, in llama.cpp and in strata: python3 convert_peers.py STRATA

The fixtures whose shapes llama.cpp takes, or what is left of them without what it does not know. Logits of its file agree to
1e-4 with llama.cpp on the F32 file.
"""

import json
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

import numpy

import compare_logits

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "Tests/Fixtures"
TOKENS = ",".join(str(13 * i * i % 89 + 3) for i in range(40))
BOUND = 1e-4


def read(path):
    """Header and data of a safetensors file, by name."""
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    header.pop("__metadata__", None)
    return {name: (entry["dtype"], entry["shape"], data[8 + size + entry["data_offsets"][0] : 8 + size + entry["data_offsets"][1]])
            for name, entry in header.items()}


def write(path, tensors):
    header, offset = {}, 0
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(data for _, _, data in tensors.values()))


def without_groups(config, tensors):
    """llama.cpp weighs a group of experts by its two best for V2 as well, where V2 takes the best one; and has no biases."""
    config |= {"attention_bias": False, "topk_method": "greedy", "n_group": None, "topk_group": None}
    for name in [name for name in tensors if name.endswith("_proj.bias") or name.endswith("with_mqa.bias")]:
        del tensors[name]


def with_compressed_queries(config, tensors):
    """llama.cpp takes models without them only with 26 or 27 layers, and only the same multiplier twice."""
    config["q_lora_rank"] = rank = 24
    config["rope_parameters"] |= {"mscale": 0.8, "mscale_all_dim": 0.8}
    random = numpy.random.default_rng(5)

    def tensor(*shape, mean=0.0):
        values = mean + random.standard_normal(shape).astype(numpy.float32) / numpy.sqrt(shape[-1])
        return "F32", list(shape), values.astype(numpy.float32).tobytes()

    for name in [name for name in tensors if name.endswith("q_proj.weight")]:
        rows, columns = tensors.pop(name)[1]
        own = name.removesuffix("q_proj.weight")
        tensors[f"{own}q_a_proj.weight"] = tensor(rank, columns)
        tensors[f"{own}q_a_layernorm.weight"] = tensor(rank, mean=1.0)
        tensors[f"{own}q_b_proj.weight"] = tensor(rows, rank)


CASES = {"qwen3_moe": None, "gpt_oss": None, "gpt_oss_mxfp4": None, "mixtral": None, "qwen2_moe": None, "granitemoe": None,
         "llama_odd": None, "deepseek_v2_odd": without_groups, "deepseek_v3_odd": with_compressed_queries}


def check(strata, name, change, folder):
    model = folder / name
    shutil.copytree(FIXTURES / name, model)
    if change:
        config, tensors = json.loads((model / "config.json").read_text()), read(model / "model.safetensors")
        change(config, tensors)
        (model / "config.json").write_text(json.dumps(config))
        write(model / "model.safetensors", tensors)
    file, out = folder / f"{name}.gguf", folder / "out"
    subprocess.run([strata, "convert", model, file, "--type", "f32"], check=True, capture_output=True)
    subprocess.run([strata, "logits", "--activations", "f32", "--model", file, "--tokens", TOKENS, "--all", "--output", out], check=True,
                   capture_output=True)
    found = compare_logits.ours(out).reshape(-1)
    subprocess.run([ROOT / ".peers/llama_logits", file, TOKENS, out], check=True, capture_output=True)
    expected = numpy.fromfile(out, numpy.float32)
    distance = float(numpy.linalg.norm(found - expected) / numpy.linalg.norm(expected))
    print(f"{name:16} to llama.cpp on the same file {distance:.1e}   {'ok' if distance <= BOUND else 'FAILS'}", flush=True)
    return distance <= BOUND


def main():
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        for name, change in CASES.items():
            try:
                good = check(pathlib.Path(sys.argv[1]).resolve(), name, change, pathlib.Path(folder))
            except subprocess.CalledProcessError as problem:
                print(f"{name:16} {(problem.stderr or b'').decode()[-300:]} {problem}", flush=True)
                good = False
            if not good:
                failed.append(name)
    if failed:
        sys.exit(f"{len(failed)} of {len(CASES)} fail: {failed}")


main()
