#!/usr/bin/env python3
"""Writes a Qwen3-MoE or OLMoE checkpoint of a given size with random weights, and routers that prefer some experts.

    Benchmarks/random_model.py FOLDER [--family qwen3moe|olmoe] [--layers 12] [--hidden 1024] [--experts 128] [--chosen 8]
                               [--intermediate 384] [--vocabulary 8192] [--context 16384] [--common 0.4] [--seed 1]

For measurements of time and bytes at a size that no bundled model has: what it says is noise. A trained router prefers some
experts. Here all token embeddings have a common part, with a share --common of their energy, which sublayers hardly change:
along it each expert's router row gives it the same advantage for every token, and the rest differs by token. With 0 all
experts are equally popular; the higher it is, the fewer a prompt meets. 0.4 gives about the coverage that the paper
(arXiv 2510.08055) reports of Qwen3-30B-A3B, 82 % with 512 tokens to 98 % with 8192; `Benchmarks/coverage.py` measures it.

The same arguments give the same bytes. Weights are written as they are made: the memory that is needed is that of a matrix.
"""
import argparse
import json
import os
import struct

import numpy as np


def attention(a):
    """Query heads, key-value heads, and their size."""
    if a.family == "olmoe":
        return a.hidden // 128, a.hidden // 128, 128
    return a.hidden // 64, max(1, a.hidden // 512), 128


def shapes(a):
    """Name and shape of every tensor, in the order of the file."""
    heads, kv, size = attention(a)
    norms = (size, size) if a.family == "qwen3moe" else (heads * size, kv * size)
    yield "model.embed_tokens.weight", (a.vocabulary, a.hidden)
    for layer in range(a.layers):
        p = f"model.layers.{layer}."
        yield p + "input_layernorm.weight", (a.hidden,)
        yield p + "self_attn.q_proj.weight", (heads * size, a.hidden)
        yield p + "self_attn.k_proj.weight", (kv * size, a.hidden)
        yield p + "self_attn.v_proj.weight", (kv * size, a.hidden)
        yield p + "self_attn.o_proj.weight", (a.hidden, heads * size)
        yield p + "self_attn.q_norm.weight", (norms[0],)
        yield p + "self_attn.k_norm.weight", (norms[1],)
        yield p + "post_attention_layernorm.weight", (a.hidden,)
        yield p + "mlp.gate.weight", (a.experts, a.hidden)
        for expert in range(a.experts):
            q = p + f"mlp.experts.{expert}."
            yield q + "gate_proj.weight", (a.intermediate, a.hidden)
            yield q + "up_proj.weight", (a.intermediate, a.hidden)
            yield q + "down_proj.weight", (a.hidden, a.intermediate)
    yield "model.norm.weight", (a.hidden,)
    if a.family == "olmoe":
        yield "lm_head.weight", (a.vocabulary, a.hidden)


def values(name, shape, a, common, rng):
    """f32 values of a tensor."""
    if len(shape) == 1:
        return np.ones(shape, np.float32)
    noise = rng.standard_normal(shape, dtype=np.float32)
    if name == "model.embed_tokens.weight":
        return noise * np.float32(np.sqrt(1 - a.common)) + common * np.float32(np.sqrt(a.common))
    if name.endswith("mlp.gate.weight"):
        # Logits of deviation 1 for hidden states of norm 1 in each column.
        return noise / np.float32(np.sqrt(shape[1]))
    # Sublayers that add little: hidden states stay near the embeddings.
    return noise * np.float32(0.3 / np.sqrt(shape[1]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("--family", choices=["qwen3moe", "olmoe"], default="qwen3moe")
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--hidden", type=int, default=1024, help="a multiple of 512")
    parser.add_argument("--experts", type=int, default=128)
    parser.add_argument("--chosen", type=int, default=8)
    parser.add_argument("--intermediate", type=int, default=384)
    parser.add_argument("--vocabulary", type=int, default=8192)
    parser.add_argument("--context", type=int, default=16384)
    parser.add_argument("--common", type=float, default=0.4)
    parser.add_argument("--seed", type=int, default=1)
    a = parser.parse_args()
    sizes = min(a.layers, a.hidden, a.intermediate, a.vocabulary)
    if sizes < 1 or a.hidden % 512 or not 1 <= a.chosen <= a.experts or not 0 <= a.common < 1:
        parser.error("expected a hidden size that is a multiple of 512, sizes of at least 1, a common share in [0, 1)")
    os.makedirs(a.folder, exist_ok=True)

    header, end = {}, 0
    for name, shape in shapes(a):
        begin, end = end, end + 2 * int(np.prod(shape))
        header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)

    rng = np.random.default_rng(a.seed)
    common = rng.standard_normal(a.hidden, dtype=np.float32)
    path = os.path.join(a.folder, "model.safetensors")
    with open(path + ".part", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, shape in shapes(a):
            v = np.ascontiguousarray(values(name, shape, a, common, rng))
            file.write((v.view(np.uint32) >> 16).astype(np.uint16).tobytes())
    os.replace(path + ".part", path)
    heads, kv, size = attention(a)
    is_olmoe = a.family == "olmoe"
    config = {
        "architectures": ["OlmoeForCausalLM" if is_olmoe else "Qwen3MoeForCausalLM"], "hidden_size": a.hidden,
        "num_hidden_layers": a.layers, "num_attention_heads": heads, "num_key_value_heads": kv, "head_dim": size,
        "num_experts": a.experts, "num_experts_per_tok": a.chosen, "moe_intermediate_size": a.intermediate,
        "intermediate_size": a.intermediate, "vocab_size": a.vocabulary, "max_position_embeddings": a.context,
        "rms_norm_eps": 1e-6, "rope_theta": 1e6, "norm_topk_prob": not is_olmoe, "tie_word_embeddings": not is_olmoe,
        "hidden_act": "silu",
    }
    with open(os.path.join(a.folder, "config.json"), "w") as file:
        json.dump(config, file, indent=2)
    print(f"{path}: {end / 1e9:.2f} GB, {len(header)} tensors")


if __name__ == "__main__":
    main()
