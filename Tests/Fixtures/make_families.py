#!/usr/bin/env python3
"""Makes small random checkpoints of all families in odd shapes, with the results of Hugging Face transformers in f32
arithmetic on a CPU, as folders beside this file or elsewhere.

    make_families.py [--output FOLDER] [--seed N] [--lengths T …] [NAME …]

Needs PyPI's torch, transformers, safetensors; the files in the repository come from transformers 5.24.0 and torch 2.13.0.
Every weight has at most 8 significant bits and is no smaller than 2^-10, so bf16 and f32 hold it exactly.
"""

import argparse
import pathlib

import torch
import transformers
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent

COMMON = dict(vocab_size=97, max_position_embeddings=512, bos_token_id=None, eos_token_id=None, pad_token_id=None)


def yarn(**extra):
    return {"rope_type": "yarn", "rope_theta": 5000.0, "factor": 4.0, "original_max_position_embeddings": 128} | extra


# Class of the model without "ForCausalLM", and fields of its configuration.
MODELS = {
    "llama_odd": ("Llama", dict(
        hidden_size=40, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=1, head_dim=14,
        intermediate_size=52, attention_bias=True, mlp_bias=True, tie_word_embeddings=True, rms_norm_eps=1e-5,
        rope_parameters={
            "rope_type": "llama3", "rope_theta": 10000.0, "factor": 8.0, "low_freq_factor": 1.0,
            "high_freq_factor": 4.0, "original_max_position_embeddings": 64})),
    "qwen3_odd": ("Qwen3", dict(
        hidden_size=36, num_hidden_layers=5, num_attention_heads=3, num_key_value_heads=1, head_dim=20,
        intermediate_size=44, attention_bias=True, tie_word_embeddings=False, use_sliding_window=True,
        sliding_window=16, max_window_layers=2,
        rope_parameters={"rope_type": "linear", "rope_theta": 10000.0, "factor": 2.5})),
    "qwen3_moe_odd": ("Qwen3Moe", dict(
        hidden_size=36, num_hidden_layers=3, num_attention_heads=3, num_key_value_heads=1, head_dim=20,
        intermediate_size=44, moe_intermediate_size=17, num_experts=11, num_experts_per_tok=3, norm_topk_prob=True,
        decoder_sparse_step=1, mlp_only_layers=[1], attention_bias=True, tie_word_embeddings=True,
        use_sliding_window=True, sliding_window=16,
        rope_parameters={"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 2.0})),
    "gpt_oss_odd": ("GptOss", dict(
        hidden_size=40, num_hidden_layers=3, num_attention_heads=3, num_key_value_heads=1, head_dim=20,
        intermediate_size=23, num_local_experts=11, num_experts_per_tok=3, sliding_window=16, tie_word_embeddings=True,
        swiglu_limit=1.0, rope_parameters=yarn(truncate=False))),
    "olmoe_odd": ("Olmoe", dict(
        hidden_size=60, num_hidden_layers=3, num_attention_heads=3, num_key_value_heads=1, intermediate_size=19,
        num_experts=11, num_experts_per_tok=3, norm_topk_prob=True, clip_qkv=0.75, attention_bias=True,
        tie_word_embeddings=True, rope_parameters={"rope_type": "default", "rope_theta": 5000.0})),
    "mixtral_odd": ("Mixtral", dict(
        hidden_size=36, num_hidden_layers=3, num_attention_heads=3, num_key_value_heads=1, head_dim=20,
        intermediate_size=21, num_local_experts=11, num_experts_per_tok=3, sliding_window=16, tie_word_embeddings=True,
        rope_parameters={"rope_type": "default", "rope_theta": 5000.0})),
    "qwen2_moe_odd": ("Qwen2Moe", dict(
        hidden_size=36, num_hidden_layers=5, num_attention_heads=3, num_key_value_heads=1, intermediate_size=50,
        moe_intermediate_size=17, shared_expert_intermediate_size=29, num_experts=11, num_experts_per_tok=3,
        norm_topk_prob=True, mlp_only_layers=[2], decoder_sparse_step=1, tie_word_embeddings=True,
        use_sliding_window=True, sliding_window=16, max_window_layers=3,
        rope_parameters={"rope_type": "default", "rope_theta": 5000.0})),
    "granitemoe_odd": ("GraniteMoe", dict(
        hidden_size=36, num_hidden_layers=3, num_attention_heads=3, num_key_value_heads=1, intermediate_size=21,
        num_local_experts=11, num_experts_per_tok=3, attention_bias=True, tie_word_embeddings=True,
        embedding_multiplier=6.0, attention_multiplier=0.2, residual_multiplier=0.4, logits_scaling=3.0,
        rope_parameters=yarn(beta_fast=16.0))),
    "deepseek_v2_odd": ("DeepseekV2", dict(
        hidden_size=36, num_hidden_layers=5, num_attention_heads=3, num_key_value_heads=3, intermediate_size=50,
        moe_intermediate_size=17, n_routed_experts=12, num_experts_per_tok=3, n_shared_experts=1,
        first_k_dense_replace=2, topk_method="group_limited_greedy", n_group=4, topk_group=2,
        routed_scaling_factor=1.5, q_lora_rank=22, kv_lora_rank=26, qk_nope_head_dim=12, qk_rope_head_dim=10,
        v_head_dim=15, attention_bias=True, tie_word_embeddings=True,
        rope_parameters=yarn(mscale=0.707, mscale_all_dim=0.707))),
    "deepseek_v3_odd": ("DeepseekV3", dict(
        hidden_size=36, num_hidden_layers=3, num_attention_heads=3, num_key_value_heads=3, intermediate_size=50,
        moe_intermediate_size=17, n_routed_experts=12, num_experts_per_tok=3, n_shared_experts=2,
        first_k_dense_replace=1, n_group=4, topk_group=2, norm_topk_prob=True, routed_scaling_factor=2.5,
        q_lora_rank=None, kv_lora_rank=26, qk_nope_head_dim=14, qk_rope_head_dim=8, v_head_dim=20,
        tie_word_embeddings=False, rope_parameters=yarn(mscale=1.0, mscale_all_dim=0.8))),
}  # fmt: skip


def fill(model, generator):
    """Random weights: norms 1 ± 1/4 in steps of 1/128, vectors otherwise within 1/2, all others below 1/4 in steps of
    2^-10."""
    for name, parameter in list(model.named_parameters()) + list(model.named_buffers()):
        if "inv_freq" in name or not parameter.is_floating_point():
            continue
        random = torch.randn(parameter.shape, generator=generator)
        if "norm" in name:
            parameter.data = 1 + (random * 8).round().clamp(-32, 32) / 128
        elif parameter.dim() == 1 or name.endswith("_bias"):
            parameter.data = (random * 32).round().clamp(-64, 64) / 128
        else:
            parameter.data = (random * 128).round().clamp(-255, 255) / 1024


def tensors_of(model, prompt):
    """Logits, the input of every layer, the final norm's output and the chosen experts of one prompt."""
    inputs, final, choices, hooks = [], [], {}, []
    for index, layer in enumerate(model.model.layers):
        def keep_input(_, args, kwargs):
            inputs.append((args[0] if args else kwargs["hidden_states"]).clone())

        hooks.append(layer.register_forward_pre_hook(keep_input, with_kwargs=True))
        for module in layer.modules():
            if any(part in type(module).__name__ for part in ("Router", "Gating")):
                def keep_choice(_, args, output, index=index):
                    indices = [part for part in output if torch.is_tensor(part) and not part.is_floating_point()]
                    choices.setdefault(index, indices[0])

                hooks.append(module.register_forward_hook(keep_choice))
    hooks.append(model.model.norm.register_forward_hook(lambda _, args, output: final.append(output.clone())))
    with torch.no_grad():
        logits = model(prompt[None]).logits[0]
    for hook in hooks:
        hook.remove()
    result = {"input_ids": prompt.to(torch.int32), "logits": logits.contiguous()}
    for index, hidden in enumerate(inputs + final):
        result[f"hidden.{index}"] = hidden[0].contiguous()
    for index, choice in choices.items():
        result[f"router.{index}"] = choice.reshape(len(prompt), -1).to(torch.int32).contiguous()
    return result


def make(name, folder, seed, lengths):
    family, options = MODELS[name]
    generator = torch.Generator().manual_seed(seed)
    model_class = getattr(transformers, f"{family}ForCausalLM")
    config = getattr(transformers, f"{family}Config")(**COMMON | options, attn_implementation="eager")
    model = model_class(config).eval()
    fill(model, generator)
    model.tie_weights()
    folder.mkdir(parents=True, exist_ok=True)
    model.to(torch.bfloat16).save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    # Read anew: the rotary frequencies, which are no weights, were rounded to bf16 above.
    model = model_class.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", experts_implementation="eager").eval()
    reference = {}
    for length in lengths:
        prompt = torch.randint(0, config.vocab_size, (length,), generator=generator)
        reference |= {f"t{length}.{key}": value for key, value in tensors_of(model, prompt).items()}
    save_file(reference, folder / "reference.safetensors")
    print(name, sum(file.stat().st_size for file in folder.iterdir()), "bytes")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", type=pathlib.Path, default=HERE)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--lengths", type=int, nargs="+", default=[1, 140])
    parser.add_argument("names", nargs="*", default=[])
    options = parser.parse_args()
    for number, name in enumerate(MODELS):
        if not options.names or name in options.names:
            make(name, options.output / name, options.seed + number, options.lengths)


main()
