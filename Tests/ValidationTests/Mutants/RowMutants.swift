import TestSupport

/// Faults in norms, embedding, and what moves rows.
let rowMutants: [KernelMutant] = [
  KernelMutant(
    .unwritten, "Norm/rms_norm.cpu.cl", "for (; k < K; k++) out[row + k]", "for (; k < K - 1; k++) out[row + k]", "cpu",
    "Norm"),
  KernelMutant(
    .activation, "Norm/rms.clh", "sqrt(sum / n + epsilon)", "(sqrt(sum / n) + epsilon)", "cpu", "Norm"),
  KernelMutant(
    .edge, "Norm/rms.clh", "for (; k < n; k++) sum = fma(x[k], x[k], sum);",
    "for (k++; k < n; k++) sum = fma(x[k], x[k], sum);",
    "cpu", "Norm"),
  KernelMutant(
    .edge, "Norm/rms_norm.gpu.cl",
    "for (int k = item + KEPT * ROW_GROUP; k < K; k += ROW_GROUP) sum = fma(x[k], x[k], sum);", "",
    "gpu", "Norm"),
  KernelMutant(
    .unwritten, "Norm/rms_norm.gpu.cl", "if (k < K) out[k] = kept[i] * scale * weights[i];",
    "if (k < K - 1) out[k] = kept[i] * scale * weights[i];", "gpu", "Norm"),
  KernelMutant(
    .outside, "Norm/rms_norm.gpu.cl", "if (k < K) out[k] = kept[i] * scale * weights[i];",
    "if (k <= K) out[k] = kept[i] * scale * weights[i];", "gpu", "Norm"),
  // Only in a row that is so small that it does not count beside the others.
  KernelMutant(
    .extreme, "Norm/rms_norm.gpu.cl", "if (k < K) out[k] = kept[i] * scale * weights[i];",
    "if (k < K) out[k] = fabs(kept[i]) < 1e-30f ? 0.0f : kept[i] * scale * weights[i];", "gpu", "Norm"),
  // With what experts have made.
  KernelMutant(
    .expert, "Norm/rms_norm.gpu.cl", "(shares[j], y[(ulong)j * K + k], kept[i]);",
    "(shares[0], y[(ulong)j * K + k], kept[i]);", "gpu", "Norm", "behind"),
  KernelMutant(
    .unwritten, "Norm/rms_norm.gpu.cl", "if (k < K) x[k] = kept[i];", "", "gpu", "Norm", "behind"),
  KernelMutant(
    .edge, "Norm/rms_norm.gpu.cl", "value = fma(shares[j], y[(ulong)j * K + k], value);", "", "mma", "Norm", "behind"),
  KernelMutant(
    .batch, "Norm/rms_norm.gpu.cl", "y += (ulong)get_group_id(0) * CHOSEN * K;", "", "gpu", "Norm", "behind"),
  KernelMutant(
    .barrier, "Common/group_sum.clh",
    "    barrier(CLK_LOCAL_MEM_FENCE);\n    if (i < width)", "    if (i < width)", "gpu", "Norm"),
  KernelMutant(
    .unwritten, "Embedding/gather.cl", "if (k < K) out", "if (k < K - 1) out", "cpu", "Embedding"),
  KernelMutant(
    .outside, "Embedding/gather.cl", "if (k < K) out", "if (k <= K) out", "cpu", "Embedding"),
  KernelMutant(
    .table, "Embedding/gather.cl", "x[(ulong)indices[i] * K + k]", "x[(ulong)i * K + k]", "gpu", "Embedding"),
  KernelMutant(
    .activation, "Embedding/embedding.cpu.cl", "copy_feature(w, token, K, scale,", "copy_feature(w, token, K, 1.0f,",
    "cpu",
    "Embedding"),
  KernelMutant(
    .edge, "Embedding/embedding.gpu.cl", "token >= N ||", "token >= N - 1 ||", "gpu", "Embedding"),
  KernelMutant(
    .edge, "Embedding/embedding.mma.cl", "k >= K)", "k >= K - 1)", "mma", "Embedding"),
]
