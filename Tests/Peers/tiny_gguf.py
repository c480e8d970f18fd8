"""Tiny GGUF files of random weights, of each architecture and in each format, for gguf_peers.py."""

import ctypes
import pathlib

import gguf
import numpy

HIDDEN, INNER, EXPERTS, USED, VOCABULARY, CONTEXT = 256, 256, 5, 2, 96, 128
HEADS, KV_HEADS, HEAD = 4, 2, 64
FORMATS = ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS",
           "MXFP4"]
ARCHITECTURES = ["llama", "mixtral", "qwen3moe", "qwen2moe", "olmoe", "gpt-oss", "granitemoe", "deepseek2",
                 "deepseek2-turned"]
KINDS = gguf.GGMLQuantizationType


class Ggml:
    """The quantisers of libggml, of which the gguf package has only some."""

    def __init__(self, folder):
        self.library = ctypes.CDLL(str(pathlib.Path(folder) / "libggml-base.so"))
        self.library.ggml_quantize_chunk.restype = ctypes.c_size_t
        self.library.ggml_quantize_chunk.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p] + [
            ctypes.c_int64] * 3 + [ctypes.c_void_p]

    def quantise(self, values, name):
        kind = KINDS[name]
        if name in ("F32", "F16", "BF16"):
            return gguf.quants.quantize(values, kind)
        elements, size = gguf.GGML_QUANT_SIZES[kind]
        rows, columns = values.reshape(-1, values.shape[-1]).shape
        out = numpy.zeros((rows, columns // elements * size), numpy.uint8)
        values = numpy.ascontiguousarray(values)
        self.library.ggml_quantize_chunk(int(kind), values.ctypes.data, out.ctypes.data, 0, rows, columns, None)
        return out.reshape(values.shape[:-1] + (out.shape[-1],))


def layers_of(architecture):
    # llama.cpp takes a DeepSeek-V2 without compressed queries only with 26 or 27 layers.
    return 26 if architecture.startswith("deepseek2") else 2


def tensors(architecture, random):
    """Names and f32 arrays; the shapes of a layer by architecture."""
    def matrix(*shape):
        return (random.standard_normal(shape) / numpy.sqrt(shape[-1])).astype(numpy.float32)

    def vector(size, mean=1.0):
        return (mean + 0.1 * random.standard_normal(size)).astype(numpy.float32)

    kv_heads = HEADS if architecture == "olmoe" else KV_HEADS
    yield "token_embd.weight", matrix(VOCABULARY, HIDDEN)
    yield "output_norm.weight", vector(HIDDEN)
    yield "output.weight", matrix(VOCABULARY, HIDDEN)
    for layer in range(layers_of(architecture)):
        own = {"attn_norm.weight": vector(HIDDEN)}
        if architecture.startswith("deepseek2"):
            own |= {"attn_q.weight": matrix(HEADS * 96, HIDDEN), "attn_kv_a_mqa.weight": matrix(256 + 32, HIDDEN),
                    "attn_kv_a_norm.weight": vector(256), "attn_output.weight": matrix(HIDDEN, HEADS * 64)}
            own |= {"attn_kv_b.weight": matrix(HEADS * (64 + 64), 256)} if architecture == "deepseek2" else {
                "attn_k_b.weight": matrix(HEADS, 256, 64), "attn_v_b.weight": matrix(HEADS, 64, 256)}
        else:
            own |= {"attn_q.weight": matrix(HEADS * HEAD, HIDDEN), "attn_k.weight": matrix(kv_heads * HEAD, HIDDEN),
                    "attn_v.weight": matrix(kv_heads * HEAD, HIDDEN), "attn_output.weight": matrix(HIDDEN, HEADS * HEAD)}
        if architecture in ("qwen2moe", "gpt-oss"):
            own |= {"attn_q.bias": vector(HEADS * HEAD, 0), "attn_k.bias": vector(kv_heads * HEAD, 0),
                    "attn_v.bias": vector(kv_heads * HEAD, 0)}
        if architecture == "qwen3moe":
            own |= {"attn_q_norm.weight": vector(HEAD), "attn_k_norm.weight": vector(HEAD)}
        if architecture == "olmoe":
            own |= {"attn_q_norm.weight": vector(HEADS * HEAD), "attn_k_norm.weight": vector(kv_heads * HEAD)}
        norm = "post_attention_norm" if architecture == "gpt-oss" else "ffn_norm"
        own[f"{norm}.weight"] = vector(HIDDEN)
        if architecture == "llama" or (architecture.startswith("deepseek2") and layer == 0):
            own |= {"ffn_gate.weight": matrix(INNER, HIDDEN), "ffn_up.weight": matrix(INNER, HIDDEN),
                    "ffn_down.weight": matrix(HIDDEN, INNER)}
        else:
            own |= {"ffn_gate_inp.weight": 3 * matrix(EXPERTS, HIDDEN),
                    "ffn_gate_exps.weight": matrix(EXPERTS, INNER, HIDDEN),
                    "ffn_up_exps.weight": matrix(EXPERTS, INNER, HIDDEN),
                    "ffn_down_exps.weight": matrix(EXPERTS, HIDDEN, INNER)}
        if architecture == "gpt-oss":
            own |= {"attn_output.bias": vector(HIDDEN, 0), "attn_sinks.weight": vector(HEADS, 0),
                    "ffn_gate_inp.bias": vector(EXPERTS, 0), "ffn_gate_exps.bias": 0.1 * matrix(EXPERTS, INNER),
                    "ffn_up_exps.bias": 0.1 * matrix(EXPERTS, INNER), "ffn_down_exps.bias": 0.1 * matrix(EXPERTS, HIDDEN)}
        if architecture == "qwen2moe" or (architecture.startswith("deepseek2") and layer > 0):
            own |= {"ffn_gate_shexp.weight": matrix(INNER, HIDDEN), "ffn_up_shexp.weight": matrix(INNER, HIDDEN),
                    "ffn_down_shexp.weight": matrix(HIDDEN, INNER)}
        if architecture == "qwen2moe":
            own["ffn_gate_inp_shexp.weight"] = matrix(HIDDEN)
        for name, array in own.items():
            yield f"blk.{layer}.{name}", array


def add_keys(writer, architecture):
    kv_heads = HEADS if architecture == "olmoe" else KV_HEADS
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(HIDDEN)
    writer.add_block_count(layers_of(architecture))
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(VOCABULARY)
    writer.add_tokenizer_model("no_vocab")
    if architecture.startswith("deepseek2"):
        # With keys and values of their own (kv_b), or turned round for compressed attention (k_b and v_b).
        isTurned = architecture != "deepseek2"
        writer.add_head_count_kv(1 if isTurned else HEADS)
        writer.add_rope_dimension_count(32)
        writer.add_key_length(256 + 32 if isTurned else 96)
        writer.add_value_length(256 if isTurned else 64)
        if isTurned:
            writer.add_key_length_mla(96)
            writer.add_value_length_mla(64)
        writer.add_kv_lora_rank(256)
        writer.add_leading_dense_block_count(1)
        writer.add_expert_shared_count(1)
        writer.add_expert_weights_scale(1.0)
        writer.add_expert_weights_norm(False)
        writer.add_expert_gating_func(gguf.ExpertGatingFuncType.SOFTMAX)
    else:
        writer.add_head_count_kv(kv_heads)
        writer.add_key_length(HEAD)
        writer.add_value_length(HEAD)
        writer.add_rope_dimension_count(HEAD)
    if architecture != "llama":
        writer.add_expert_count(EXPERTS)
        writer.add_expert_used_count(USED)
        if architecture in ("qwen3moe", "qwen2moe", "gpt-oss", "deepseek2", "deepseek2-turned"):
            writer.add_expert_feed_forward_length(INNER)
    if architecture == "qwen2moe":
        writer.add_expert_shared_feed_forward_length(INNER)
    if architecture == "gpt-oss":
        writer.add_sliding_window(8)
        writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
        writer.add_rope_scaling_factor(4.0)
        writer.add_rope_scaling_orig_ctx_len(32)
    if architecture == "granitemoe":
        writer.add_logit_scale(4.0)
        writer.add_residual_scale(0.7)
        writer.add_embedding_scale(3.0)
        writer.add_attention_scale(0.1)


def keeps_f32(name, array):
    # The rows of k_b are shorter than the large blocks.
    return array.ndim < 2 or "ffn_gate_inp" in name or name.endswith(".bias") or "attn_k_b" in name


def write(path, architecture, name, ggml, widened=False, seed=1):
    """A file whose matrices are in the format, or with `widened` f32 with the same values."""
    random = numpy.random.default_rng(seed)
    names = {"mixtral": "llama", "deepseek2-turned": "deepseek2"}
    writer = gguf.GGUFWriter(path, names.get(architecture, architecture))
    add_keys(writer, architecture)
    for tensor, array in tensors(architecture, random):
        if keeps_f32(tensor, array):
            writer.add_tensor(tensor, array)
            continue
        blocks = ggml.quantise(array, name)
        if widened:
            writer.add_tensor(tensor, gguf.quants.dequantize(blocks, KINDS[name]).astype(numpy.float32).reshape(array.shape))
        else:
            writer.add_tensor(tensor, blocks, raw_dtype=KINDS[name])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
