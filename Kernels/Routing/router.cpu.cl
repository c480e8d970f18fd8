// Router, CPU style: the CHOSEN experts of a row and their weights (rule.clh).
//
//   logits [rows][EXPERTS] f32      correction [EXPERTS] f32      indices, weights: layout.clh
//
// One work-item does one row.
#include "Common/prelude.clh"
#define KEYS const float *
#include "Routing/rule.clh"

#define PADDED ((EXPERTS + LANES - 1) / LANES * LANES)

// Turns n values, padded to whole vectors with −∞, into their softmax.
static inline void softmax(float *p, int n) {
  float maximum = -INFINITY;
  for (int e = 0; e < n; e++) maximum = fmax(maximum, p[e]);
  const int vectors = (n + LANES - 1) / LANES;
  for (int e = n; e < vectors * LANES; e++) p[e] = -INFINITY;
  vfloat lanes = 0.0f;
  for (int v = 0; v < vectors; v++) {
    const vfloat value = exp(VLOAD(v, p) - maximum);
    lanes += value;
    VSTORE(value, v, p);
  }
  const float sum = VSUM(lanes);
  for (int v = 0; v < vectors; v++) VSTORE(VLOAD(v, p) / sum, v, p);
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void router(
    __global const float *logits, __global const float *correction, __global int *indices, __global float *weights,
    int renormalise, float scale) {
  const ulong row = get_global_id(0);
  float scores[PADDED], keys[EXPERTS], chosen[PADDED];
  for (int e = 0; e < EXPERTS; e++) scores[e] = logits[row * EXPERTS + e];
#if SCORING == 0
  softmax(scores, EXPERTS);
#elif SCORING == 2
  for (int e = 0; e < EXPERTS; e++) scores[e] = SIGMOID(scores[e]);
#endif
  for (int e = 0; e < EXPERTS; e++) keys[e] = key_of(CORRECTION ? scores[e] + correction[e] : scores[e]);
#if GROUPS
  float groups[GROUPS];
  for (int g = 0; g < GROUPS; g++) groups[g] = group_score(keys, g);
  for (int e = 0; e < EXPERTS; e++) keys[e] = group_is_kept(groups, e / GROUP_EXPERTS) ? keys[e] : -INFINITY;
#endif
  bool is_taken[EXPERTS];
  for (int e = 0; e < EXPERTS; e++) is_taken[e] = false;
  int best[CHOSEN];
  for (int j = 0; j < CHOSEN; j++) {
    int winner = -1;
    for (int e = 0; e < EXPERTS; e++) {
      if (!is_taken[e] && (winner < 0 || keys[e] > keys[winner])) winner = e;
    }
    best[j] = winner;
    is_taken[winner] = true;
    chosen[j] = scores[winner];
  }
#if SCORING == 1
  softmax(chosen, CHOSEN);
#endif
  float total = SCORING == 2 ? 1e-20f : 0.0f;
  for (int j = 0; j < CHOSEN; j++) total += chosen[j];
  for (int j = 0; j < CHOSEN; j++) {
    indices[row * CHOSEN + j] = best[j];
    weights[row * CHOSEN + j] = (renormalise ? chosen[j] / total : chosen[j]) * scale;
  }
}
