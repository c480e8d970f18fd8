// Router, CPU style: softmax over the experts, the CHOSEN largest, their weights.
//
//   logits [rows][EXPERTS] f32      indices, weights: layout.clh
//
// Ties go to the lower index. With renormalise the weights are divided by their sum. NaN is never chosen before a
// number, and every index is an expert even if all logits are NaN. One work-item does one row.
#include "Common/prelude.clh"
#include "Routing/layout.clh"

#define PADDED ((EXPERTS + LANES - 1) / LANES * LANES)

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void router(
    __global const float *logits, __global int *indices, __global float *weights, int renormalise) {
  const ulong row = get_global_id(0);
  float p[PADDED];
  float maximum = -INFINITY;
  for (int e = 0; e < EXPERTS; e++) {
    p[e] = logits[row * EXPERTS + e];
    maximum = fmax(maximum, p[e]);
  }
  for (int e = EXPERTS; e < PADDED; e++) p[e] = -INFINITY;
  vfloat lanes = 0.0f;
  for (int v = 0; v < PADDED / LANES; v++) {
    const vfloat value = exp(VLOAD(v, p) - maximum);
    lanes += value;
    VSTORE(value, v, p);
  }
  const float sum = VSUM(lanes);
  for (int v = 0; v < PADDED / LANES; v++) VSTORE(VLOAD(v, p) / sum, v, p);

  int best[CHOSEN];
  float total = 0.0f;
  for (int j = 0; j < CHOSEN; j++) {
    int winner = -1;
    for (int e = 0; e < EXPERTS; e++) {
      // Taken experts are marked with −1, below every probability; NaN loses every comparison.
      if (p[e] >= 0.0f && (winner < 0 || p[e] > p[winner])) winner = e;
    }
    if (winner < 0) {  // nothing but NaN is left: the first expert that is not taken
      for (winner = 0; winner < EXPERTS - 1 && p[winner] == -1.0f; winner++) {
      }
    }
    best[j] = winner;
    weights[row * CHOSEN + j] = p[winner];
    total += p[winner];
    p[winner] = -1.0f;
  }
  for (int j = 0; j < CHOSEN; j++) {
    indices[row * CHOSEN + j] = best[j];
    if (renormalise) weights[row * CHOSEN + j] /= total;
  }
}
