"""Makes formats.safetensors, example.gguf and tiny.gguf with the `gguf` package (PyPI): python3 make_formats.py

formats.safetensors has for each block format `F.blocks`, random bytes with scales from the smallest to the largest of
their type, and `F.values`, what `gguf.quants.dequantize` makes of them; for those that the package can quantise also
`F.floats` and `F.quantised`. example.gguf has metadata of every type, and a tensor of each of some formats; tiny.gguf
is a whole model, with the gate and up projections of its experts in one tensor.
"""

import json
import pathlib
import struct

import gguf
import numpy

HERE = pathlib.Path(__file__).parent
BLOCKS = 24
FORMATS = ["Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS", "MXFP4"]
# Where each format has its binary16 scales.
SCALES = {"Q8_0": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q4_K": [0, 2], "Q5_K": [0, 2],
          "Q6_K": [208], "IQ4_NL": [0], "IQ4_XS": [0], "MXFP4": []}
EXTREMES = [0.0, -0.0, 6e-8, -6e-8, 6.1e-5, 65504.0, -65504.0, 1.0, -1.0, 0.333, 1e-3, -7.5]
QUANTISED = ["Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "MXFP4"]


def blocks(name, random):
    kind = gguf.GGMLQuantizationType[name]
    size = gguf.GGML_QUANT_SIZES[kind][1]
    data = random.integers(0, 256, (BLOCKS, size), dtype=numpy.uint8)
    for offset in SCALES[name]:
        scales = random.standard_normal(BLOCKS).astype(numpy.float16)
        scales[: len(EXTREMES)] = numpy.roll(numpy.array(EXTREMES, dtype=numpy.float16), offset)
        data[:, offset : offset + 2] = scales.view(numpy.uint8).reshape(BLOCKS, 2)
    if name == "MXFP4":
        data[:6, 0] = [0, 1, 2, 127, 253, 254]
    return data


def write_safetensors(path, tensors):
    header, body = {}, b""
    for name, array in sorted(tensors.items(), key=lambda item: -item[1].itemsize):
        kind = {numpy.dtype("float32"): "F32", numpy.dtype("uint8"): "U8"}[array.dtype]
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [len(body), len(body) + array.nbytes]}
        body += array.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def make_formats():
    random = numpy.random.default_rng(5)
    tensors = {}
    for name in FORMATS:
        kind = gguf.GGMLQuantizationType[name]
        data = blocks(name, random)
        tensors[f"{name}.blocks"] = data
        with numpy.errstate(over="ignore"):
            tensors[f"{name}.values"] = gguf.quants.dequantize(data, kind).astype(numpy.float32)
    for name in QUANTISED:
        floats = random.standard_normal((16, 64)).astype(numpy.float32) * numpy.exp2(
            random.integers(-8, 8, (16, 1))).astype(numpy.float32)
        floats[0] = 0
        floats[1, :32] = 0.25
        tensors[f"{name}.floats"] = floats
        with numpy.errstate(divide="ignore"):
            tensors[f"{name}.quantised"] = gguf.quants.quantize(floats, gguf.GGMLQuantizationType[name])
    write_safetensors(HERE / "formats.safetensors", tensors)


def make_example():
    random = numpy.random.default_rng(6)
    writer = gguf.GGUFWriter(HERE / "example.gguf", "example")
    for name, value in [("uint8", 200), ("int8", -100), ("uint16", 60000), ("int16", -30000), ("uint32", 4000000000),
                        ("int32", -2000000000), ("uint64", 2**63 + 5), ("int64", -(2**62)), ("float32", 0.5),
                        ("float64", 0.1), ("bool", True), ("string", "Grüße, 世界")]:
        getattr(writer, f"add_{name}")(f"example.{name}", value)
    writer.add_array("example.strings", ["", "a", "日本"])
    writer.add_array("example.ints", [1, -2, 3])
    writer.add_array("example.floats", [0.25, -1.5])
    writer.add_array("example.bools", [True, False])
    writer.add_tensor("plain", numpy.arange(6, dtype=numpy.float32).reshape(2, 3))
    writer.add_tensor("half", numpy.arange(5, dtype=numpy.float16))
    floats = random.standard_normal((3, 64)).astype(numpy.float32)
    kind = gguf.GGMLQuantizationType.Q8_0
    writer.add_tensor("blocks", gguf.quants.quantize(floats, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def make_tiny():
    """A Qwen3-MoE of two layers, random, in Q8_0."""
    random = numpy.random.default_rng(7)
    hidden, inner, experts, vocabulary, head = 32, 32, 3, 24, 16
    writer = gguf.GGUFWriter(HERE / "tiny.gguf", "qwen3moe")
    writer.add_context_length(64)
    writer.add_embedding_length(hidden)
    writer.add_block_count(2)
    writer.add_feed_forward_length(inner)
    writer.add_expert_feed_forward_length(inner)
    writer.add_head_count(2)
    writer.add_head_count_kv(1)
    writer.add_key_length(head)
    writer.add_value_length(head)
    writer.add_rope_dimension_count(head)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_expert_count(experts)
    writer.add_expert_used_count(2)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([f"t{i}" for i in range(vocabulary)])
    writer.add_token_types([1] * vocabulary)
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    shapes = {"token_embd": (vocabulary, hidden), "output_norm": (hidden,), "output": (vocabulary, hidden)}
    for layer in range(2):
        shapes |= {f"blk.{layer}.{name}": shape for name, shape in {
            "attn_norm": (hidden,), "attn_q": (2 * head, hidden), "attn_k": (head, hidden), "attn_v": (head, hidden),
            "attn_output": (hidden, 2 * head), "attn_q_norm": (head,), "attn_k_norm": (head,), "ffn_norm": (hidden,),
            "ffn_gate_inp": (experts, hidden), "ffn_gate_up_exps": (experts, 2 * inner, hidden),
            "ffn_down_exps": (experts, hidden, inner)}.items()}
    kind = gguf.GGMLQuantizationType.Q8_0
    for name, shape in shapes.items():
        values = random.standard_normal(shape).astype(numpy.float32)
        if len(shape) == 1 or "gate_inp" in name:
            writer.add_tensor(f"{name}.weight", values)
        else:
            writer.add_tensor(f"{name}.weight", gguf.quants.quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


make_formats()
make_example()
make_tiny()
