#!/usr/bin/env python3
"""Makes the small random checkpoints `mixed` and `alternating` beside this file, with the results of Hugging Face
transformers in f32 arithmetic on a CPU.

Needs PyPI's torch, transformers, safetensors; the files in the repository come from transformers 5.24.0 and torch 2.15.0.
Every weight has at most 8 significant bits and is no smaller than 2^-10, so bf16, f16 and f32 hold it exactly: one
result is right for all three formats.
"""

import json
import pathlib

import torch
from safetensors.torch import save_file
from transformers import Qwen3MoeConfig, Qwen3MoeForCausalLM

HERE = pathlib.Path(__file__).parent
PROMPTS = (1, 2, 45)

MODELS = {
    # One dense layer between sparse ones; tied embeddings; weights of experts as the softmax gives them.
    "mixed": dict(
        hidden_size=48, num_hidden_layers=4, num_attention_heads=3, num_key_value_heads=1, head_dim=20,
        num_experts=5, num_experts_per_tok=2, moe_intermediate_size=24, intermediate_size=56, vocab_size=97,
        mlp_only_layers=[1], decoder_sparse_step=1, tie_word_embeddings=True, norm_topk_prob=False,
        max_position_embeddings=80, rms_norm_eps=1e-5, rope_parameters={"rope_type": "default", "rope_theta": 5000.0}),
    # Only every second layer is sparse; untied embeddings; renormalised weights.
    "alternating": dict(
        hidden_size=40, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=4, head_dim=8,
        num_experts=7, num_experts_per_tok=3, moe_intermediate_size=20, intermediate_size=36, vocab_size=101,
        mlp_only_layers=[], decoder_sparse_step=2, tie_word_embeddings=False, norm_topk_prob=True,
        max_position_embeddings=64, rms_norm_eps=1e-6, rope_parameters={"rope_type": "default", "rope_theta": 1e6}),
}  # fmt: skip


def fill(model, generator):
    """Random weights: norms 1 ± 1/4 in steps of 1/128, all others below 1/4 in steps of 2^-10."""
    for name, parameter in model.named_parameters():
        random = torch.randn(parameter.shape, generator=generator)
        if parameter.dim() == 1:
            parameter.data = 1 + (random * 8).round().clamp(-32, 32) / 128
        else:
            parameter.data = (random * 128).round().clamp(-255, 255) / 1024


def tensors_of(model, prompt):
    """Logits, the input of every layer, the final norm's output and the chosen experts of one prompt."""
    inputs = []
    hooks = [
        layer.register_forward_pre_hook(
            lambda _, args, kwargs: inputs.append((args[0] if args else kwargs["hidden_states"]).clone()),
            with_kwargs=True)
        for layer in model.model.layers
    ]  # fmt: skip
    gates = {}
    for index, layer in enumerate(model.model.layers):
        if hasattr(layer.mlp, "gate"):
            def keep(module, args, output, index=index):
                gates[index] = torch.nn.functional.linear(args[0].reshape(-1, args[0].shape[-1]), module.weight)
            hooks.append(layer.mlp.gate.register_forward_hook(keep))
    final = []
    hooks.append(model.model.norm.register_forward_hook(lambda _, args, output: final.append(output.clone())))
    with torch.no_grad():
        logits = model(prompt[None]).logits[0]
    for hook in hooks:
        hook.remove()
    result = {"input_ids": prompt.to(torch.int32), "logits": logits.contiguous()}
    for index, hidden in enumerate(inputs + final):
        result[f"hidden.{index}"] = hidden[0].contiguous()
    margin = 1.0
    for index, gate in gates.items():
        best = gate.softmax(-1).sort(dim=-1, descending=True, stable=True)
        k = model.config.num_experts_per_tok
        result[f"router.{index}"] = best.indices[:, :k].to(torch.int32).contiguous()
        margin = min(margin, (best.values[:, :k] - best.values[:, 1 : k + 1]).min().item())
    return result, margin


def main():
    for number, (name, options) in enumerate(MODELS.items()):
        generator = torch.Generator().manual_seed(20_26 + number)
        config = Qwen3MoeConfig(**options, attn_implementation="eager", bos_token_id=None, eos_token_id=None)
        model = Qwen3MoeForCausalLM(config).eval()
        fill(model, generator)
        model.tie_weights()
        folder = HERE / name
        folder.mkdir(exist_ok=True)
        model.to(torch.bfloat16).save_pretrained(folder)
        (folder / "generation_config.json").unlink(missing_ok=True)
        # Read anew: the rotary frequencies, which are no weights, were rounded to bf16 above.
        model = Qwen3MoeForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()

        reference = {}
        for length in PROMPTS:
            prompt = torch.randint(0, config.vocab_size, (length,), generator=generator)
            tensors, margin = tensors_of(model, prompt)
            print(name, length, "smallest gap between two experts' probabilities:", margin)
            reference |= {f"t{length}.{key}": value for key, value in tensors.items()}
        save_file(reference, folder / "reference.safetensors")
        print(json.dumps({file.name: file.stat().st_size for file in sorted(folder.iterdir())}))


main()
