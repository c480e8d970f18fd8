// Embedding, CPU style: out[r][k] = scale · W[token[r]][k].
//
//   tokens [rows] i32      W [vocabulary][K] in panels (Common/panels.clh), the layout of a linear layer, so that a
//   out [rows][K] f32      tied table serves as LM head too
//
// One work-item copies one row. A buffer holds the features [firstToken, firstToken + N); rows of other tokens are left.
#include "Common/prelude.clh"
#include "Common/panels.clh"

ITEM_KERNEL(embedding)
    __global const int *tokens, __global const weight_t *w, __global float *out, int firstRow, int K, int N,
    int firstToken, float scale) {
  const int row = firstRow + get_global_id(0);
  const int token = tokens[row] - firstToken;
  if (token < 0 || token >= N) return;
  copy_feature(w, token, K, scale, out + (ulong)row * K);
}
