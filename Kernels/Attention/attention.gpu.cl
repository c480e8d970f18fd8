// Causal grouped-query attention over a paged cache, plain GPU style.
//
//   out[r][h][:] = sum over p of softmax over p (scale · q[r][h] · key[p]) · value[p]      p: first_visible … position(r)
//
//   qkv [rows][stride] f32, the queries first      out [rows][Q · VALUE_SIZE] f32      keys, values, tiles: layout.clh
//   sinks [Q] f32
//
// A work-group of GROUP = CHUNK work-items makes one head (index 0) of one tile (index 1) of up to QUERIES rows. In a chunk each
// work-item scores one position for all rows, then each sums the values of its dimensions over the positions: keys and values
// are read once a tile. PARTS work-items find the largest score and the sum of the weights of a row. A row's steps are the same
// in every tile; a chunk that it does not see leaves it as it is. What work-items need of each other goes through local memory,
// or from register to register of a subgroup.
//
// QUERIES  rows of a tile at most, GROUP / PARTS or fewer
#include "Common/prelude.clh"
#include "Common/subgroups.clh"
#include "Attention/layout.clh"

#ifndef QUERIES
#define QUERIES 8
#endif
#define GROUP 64
#define PARTS 8
#define OWN ((VALUE_SIZE + GROUP - 1) / GROUP)  // dimensions of one work-item

// Whether a row at `position` sees the one that is p positions behind the chunk's begin.
#define SEES(position, p) ((p) <= (position) - chunk && (p) >= first_visible(position) - chunk)

// Where the values of a chunk are, and what of it the rows see.
typedef struct {
  __global const int *table;
  __global const float *values;
  int head, heads, position, chunk, from, to;
} chunk_t;

// Dimension d of the value that is p positions behind the chunk's begin.
static inline float value_at(const chunk_t *seen, int p, int d) {
  const ulong at = block_offset(seen->table[p / BLOCK], seen->head, seen->heads);
  return seen->values[at + (SHARED ? d * BLOCK + p % BLOCK : p % BLOCK * HEAD_SIZE + d)];
}

#if SUBGROUP_SIZE
#include "Attention/chunk_lanes.clh"
#else
#include "Attention/chunk_shared.clh"
#endif

__kernel SUBGROUP_KERNEL __attribute__((reqd_work_group_size(GROUP, 1, 1))) void attention(
    __global const float *qkv, __global const float *keys, __global const float *values, __global const int *tiles,
    __global const int *tables, __global float *out, int query_heads, int key_value_heads, int stride, float scale,
    __global const float *sinks,
    int own_heads) {  // unused in this style
  __local float q[QUERIES][HEAD_SIZE];
  __local float weights[QUERIES][CHUNK];
  __local float scratch[GROUP];
  __local float maximum[QUERIES], sum[QUERIES], old[QUERIES];
  const int head = get_group_id(0), source = head / (query_heads / key_value_heads), item = get_local_id(0);
  __global const int *tile = tiles + 4 * get_group_id(1);
  const int row = tile[0], rows = tile[1], position = tile[2], last = position + rows - 1;
  __global const int *table = tables + tile[3];
  for (int i = item; i < QUERIES * HEAD_SIZE; i += GROUP) {
    const int r = i / HEAD_SIZE, d = i % HEAD_SIZE;
    q[r][d] = r < rows ? qkv[(ulong)(row + r) * stride + head * HEAD_SIZE + d] : 0.0f;
  }
  if (item < QUERIES) {
    maximum[item] = SINKS ? sinks[head] : -INFINITY;
    sum[item] = SINKS ? 1.0f : 0.0f;
  }
  float values_of[QUERIES][OWN];
  UNROLL for (int r = 0; r < QUERIES; r++) {
    UNROLL for (int i = 0; i < OWN; i++) values_of[r][i] = 0.0f;
  }
  const int begin = first_visible(position) / CHUNK * CHUNK;
  table += begin / BLOCK;
  for (int chunk = begin; chunk <= last; chunk += CHUNK, table += CHUNK_BLOCKS) {
    const int from = max(0, first_visible(position) - chunk), to = min(CHUNK, last - chunk + 1);  // what any row sees
    barrier(CLK_LOCAL_MEM_FENCE);
    float scores[QUERIES] = {0.0f};
    const int p = max(from, min(item, to - 1));
    add_scores(
        q, keys + block_offset(table[p / BLOCK], source, key_value_heads) + p % BLOCK, p == item, scores, scratch);
    UNROLL for (int r = 0; r < QUERIES; r++) {
      scores[r] = SEES(position + r, item) ? scores[r] * scale : -INFINITY;
      weights[r][item] = scores[r];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    raise_maximum(weights, maximum, old, scratch);
    barrier(CLK_LOCAL_MEM_FENCE);
    UNROLL for (int r = 0; r < QUERIES; r++) {
      weights[r][item] = SEES(position + r, item) ? exp(scores[r] - maximum[r]) : 0.0f;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    add_weights(weights, old, sum, scratch);
    const chunk_t seen = {
        table, SHARED ? keys : values, source, key_value_heads, position, chunk, from, to};
    add_values(&seen, weights, old, values_of, scratch);
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int i = 0; i < OWN; i++) {
    const int d = item + i * GROUP;
    if (d >= VALUE_SIZE) break;
    UNROLL for (int r = 0; r < QUERIES; r++) {
      if (r < rows) out[((ulong)(row + r) * query_heads + head) * VALUE_SIZE + d] = values_of[r][i] / sum[r];
    }
  }
}
