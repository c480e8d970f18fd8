// Causal grouped-query attention over a paged cache, CPU style.
//
//   out[r][h][:] = sum over p ≤ position(r) of softmax over p (scale · q[r][h] · key[p]) · value[p]
//
//   qkv [rows][stride] f32, the queries first      out [rows][Q · HEAD_SIZE] f32      keys, values, tiles: layout.clh
//
// One work-item (head h, tile t) makes up to ROWS consecutive rows of one sequence: a load of keys or values serves
// them all. The softmax is the streaming one (Milakov and Gimelshein 2018; Dao et al. 2022): chunk by chunk of the
// context with a running maximum. Scores keep BLOCK positions in a vector, so nothing is summed across lanes but the
// softmax's denominator. A row's steps are the same in every tile; rows that a chunk is wholly or partly behind use the
// one-row form of them, and never touch positions after their own.
#include "Common/prelude.clh"
#include "Attention/layout.clh"

#define ROWS 8                              // rows of a tile at most
#define SIZE_VECTORS (HEAD_SIZE / LANES)    // whole vectors in a head
#define SIZE_TAIL (SIZE_VECTORS * LANES)    // where the dimensions that fill no vector begin

typedef struct {
  float maximum, sum;
  float values[HEAD_SIZE];
} Row;

// Σ over d of q[d] · key[d][BLOCK positions], for the blocks of a chunk.
static inline void score_row(
    __global const float *q, __global const float *keys, __global const int *table, int blocks, int head, int heads,
    float16 *scores) {
  float16 sum[CHUNK_BLOCKS];
  __global const float *block[CHUNK_BLOCKS];
  UNROLL for (int b = 0; b < CHUNK_BLOCKS; b++) {
    sum[b] = 0.0f;
    block[b] = keys + block_offset(table[min(b, blocks - 1)], head, heads);
  }
  for (int d = 0; d < HEAD_SIZE; d++) {
    UNROLL for (int b = 0; b < CHUNK_BLOCKS; b++) sum[b] = fma((float16)(q[d]), vload16(d, block[b]), sum[b]);
  }
  UNROLL for (int b = 0; b < CHUNK_BLOCKS; b++) scores[b] = sum[b];
}

// The same for ROWS rows and one block.
static inline void score_tile(
    __global const float *const *q, __global const float *block, float16 *scores) {
  float16 sum[ROWS];
  __global const float *row[ROWS];
  UNROLL for (int r = 0; r < ROWS; r++) {
    sum[r] = 0.0f;
    row[r] = q[r];
  }
  for (int d = 0; d < HEAD_SIZE; d++) {
    const float16 key = vload16(d, block);
    UNROLL for (int r = 0; r < ROWS; r++) sum[r] = fma((float16)(row[r][d]), key, sum[r]);
  }
  UNROLL for (int r = 0; r < ROWS; r++) scores[r * CHUNK_BLOCKS] = sum[r];
}

// Turns the scores of the first `count` positions of a chunk into weights exp(score − maximum), 0 behind them, and
// brings the row's running maximum, sum and values to the new maximum.
static inline void normalise(Row *row, float16 *scores, int count, float scale) {
  const int16 lane = (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  float16 largest = -INFINITY;
  UNROLL for (int b = 0; b < CHUNK_BLOCKS; b++) {
    scores[b] = select((float16)(-INFINITY), scores[b] * scale, lane + b * BLOCK < (int16)(count));
    largest = fmax(largest, scores[b]);
  }
  const float8 l8 = fmax(largest.lo, largest.hi);
  const float4 l4 = fmax(l8.lo, l8.hi);
  const float maximum = fmax(row->maximum, fmax(fmax(l4.x, l4.y), fmax(l4.z, l4.w)));
  float16 total = 0.0f;
  UNROLL for (int b = 0; b < CHUNK_BLOCKS; b++) {
    scores[b] = exp(scores[b] - maximum);
    total += scores[b];
  }
  const float old = exp((float16)(row->maximum - maximum)).s0;
  row->sum = row->sum * old + sum16(total);
  row->maximum = maximum;
  for (int d = 0; d < HEAD_SIZE; d++) row->values[d] *= old;
}

// row.values += Σ over positions [begin, end) of a chunk, in order, of weight · value.
static inline void add_values_row(
    Row *row, const float *weights, __global const float *values, __global const int *table, int begin, int end,
    int head, int heads) {
  vfloat sum[SIZE_VECTORS + 1];
  UNROLL for (int v = 0; v < SIZE_VECTORS; v++) sum[v] = VLOAD(v, row->values);
  for (int p = begin; p < end; p++) {
    __global const float *value = values + block_offset(table[p / BLOCK], head, heads) + p % BLOCK * HEAD_SIZE;
    UNROLL for (int v = 0; v < SIZE_VECTORS; v++) sum[v] = fma((vfloat)(weights[p]), VLOAD(v, value), sum[v]);
    for (int d = SIZE_TAIL; d < HEAD_SIZE; d++) row->values[d] = fma(weights[p], value[d], row->values[d]);
  }
  UNROLL for (int v = 0; v < SIZE_VECTORS; v++) VSTORE(sum[v], v, row->values);
}

// The same for ROWS rows, whose weights are CHUNK apart.
static inline void add_values_tile(
    Row *rows, const float *weights, __global const float *values, __global const int *table, int end, int head,
    int heads) {
  for (int v = 0; v < SIZE_VECTORS; v++) {
    vfloat sum[ROWS];
    UNROLL for (int r = 0; r < ROWS; r++) sum[r] = VLOAD(v, rows[r].values);
    for (int b = 0; b * BLOCK < end; b++) {
      __global const float *value = values + block_offset(table[b], head, heads) + v * LANES;
      const int last = min(BLOCK, end - b * BLOCK);
      for (int p = 0; p < last; p++) {
        const vfloat vector = VLOAD(0, value + p * HEAD_SIZE);
        UNROLL for (int r = 0; r < ROWS; r++) {
          sum[r] = fma((vfloat)(weights[r * CHUNK + b * BLOCK + p]), vector, sum[r]);
        }
      }
    }
    UNROLL for (int r = 0; r < ROWS; r++) VSTORE(sum[r], v, rows[r].values);
  }
  for (int r = 0; r < ROWS; r++) {
    for (int d = SIZE_TAIL; d < HEAD_SIZE; d++) {
      for (int p = 0; p < end; p++) {
        const ulong at = block_offset(table[p / BLOCK], head, heads) + p % BLOCK * HEAD_SIZE + d;
        rows[r].values[d] = fma(weights[r * CHUNK + p], values[at], rows[r].values[d]);
      }
    }
  }
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void attention(
    __global const float *qkv, __global const float *keys, __global const float *values, __global const int *tiles,
    __global const int *tables, __global float *out, int query_heads, int key_value_heads, int stride, float scale) {
  const int head = get_global_id(0), source = head / (query_heads / key_value_heads);
  __global const int *tile = tiles + 4 * get_global_id(1);
  const int first = tile[0], count = tile[1], position = tile[2];
  __global const int *table = tables + tile[3];

  Row rows[ROWS];
  __global const float *q[ROWS];
  for (int r = 0; r < ROWS; r++) {
    rows[r].maximum = -INFINITY;
    rows[r].sum = 0.0f;
    for (int d = 0; d < HEAD_SIZE; d++) rows[r].values[d] = 0.0f;
    q[r] = qkv + (ulong)(first + min(r, count - 1)) * stride + head * HEAD_SIZE;
  }
  const int last = position + count - 1;  // position of the tile's last row
  for (int chunk = 0; chunk <= last; chunk += CHUNK, table += CHUNK_BLOCKS) {
    float16 scores[ROWS * CHUNK_BLOCKS];
    const int blocks = min(CHUNK, last - chunk + BLOCK) / BLOCK;  // blocks of the chunk that the tile reaches
    if (count == 1) {
      score_row(q[0], keys, table, blocks, source, key_value_heads, scores);
    } else {
      for (int b = 0; b < blocks; b++) {
        score_tile(q, keys + block_offset(table[b], source, key_value_heads), scores + b);
      }
    }
    for (int r = 0; r < count; r++) {
      const int visible = min(CHUNK, position + r - chunk + 1);
      if (visible > 0) normalise(&rows[r], scores + r * CHUNK_BLOCKS, visible, scale);
    }
    const float *weights = (const float *)scores;
    int shared = count == ROWS ? min(CHUNK, position - chunk + 1) : 0;  // positions that all rows of the tile see
    if (shared > 0) {
      add_values_tile(rows, weights, values, table, shared, source, key_value_heads);
    } else {
      shared = 0;
    }
    for (int r = 0; r < count; r++) {
      const int visible = min(CHUNK, position + r - chunk + 1);
      add_values_row(&rows[r], weights + r * CHUNK, values, table, shared, visible, source, key_value_heads);
    }
  }
  for (int r = 0; r < count; r++) {
    __global float *target = out + ((ulong)(first + r) * query_heads + head) * HEAD_SIZE;
    const float scale_out = 1.0f / rows[r].sum;
    for (int d = 0; d < HEAD_SIZE; d++) target[d] = rows[r].values[d] * scale_out;
  }
}
