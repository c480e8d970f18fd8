// Causal grouped-query attention over a paged cache, CPU style.
//
//   out[r][h][:] = sum over p of softmax over p (scale · q[r][h] · key[p]) · value[p]      p: first_visible … position(r)
//
//   qkv [rows][stride] f32, the queries first      out [rows][Q · VALUE_SIZE] f32      keys, values, tiles: layout.clh
//   sinks [Q] f32      codes [rows] of Q · VALUE_SIZE values in eight bits (Common/codes.clh)
//
// One work-item (head h, tile t) makes up to ROWS consecutive rows of one sequence: a load of keys or values serves
// them all. The softmax is the streaming one (Milakov and Gimelshein 2018; Dao et al. 2022): chunk by chunk of the
// context with a running maximum. Scores keep BLOCK positions in a vector, so nothing is summed across lanes but the
// softmax's denominator. A row's steps are the same in every tile; rows that a chunk is wholly or partly behind use the
// one-row form of them, and never touch positions after their own.
//
// CODES  1: out is also made in codes, for a VALUE_SIZE of whole groups, 0: it is not
#include "Common/prelude.clh"
#include "Attention/layout.clh"
#ifndef CODES
#define CODES 0
#endif
#if CODES
#include "Common/codes.clh"
#define CODES_ARGUMENT , __global uchar *codes
#else
#define CODES_ARGUMENT
#endif

#define ROWS 8                              // rows of a tile at most
#define SIZE_VECTORS (VALUE_SIZE / LANES)   // whole vectors in a head of values
#define SIZE_TAIL (SIZE_VECTORS * LANES)    // where the dimensions that fill no vector begin

typedef struct {
  float maximum, sum;
  float values[VALUE_SIZE];
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

// Turns the scores of the positions [begin, end) of a chunk into weights exp(score − maximum), 0 outside, and brings the
// row's running maximum, sum and values to the new maximum.
static inline void normalise(Row *row, float16 *scores, int begin, int end, float scale) {
  const int16 lane = (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  float16 largest = -INFINITY;
  UNROLL for (int b = 0; b < CHUNK_BLOCKS; b++) {
    int16 seen = lane + b * BLOCK < (int16)(end);
    if (WINDOW) seen &= lane + b * BLOCK >= (int16)(begin);
    scores[b] = select((float16)(-INFINITY), scores[b] * scale, seen);
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
  for (int d = 0; d < VALUE_SIZE; d++) row->values[d] *= old;
}

#if SHARED
// row.values += Σ over positions [begin, end) of a chunk of weight · key, whose first dimensions are the values.
static inline void add_keys_row(
    Row *row, const float16 *weights, __global const float *keys, __global const int *table, int begin, int end,
    int head, int heads) {
  const int16 lane = (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  for (int b = begin / BLOCK; b * BLOCK < end; b++) {
    __global const float *block = keys + block_offset(table[b], head, heads);
    const int16 seen = lane + b * BLOCK >= (int16)(begin) && lane + b * BLOCK < (int16)(end);
    for (int d = 0; d < VALUE_SIZE; d++) {
      const float16 key = select((float16)(0.0f), vload16(d, block), seen);
      row->values[d] += sum16(weights[b] * key);
    }
  }
}
#else
// row.values += Σ over positions [begin, end) of a chunk, in order, of weight · value.
static inline void add_values_row(
    Row *row, const float *weights, __global const float *values, __global const int *table, int begin, int end,
    int head, int heads) {
  vfloat sum[SIZE_VECTORS + 1];
  UNROLL for (int v = 0; v < SIZE_VECTORS; v++) sum[v] = VLOAD(v, row->values);
  for (int p = begin; p < end; p++) {
    __global const float *value = values + block_offset(table[p / BLOCK], head, heads) + p % BLOCK * HEAD_SIZE;
    UNROLL for (int v = 0; v < SIZE_VECTORS; v++) sum[v] = fma((vfloat)(weights[p]), VLOAD(v, value), sum[v]);
    for (int d = SIZE_TAIL; d < VALUE_SIZE; d++) row->values[d] = fma(weights[p], value[d], row->values[d]);
  }
  UNROLL for (int v = 0; v < SIZE_VECTORS; v++) VSTORE(sum[v], v, row->values);
}

// The same for ROWS rows, whose weights are CHUNK apart.
static inline void add_values_tile(
    Row *rows, const float *weights, __global const float *values, __global const int *table, int begin, int end,
    int head, int heads) {
  for (int v = 0; v < SIZE_VECTORS; v++) {
    vfloat sum[ROWS];
    UNROLL for (int r = 0; r < ROWS; r++) sum[r] = VLOAD(v, rows[r].values);
    for (int b = begin / BLOCK; b * BLOCK < end; b++) {
      __global const float *value = values + block_offset(table[b], head, heads) + v * LANES;
      const int last = min(BLOCK, end - b * BLOCK);
      for (int p = max(0, begin - b * BLOCK); p < last; p++) {
        const vfloat vector = VLOAD(0, value + p * HEAD_SIZE);
        UNROLL for (int r = 0; r < ROWS; r++) {
          sum[r] = fma((vfloat)(weights[r * CHUNK + b * BLOCK + p]), vector, sum[r]);
        }
      }
    }
    UNROLL for (int r = 0; r < ROWS; r++) VSTORE(sum[r], v, rows[r].values);
  }
  for (int r = 0; r < ROWS; r++) {
    for (int d = SIZE_TAIL; d < VALUE_SIZE; d++) {
      for (int p = begin; p < end; p++) {
        const ulong at = block_offset(table[p / BLOCK], head, heads) + p % BLOCK * HEAD_SIZE + d;
        rows[r].values[d] = fma(weights[r * CHUNK + p], values[at], rows[r].values[d]);
      }
    }
  }
}
#endif

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void attention(
    __global const float *qkv, __global const float *keys, __global const float *values, __global const int *tiles,
    __global const int *tables, __global float *out, int query_heads, int key_value_heads, int stride, float scale,
    __global const float *sinks CODES_ARGUMENT) {
  const int head = get_global_id(0), source = head / (query_heads / key_value_heads);
  __global const int *tile = tiles + 4 * get_global_id(1);
  const int first = tile[0], count = tile[1], position = tile[2];
  const int start = first_visible(position) / CHUNK * CHUNK;  // of the first chunk that the tile sees
  __global const int *table = tables + tile[3] + start / BLOCK;

  Row rows[ROWS];
  __global const float *q[ROWS];
  for (int r = 0; r < ROWS; r++) {
    rows[r].maximum = SINKS ? sinks[head] : -INFINITY;
    rows[r].sum = SINKS ? 1.0f : 0.0f;
    for (int d = 0; d < VALUE_SIZE; d++) rows[r].values[d] = 0.0f;
    q[r] = qkv + (ulong)(first + min(r, count - 1)) * stride + head * HEAD_SIZE;
  }
  const int last = position + count - 1;  // position of the tile's last row
  for (int chunk = start; chunk <= last; chunk += CHUNK, table += CHUNK_BLOCKS) {
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
      const int begin = max(0, first_visible(position + r) - chunk), end = min(CHUNK, position + r - chunk + 1);
      if (begin < end) normalise(&rows[r], scores + r * CHUNK_BLOCKS, begin, end, scale);
    }
#if SHARED
    for (int r = 0; r < count; r++) {
      const int begin = max(0, first_visible(position + r) - chunk), end = min(CHUNK, position + r - chunk + 1);
      add_keys_row(&rows[r], scores + r * CHUNK_BLOCKS, keys, table, begin, end, source, key_value_heads);
    }
#else
    const float *weights = (const float *)scores;
    // Positions that all rows of the tile see; those before and behind them are added row by row.
    int shared = max(0, first_visible(last) - chunk), shared_end = min(CHUNK, position - chunk + 1);
    if (count < ROWS || shared >= shared_end) shared = shared_end = 0;
    for (int r = 0; WINDOW && r < count; r++) {
      const int begin = max(0, first_visible(position + r) - chunk);
      add_values_row(&rows[r], weights + r * CHUNK, values, table, begin, shared, source, key_value_heads);
    }
    if (shared < shared_end) {
      add_values_tile(rows, weights, values, table, shared, shared_end, source, key_value_heads);
    }
    for (int r = 0; r < count; r++) {
      const int begin = max(shared_end, first_visible(position + r) - chunk);
      const int end = min(CHUNK, position + r - chunk + 1);
      add_values_row(&rows[r], weights + r * CHUNK, values, table, begin, end, source, key_value_heads);
    }
#endif
  }
  for (int r = 0; r < count; r++) {
    __global float *target = out + ((ulong)(first + r) * query_heads + head) * VALUE_SIZE;
    const float scale_out = 1.0f / rows[r].sum;
#if CODES
    const int columns = query_heads * VALUE_SIZE;
    __global uchar *row = codes + (first + r) * CODES_BYTES(columns);
    for (int g = 0; g < VALUE_SIZE / CODE_GROUP; g++) {
      const float16 low = vload16(2 * g, rows[r].values) * scale_out;
      const float16 high = vload16(2 * g + 1, rows[r].values) * scale_out;
      vstore16(low, 2 * g, target);
      vstore16(high, 2 * g + 1, target);
      store_group(low, high, row, columns, head * (VALUE_SIZE / CODE_GROUP) + g);
    }
#else
    for (int d = 0; d < VALUE_SIZE; d++) target[d] = rows[r].values[d] * scale_out;
#endif
  }
}
