// Embedding, GPU style: out[r][k] = scale · W[token[r]][k].
//
//   tokens [rows] i32      W [vocabulary][K] (Common/weights.clh)      out [rows][K] f32
//
// Work-items (k, row). A buffer holds the rows [firstToken, firstToken + N) of W; rows of other tokens are left.
#include "Common/prelude.clh"
#include "Common/weights.clh"

__kernel void embedding(
    __global const int *tokens, __global const weight_t *w, __global float *out, int firstRow, int K, int N,
    int firstToken, float scale) {
  const int k = get_global_id(0);
  const int row = firstRow + get_global_id(1);
  const int token = tokens[row] - firstToken;
  if (token < 0 || token >= N || k >= K) return;
  out[(ulong)row * K + k] = scale * weight_at(w, token, k, K);
}
