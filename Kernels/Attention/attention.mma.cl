// Causal grouped-query attention over a paged cache, on matrix units.
//
//   out[r][h][:] = sum over p ≤ position(r) of softmax over p (scale · q[r][h] · key[p]) · value[p]
//
//   qkv [rows][stride] f32, the queries first      out [rows][Q · HEAD_SIZE] f32      keys, values, tiles: layout.clh
//
// The rows of a tile and the heads that share a key head make queries: query i is row i / heads, head i % heads. A
// work-group takes QUERIES of them (index 0: key head and block of queries, index 1: tile), a warp 16:
//
//             32 positions             HEAD_SIZE
//           ┌─────────────┐         ┌────────────┐
//   warp 0  │ scores and  │ weights │ sums of    │      keys and values of a chunk are cut into two bf16 pieces each,
//        1  │ weights     │ ──────▶ │ weighted   │      shared through local memory; queries, scores and sums stay in
//        …  │             │         │ values     │      registers. A product leaves out the smaller pieces of both.
//           └─────────────┘         └────────────┘
//
// The context is cut into parts of PART positions, each with a softmax of its own, and the parts are merged in order. With
// `split` each part has a group of its own (index 2), and the last one to finish merges them; else one group makes all.
// Both ways the arithmetic is the same.
//
//   partial [row][head][parts][HEAD_SIZE + 2] f32: weighted values, then maximum and sum of the weights
//   arrivals [tiles][groups of index 0] i32: zero before and after
#define PIECES 2
#define MULTIPLE 1
#include "Common/prelude.clh"
#include "Common/mma.clh"
#include "Attention/layout.clh"

#define WARPS 4
#define QUERIES (16 * WARPS)
#define PART 128
#define POSITIONS (HEAD_SIZE > 128 ? 16 : 32)  // of a chunk, whose scores are normalised together
#define BLOCKS (POSITIONS / BLOCK)             // KV blocks of a chunk
#define SCORE_TILES (POSITIONS / 8)
#define SIZE_STEPS ((HEAD_SIZE + 15) / 16)
#define SIZE_TILES ((HEAD_SIZE + 7) / 8)

// What a lane keeps of its two queries, g = lane / 4 and g + 8.
typedef struct {
  float values[SIZE_TILES][4];
  float maximum[2], sum[2];
} state_t;

// Four neighbours of a vector of HEAD_SIZE numbers, zero outside.
static inline float4 load4(__global const float *x, int d) {
#if HEAD_SIZE % 4 == 0
  return d < HEAD_SIZE ? *(__global const float4 *)(x + d) : (float4)(0.0f);
#else
  return (float4)(
      d < HEAD_SIZE ? x[d] : 0.0f, d + 1 < HEAD_SIZE ? x[d + 1] : 0.0f, d + 2 < HEAD_SIZE ? x[d + 2] : 0.0f,
      d + 3 < HEAD_SIZE ? x[d + 3] : 0.0f);
#endif
}

static inline float component(float4 v, int i) { return i == 0 ? v.x : i == 1 ? v.y : i == 2 ? v.z : v.w; }

// The columns of four vectors, as pieces: fragment i holds component i of each.
static inline void cut_columns(const float4 v[4], uint2 fragments[4][PIECES]) {
  UNROLL for (int i = 0; i < 4; i++) {
    cut((float4)(component(v[0], i), component(v[1], i), component(v[2], i), component(v[3], i)), fragments[i]);
  }
}

// The keys of a chunk: four dimensions of four positions at a time.
static inline void load_chunk_keys(
    __global const float *keys, __global const int *table, int head, int heads, int count,
    __local uint2 (*fragments)[SIZE_STEPS][SCORE_TILES][32]) {
  for (int i = get_local_id(0); i < POSITIONS / 4 * SIZE_STEPS * 4; i += 32 * WARPS) {
    const int place = i % 4 * 4, quad = i / 4 % (SIZE_STEPS * 4), block = i / (SIZE_STEPS * 16);
    float4 v[4];
    UNROLL for (int j = 0; j < 4; j++) {
      const int d = quad * 4 + j;
      v[j] = block * BLOCK < count && d < HEAD_SIZE
                 ? *(__global const float4 *)(keys + block_offset(table[block], head, heads) + d * BLOCK + place)
                 : (float4)(0.0f);
    }
    uint2 pieces[4][PIECES];
    cut_columns(v, pieces);
    UNROLL for (int j = 0; j < 4; j++) {
      const int position = block * BLOCK + place + j;
      UNROLL for (int p = 0; p < PIECES; p++) {
        fragments[p][quad / 4][position / 8][position % 8 * 4 + quad % 4] = pieces[j][p];
      }
    }
  }
}

// The values of a chunk: four dimensions of the four positions 2t, 2t + 1, 2t + 8 and 2t + 9 of a block at a time, as the
// weights of the scores lie in a lane. What is not finite counts as zero, and is told.
static inline bool load_chunk_values(
    __global const float *values, __global const int *table, int head, int heads, int count,
    __local uint2 (*fragments)[BLOCKS][SIZE_TILES][32]) {
  bool finite = true;
  for (int i = get_local_id(0); i < BLOCKS * 4 * SIZE_TILES * 2; i += 32 * WARPS) {
    const int t = i % 4, quad = i / 4 % (SIZE_TILES * 2), block = i / (SIZE_TILES * 8);
    float4 v[4];
    UNROLL for (int j = 0; j < 4; j++) {
      const int place = 2 * t + j % 2 + j / 2 * 8;
      v[j] = block * BLOCK + place < count
                 ? load4(values + block_offset(table[block], head, heads) + place * HEAD_SIZE, quad * 4)
                 : (float4)(0.0f);
      const int4 usable = isfinite(v[j]);
      finite = finite && all(usable);
      v[j] = select((float4)(0.0f), v[j], usable);
    }
    uint2 pieces[4][PIECES];
    cut_columns(v, pieces);
    UNROLL for (int j = 0; j < 4; j++) {
      const int d = quad * 4 + j;
      UNROLL for (int p = 0; p < PIECES; p++) fragments[p][block][d / 8][d % 8 * 4 + t] = pieces[j][p];
    }
  }
  return finite;
}

// sums[i] += a · b[i] for `count` blocks b, without the product of the smaller pieces. Products that wait for each other are
// kept apart.
static INLINE void multiply(
    float (*sums)[4], const uint4 a[PIECES], __local uint2 (*larger)[32], __local uint2 (*smaller)[32], int count,
    __local uint *exchange) {
  const int lane = get_local_id(0) % 32;
  UNROLL for (int i = 0; i < count; i++) mma(sums[i], a[0], smaller[i][lane], exchange);
  UNROLL for (int i = 0; i < count; i++) mma(sums[i], a[1], larger[i][lane], exchange);
  UNROLL for (int i = 0; i < count; i++) mma(sums[i], a[0], larger[i][lane], exchange);
}

// One operand's pieces from the values of its rows g and g + 8.
static inline void cut_rows(float4 upper, float4 lower, uint4 pieces[PIECES]) {
  uint2 a[PIECES], b[PIECES];
  cut(upper, a);
  cut(lower, b);
  UNROLL for (int p = 0; p < PIECES; p++) pieces[p] = (uint4)(a[p].x, b[p].x, a[p].y, b[p].y);
}

// Takes the scores of a chunk, of which the first `visible[i]` positions are seen by query i, into the state, and makes
// them weights.
static INLINE void weigh(
    float scores[SCORE_TILES][4], const int visible[2], float scale, state_t *state, __local uint *exchange) {
  const int lane = get_local_id(0) % 32;
  float maximum[2] = {state->maximum[0], state->maximum[1]};
  UNROLL for (int i = 0; i < SCORE_TILES * 4; i++) {
    const int n = i / 4, j = i % 4;
    scores[n][j] = n * 8 + lane % 4 * 2 + j % 2 < visible[j / 2] ? scores[n][j] * scale : -INFINITY;
    maximum[j / 2] = fmax(maximum[j / 2], scores[n][j]);
  }
  float old[2], sum[2] = {0.0f, 0.0f};
  UNROLL for (int i = 0; i < 2; i++) {
    maximum[i] = quad_max(maximum[i], exchange);
    // A query that sees nothing yet keeps a maximum of −∞.
    const float base = maximum[i] == -INFINITY ? 0.0f : maximum[i];
    old[i] = exp(state->maximum[i] - base);
    state->maximum[i] = maximum[i];
    maximum[i] = base;
  }
  UNROLL for (int i = 0; i < SCORE_TILES * 4; i++) {
    const int n = i / 4, j = i % 4;
    scores[n][j] = exp(scores[n][j] - maximum[j / 2]);
    sum[j / 2] += scores[n][j];
  }
  UNROLL for (int i = 0; i < 2; i++) state->sum[i] = fma(state->sum[i], old[i], quad_sum(sum[i], exchange));
  UNROLL for (int i = 0; i < SIZE_TILES * 4; i++) state->values[i / 4][i % 4] *= old[i % 4 / 2];
}

// Adds the values that are not finite to the queries that see them.
static inline void spoil(
    __global const float *values, __global const int *table, int head, int heads, const int visible[2], state_t *state) {
  const int lane = get_local_id(0) % 32;
  for (int p = 0; p < max(visible[0], visible[1]); p++) {
    __global const float *value = values + block_offset(table[p / BLOCK], head, heads) + p % BLOCK * HEAD_SIZE;
    UNROLL for (int i = 0; i < SIZE_TILES * 4; i++) {
      const int d = i / 4 * 8 + lane % 4 * 2 + i % 2;
      if (d < HEAD_SIZE && p < visible[i % 4 / 2] && !isfinite(value[d])) state->values[i / 4][i % 4] += value[d];
    }
  }
}

// The softmax of two parts of the context as one: how much of each maximum's weights remains.
static inline float2 merge(float *maximum, float other) {
  const float larger = fmax(*maximum, other), base = larger == -INFINITY ? 0.0f : larger;
  const float2 shares = (float2)(exp(*maximum - base), exp(other - base));
  *maximum = larger;
  return shares;
}

__kernel __attribute__((reqd_work_group_size(32 * WARPS, 1, 1))) void attention(
    __global const float *qkv, __global const float *keys, __global const float *values, __global const int *tiles,
    __global const int *tables, __global float *out, int query_heads, int key_value_heads, int stride, float scale,
    int blocks,  // groups that share a key head and tile
    int split, int parts, __global volatile float *partial, __global volatile int *arrivals) {
  __local uint2 key_fragments[PIECES][SIZE_STEPS][SCORE_TILES][32];
  __local uint2 value_fragments[PIECES][BLOCKS][SIZE_TILES][32];
  __local int spoiled, arrived;
  __local uint exchange[EXCHANGE_SIZE(WARPS)];
  const int lane = get_local_id(0) % 32, warp = get_local_id(0) / 32;
  const int heads = query_heads / key_value_heads, source = get_group_id(0) / blocks;
  const int index = get_num_groups(1) - 1 - get_group_id(1);  // the longest contexts, which tend to come last, first
  const int4 tile = vload4(index, tiles);
  __global const int *table = tables + tile.w;
  const int first = get_group_id(0) % blocks * QUERIES, queries = min(QUERIES, tile.y * heads - first);
  if (queries <= 0) return;
  const int last = tile.z + (first + queries - 1) / heads;  // position of the last query
  const int own_parts = last / PART + 1;
  if (split && get_group_id(2) >= own_parts) return;

  // Queries that do not exist do as the last one does.
  int row[2], head[2], position[2];
  uint4 query[SIZE_STEPS][PIECES];
  UNROLL for (int i = 0; i < 2; i++) {
    const int q = first + min(warp * 16 + i * 8 + lane / 4, queries - 1);
    row[i] = tile.x + q / heads;
    head[i] = source * heads + q % heads;
    position[i] = tile.z + q / heads;
  }
  UNROLL for (int s = 0; s < SIZE_STEPS; s++) {
    float4 v[2];
    UNROLL for (int i = 0; i < 2; i++) {
      v[i] = load4(qkv + (ulong)row[i] * stride + head[i] * HEAD_SIZE, s * 16 + lane % 4 * 4);
    }
    cut_rows(v[0], v[1], query[s]);
  }
  const bool works = MMA_EMULATED || warp * 16 < queries;
  float maximum[2] = {-INFINITY, -INFINITY}, sum[2] = {0.0f, 0.0f};
  for (int part = split ? get_group_id(2) : 0; part < (split ? get_group_id(2) + 1 : own_parts); part++) {
    state_t state = {{{0.0f}}, {-INFINITY, -INFINITY}, {0.0f, 0.0f}};
    for (int chunk = part * PART; chunk < min(part * PART + PART, last + 1); chunk += POSITIONS) {
      const int count = min(POSITIONS, last + 1 - chunk);
      barrier(CLK_LOCAL_MEM_FENCE);
      if (get_local_id(0) == 0) spoiled = 0;
      load_chunk_keys(keys, table + chunk / BLOCK, source, key_value_heads, count, key_fragments);
      const bool finite =
          load_chunk_values(values, table + chunk / BLOCK, source, key_value_heads, count, value_fragments);
      barrier(CLK_LOCAL_MEM_FENCE);
      if (!finite) spoiled = 1;
      if (works) {
        float scores[SCORE_TILES][4] = {{0.0f}};
        UNROLL for (int s = 0; s < SIZE_STEPS; s++) {
          multiply(scores, query[s], key_fragments[0][s], key_fragments[1][s], SCORE_TILES, exchange);
        }
        const int visible[2] = {position[0] + 1 - chunk, position[1] + 1 - chunk};
        weigh(scores, visible, scale, &state, exchange);
        UNROLL for (int b = 0; b < BLOCKS; b++) {
          uint4 weights[PIECES];
          cut_rows(
              (float4)(scores[2 * b][0], scores[2 * b][1], scores[2 * b + 1][0], scores[2 * b + 1][1]),
              (float4)(scores[2 * b][2], scores[2 * b][3], scores[2 * b + 1][2], scores[2 * b + 1][3]), weights);
          multiply(state.values, weights, value_fragments[0][b], value_fragments[1][b], SIZE_TILES, exchange);
        }
      }
      barrier(CLK_LOCAL_MEM_FENCE);
      if (spoiled) {
        const int visible[2] = {min(position[0] + 1 - chunk, count), min(position[1] + 1 - chunk, count)};
        spoil(values, table + chunk / BLOCK, source, key_value_heads, visible, &state);
      }
    }
    UNROLL for (int i = 0; i < 2; i++) {
      if (warp * 16 + i * 8 + lane / 4 >= queries) continue;
      __global volatile float *kept = partial + ((ulong)(row[i] * query_heads + head[i]) * parts + part) * (HEAD_SIZE + 2);
      __global float *target = out + (ulong)(row[i] * query_heads + head[i]) * HEAD_SIZE;
      float2 shares = (float2)(0.0f, 1.0f);
      if (!split) {
        shares = merge(maximum + i, state.maximum[i]);
        sum[i] = fma(sum[i], shares.x, state.sum[i] * shares.y);
      } else if (lane % 4 == 0) {
        kept[HEAD_SIZE] = state.maximum[i];
        kept[HEAD_SIZE + 1] = state.sum[i];
      }
      UNROLL for (int j = 0; j < SIZE_TILES * 2; j++) {
        const int d = j / 2 * 8 + lane % 4 * 2 + j % 2;
        if (d >= HEAD_SIZE) continue;
        const float value = state.values[j / 2][i * 2 + j % 2];
        if (split) {
          kept[d] = value;
        } else {
          const float merged = fma(part == 0 ? 0.0f : target[d], shares.x, value * shares.y);
          target[d] = part == own_parts - 1 ? merged / sum[i] : merged;
        }
      }
    }
  }

  // The last group of these queries to come here merges the parts.
  device_fence();
  barrier(CLK_GLOBAL_MEM_FENCE);
  if (get_local_id(0) == 0) {
    arrived = 0;
    if (split) {
      __global volatile int *arrival = arrivals + index * get_num_groups(0) + get_group_id(0);
      arrived = atomic_inc(arrival) + 1;
      if (arrived == own_parts) *arrival = 0;
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  device_fence();
  const int elements = arrived == own_parts ? queries * HEAD_SIZE : 0;
  for (int i = get_local_id(0); i < elements; i += 32 * WARPS) {
    const int q = first + i / HEAD_SIZE, d = i % HEAD_SIZE;
    const ulong target = (ulong)(tile.x + q / heads) * query_heads + source * heads + q % heads;
    float merged = 0.0f, most = -INFINITY, total = 0.0f;
    for (int part = 0; part < own_parts; part++) {
      __global volatile const float *own = partial + (target * parts + part) * (HEAD_SIZE + 2);
      const float2 shares = merge(&most, own[HEAD_SIZE]);
      total = fma(total, shares.x, own[HEAD_SIZE + 1] * shares.y);
      merged = fma(merged, shares.x, own[d] * shares.y);
    }
    out[target * HEAD_SIZE + d] = merged / total;
  }
}
