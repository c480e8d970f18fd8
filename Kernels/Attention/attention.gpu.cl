// Causal grouped-query attention over a paged cache, plain GPU style.
//
//   out[r][h][:] = sum over p of softmax over p (scale · q[r][h] · key[p]) · value[p]      p: first_visible … position(r)
//
//   qkv [rows][stride] f32, the queries first      out [rows][Q · VALUE_SIZE] f32      keys, values, tiles: layout.clh
//   sinks [Q] f32
//
// A work-group of GROUP = CHUNK work-items makes one head (index 0) of one row: its tile (index 1) holds that row only.
// In a chunk each work-item scores one position, then each sums the values of its dimensions over the positions.
#include "Common/prelude.clh"
#define GROUP 64
#include "Common/group_sum.clh"
#include "Attention/layout.clh"

#define OWN ((VALUE_SIZE + GROUP - 1) / GROUP)  // dimensions of one work-item

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void attention(
    __global const float *qkv, __global const float *keys, __global const float *values, __global const int *tiles,
    __global const int *tables, __global float *out, int query_heads, int key_value_heads, int stride, float scale,
    __global const float *sinks) {
  __local float q[HEAD_SIZE];
  __local float weights[CHUNK];
  __local float scratch[GROUP];
  const int head = get_group_id(0), source = head / (query_heads / key_value_heads), item = get_local_id(0);
  __global const int *tile = tiles + 4 * get_group_id(1);
  const int row = tile[0], position = tile[2];
  __global const int *table = tables + tile[3];
  for (int d = item; d < HEAD_SIZE; d += GROUP) q[d] = qkv[(ulong)row * stride + head * HEAD_SIZE + d];

  float maximum = SINKS ? sinks[head] : -INFINITY, sum = SINKS ? 1.0f : 0.0f;
  float own[OWN] = {0.0f};
  const int begin = first_visible(position) / CHUNK * CHUNK;
  table += begin / BLOCK;
  for (int chunk = begin; chunk <= position; chunk += CHUNK, table += CHUNK_BLOCKS) {
    const int visible = min(CHUNK, position - chunk + 1), hidden = max(0, first_visible(position) - chunk);
    barrier(CLK_LOCAL_MEM_FENCE);
    float score = -INFINITY;
    if (item >= hidden && item < visible) {
      __global const float *key =
          keys + block_offset(table[item / BLOCK], source, key_value_heads) + item % BLOCK;
      score = 0.0f;
      for (int d = 0; d < HEAD_SIZE; d++) score = fma(q[d], key[d * BLOCK], score);
      score *= scale;
    }
    weights[item] = score;
    barrier(CLK_LOCAL_MEM_FENCE);
    float largest = maximum;
    for (int i = hidden; i < visible; i++) largest = fmax(largest, weights[i]);
    barrier(CLK_LOCAL_MEM_FENCE);
    const float weight = item >= hidden && item < visible ? exp(score - largest) : 0.0f;
    weights[item] = weight;
    const float old = exp(maximum - largest);
    sum = sum * old + group_sum(weight, scratch);
    maximum = largest;
    for (int i = 0; i < OWN; i++) {
      const int d = item + i * GROUP;
      if (d >= VALUE_SIZE) break;
      own[i] *= old;
      for (int p = hidden; p < visible; p++) {
        const ulong at = block_offset(table[p / BLOCK], source, key_value_heads);
        own[i] = fma(weights[p], SHARED ? keys[at + d * BLOCK + p % BLOCK] : values[at + p % BLOCK * HEAD_SIZE + d], own[i]);
      }
    }
  }
  for (int i = 0; i < OWN; i++) {
    const int d = item + i * GROUP;
    if (d < VALUE_SIZE) out[((ulong)row * query_heads + head) * VALUE_SIZE + d] = own[i] / sum;
  }
}
