// Causal grouped-query attention over a paged cache, on matrix units.
//
//   out[r][h][:] = sum over p of softmax over p (scale · q[r][h] · key[p]) · value[p]      p: first_visible … position(r)
//
//   qkv [rows][stride] f32, the queries first      out [rows][Q · HEAD_SIZE] f32      keys, values, tiles: layout.clh
//
// The rows of a tile and the heads that share a key head make queries: query i is row i / heads, head i % heads. A
// work-group takes QUERIES of them (index 0: key head and block of queries, index 1: tile), a warp 16:
//
//             32 positions             HEAD_SIZE
//           ┌─────────────┐         ┌────────────┐
//   warp 0  │ scores and  │ weights │ sums of    │      keys and values come in pieces, a KV block's at a time, through
//        1  │ weights     │ ──────▶ │ weighted   │      SLOTS slots of local memory, copied while earlier ones are used;
//        …  │             │         │ values     │      queries, scores and sums stay in registers. A product of two
//           └─────────────┘         └────────────┘      values in pieces leaves out that of the smaller pieces.
//
// The context is cut into parts of PART positions, each with a softmax of its own, and the parts are merged in order. With
// `split` each part has a group of its own (index 2), and the last one to finish merges them; else one group makes all.
// Both ways the arithmetic is the same.
//
//   sinks [Q] f32
//   partial [row][head][parts][ROW] f32: weighted values, and in the last four maximum and sum of the weights
//   arrivals [tiles][groups of index 0] i32: zero before and after
#define PIECES 2
#include "Common/prelude.clh"
#include "Common/mma.clh"
#include "Attention/layout.clh"
#include "Attention/pieces.clh"

#define WARPS 4
#define QUERIES (16 * WARPS)
#define POSITIONS 32                // of a chunk, whose scores are normalised together
#define PART 128                    // positions, a multiple of POSITIONS
#define BLOCKS (POSITIONS / BLOCK)  // KV blocks of a chunk
#define UNITS (2 * BLOCKS)          // of a chunk: its blocks' keys, then their values
#define SLOTS (HEAD_SIZE > 128 ? 2 : 5)
#define SCORE_TILES (POSITIONS / 8)
#define ROW ((HEAD_SIZE + 3) / 4 * 4 + 4)  // of partial results
#define AT_ONCE 8                         // parts that are loaded together when they are merged
#define TOGETHER (SIZE_TILES % 4 == 0 ? 4 : SIZE_TILES % 2 == 0 ? 2 : 1)  // tiles of values that are multiplied together

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

// Begins to copy a unit of a context of `end` blocks. Where its last chunk is short the last block stands for the next: a
// number, whatever it is, that gets no weight.
static INLINE void copy_unit(
    __global const uint4 *keys, __global const uint4 *values, __global const int *table, int head, int heads, int unit,
    int end, __local uint4 (*slots)[UNIT]) {
  const int block = unit / UNITS * BLOCKS + unit % BLOCKS;
  if (unit / UNITS * BLOCKS < end) {
    __global const uint4 *source =
        (unit % UNITS < BLOCKS ? keys : values) + ((ulong)table[min(block, end - 1)] * heads + head) * UNIT;
    for (int i = get_local_id(0); i < UNIT; i += 32 * WARPS) copy_async(slots[unit % SLOTS] + i, source + i);
  }
  copy_commit();
}

// Waits for a unit, and begins to copy into the slot of the one before it. Returns the unit's slot.
static INLINE __local const uint4 *next_unit(
    __global const uint4 *keys, __global const uint4 *values, __global const int *table, int head, int heads, int unit,
    int end, __local uint4 (*slots)[UNIT]) {
  copy_wait(SLOTS - 2);
  barrier(CLK_LOCAL_MEM_FENCE);
  copy_unit(keys, values, table, head, heads, unit + SLOTS - 1, end, slots);
  return slots[unit % SLOTS];
}

// sums += queries · the keys of a block, 2 tiles of 8 positions, without the products of the smaller pieces. Products of a
// larger with a smaller piece have sums of their own, so that fewer wait for each other.
static INLINE void multiply_keys(
    __local const uint4 *slot, const uint4 query[SIZE_STEPS][PIECES], float (*sums)[4], __local uint *exchange) {
  const int lane = get_local_id(0) % 32;
  float small[2][4] = {{0.0f}};
  UNROLL for (int s = 0; s < SIZE_STEPS; s++) {
    const uint4 key[2] = {slot[s * 64 + lane], slot[s * 64 + 32 + lane]};
    UNROLL for (int i = 0; i < 2; i++) mma(small[i], query[s][0], key[i].zw, exchange);
    UNROLL for (int i = 0; i < 2; i++) mma(sums[i], query[s][0], key[i].xy, exchange);
    UNROLL for (int i = 0; i < 2; i++) mma(small[i], query[s][1], key[i].xy, exchange);
  }
  UNROLL for (int i = 0; i < 8; i++) sums[i / 4][i % 4] += small[i / 4][i % 4];
}

// Of which of the four numbers in pieces the larger piece is not finite: those become zero.
static inline uint4 only_finite(uint4 pieces) {
  const uint2 infinite = 0x7f80;
  const uint2 lower = select((uint2)(0), (uint2)(0xffff), (pieces.xy & infinite) == infinite);
  const uint2 upper = select((uint2)(0), (uint2)(0xffff0000), ((pieces.xy >> 16) & infinite) == infinite);
  return (uint4)(pieces.xy & ~(lower | upper), pieces.zw & ~(lower | upper));
}

// sums += weights · the values of a block, without the products of the smaller pieces.
static INLINE void multiply_values(
    __local const uint4 *slot, const uint4 weights[PIECES], bool is_spoiled, float (*sums)[4], __local uint *exchange) {
  const int lane = get_local_id(0) % 32;
  UNROLL for (int t = 0; t < SIZE_TILES; t += TOGETHER) {
    uint4 value[TOGETHER];
    UNROLL for (int i = 0; i < TOGETHER; i++) {
      value[i] = slot[(t + i) * 32 + lane];
      if (is_spoiled) value[i] = only_finite(value[i]);
    }
    UNROLL for (int i = 0; i < TOGETHER; i++) mma(sums[t + i], weights[0], value[i].zw, exchange);
    UNROLL for (int i = 0; i < TOGETHER; i++) mma(sums[t + i], weights[1], value[i].xy, exchange);
    UNROLL for (int i = 0; i < TOGETHER; i++) mma(sums[t + i], weights[0], value[i].xy, exchange);
  }
}

// One operand's pieces from the values of its rows g and g + 8.
static inline void cut_rows(float4 upper, float4 lower, uint4 pieces[PIECES]) {
  uint2 a[PIECES], b[PIECES];
  cut(upper, a);
  cut(lower, b);
  UNROLL for (int p = 0; p < PIECES; p++) pieces[p] = (uint4)(a[p].x, b[p].x, a[p].y, b[p].y);
}

// Takes the scores of a chunk, of which query i sees the positions from hidden[i] to visible[i], into the state, and makes
// them weights.
static INLINE void weigh(
    float scores[SCORE_TILES][4], const int hidden[2], const int visible[2], float scale, state_t *state,
    __local uint *exchange) {
  const int lane = get_local_id(0) % 32;
  float maximum[2] = {state->maximum[0], state->maximum[1]};
  UNROLL for (int i = 0; i < SCORE_TILES * 4; i++) {
    const int n = i / 4, j = i % 4;
    const int p = n * 8 + lane % 4 * 2 + j % 2;
    scores[n][j] = (!WINDOW || p >= hidden[j / 2]) && p < visible[j / 2] ? scores[n][j] * scale : -INFINITY;
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

// Adds the values of a block, at position `first` of the chunk, that are not finite to the queries that see them.
static inline void spoil(
    __local const uint4 *values, int first, const int hidden[2], const int visible[2], state_t *state) {
  __local const ushort *elements = (__local const ushort *)values;
  const int lane = get_local_id(0) % 32;
  for (int p = 0; p < BLOCK; p++) {
    UNROLL for (int i = 0; i < SIZE_TILES * 4; i++) {
      const float value = as_float((uint)elements[value_element(p, i / 4 * 8 + lane % 4 * 2 + i % 2)] << 16);
      const bool is_seen = first + p >= hidden[i % 4 / 2] && first + p < visible[i % 4 / 2];
      if (is_seen && !isfinite(value)) state->values[i / 4][i % 4] += value;
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
    __global const float *qkv, __global const uint4 *keys, __global const uint4 *values, __global const int *tiles,
    __global const int *tables, __global float *out, int query_heads, int key_value_heads, int stride, float scale,
    __global const int *spoiled,
    int blocks,  // groups that share a key head and tile
    int split, int parts, __global float *partial, __global volatile int *arrivals, __global const float *sinks) {
  __local uint4 slots[SLOTS][UNIT];
  __local int arrived;
  __local uint exchange[EXCHANGE_SIZE(WARPS)];
  const int lane = get_local_id(0) % 32, warp = get_local_id(0) / 32;
  const int heads = query_heads / key_value_heads, source = get_group_id(0) / blocks;
  const int index = get_num_groups(1) - 1 - get_group_id(1);  // the longest contexts, which tend to come last, first
  const int4 tile = vload4(index, tiles);
  __global const int *table = tables + tile.w;
  const int first = get_group_id(0) % blocks * QUERIES, queries = min(QUERIES, tile.y * heads - first);
  if (queries <= 0) return;
  const int last = tile.z + (first + queries - 1) / heads;  // position of the last query
  // Parts are those of the whole context; what lies before the first query's window is left out.
  const int own_parts = last / PART + 1, first_part = first_visible(tile.z + first / heads) / PART;
  if (split && (get_group_id(2) < first_part || get_group_id(2) >= own_parts)) return;
  const int begin = (split ? get_group_id(2) : first_part) * PART, end = split ? min(begin + PART, last + 1) : last + 1;
  const int end_block = (end + BLOCK - 1) / BLOCK, first_unit = begin / POSITIONS * UNITS;
  UNROLL for (int i = 0; i < SLOTS - 1; i++) {
    copy_unit(keys, values, table, source, key_value_heads, first_unit + i, end_block, slots);
  }

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
#if SINKS
  UNROLL for (int i = 0; i < 2; i++) {
    maximum[i] = sinks[head[i]];
    sum[i] = 1.0f;
  }
#endif
  state_t state = {{{0.0f}}, {-INFINITY, -INFINITY}, {0.0f, 0.0f}};
  for (int chunk = begin; chunk < end; chunk += POSITIONS) {
    const int unit = chunk / POSITIONS * UNITS;
    float scores[SCORE_TILES][4] = {{0.0f}};
    int is_spoiled[BLOCKS];
    UNROLL for (int b = 0; b < BLOCKS; b++) {
      const int block = min(chunk / BLOCK + b, end_block - 1);
      is_spoiled[b] = spoiled[(ulong)table[block] * key_value_heads + source];
    }
    UNROLL for (int b = 0; b < BLOCKS; b++) {
      __local const uint4 *slot = next_unit(keys, values, table, source, key_value_heads, unit + b, end_block, slots);
      if (works) multiply_keys(slot, query, scores + 2 * b, exchange);
    }
    const int visible[2] = {position[0] + 1 - chunk, position[1] + 1 - chunk};
    const int hidden[2] = {first_visible(position[0]) - chunk, first_visible(position[1]) - chunk};
    if (works) weigh(scores, hidden, visible, scale, &state, exchange);
    UNROLL for (int b = 0; b < BLOCKS; b++) {
      __local const uint4 *slot =
          next_unit(keys, values, table, source, key_value_heads, unit + BLOCKS + b, end_block, slots);
      uint4 weights[PIECES];
      cut_rows(
          (float4)(scores[2 * b][0], scores[2 * b][1], scores[2 * b + 1][0], scores[2 * b + 1][1]),
          (float4)(scores[2 * b][2], scores[2 * b][3], scores[2 * b + 1][2], scores[2 * b + 1][3]), weights);
      if (works && !is_spoiled[b]) multiply_values(slot, weights, false, state.values, exchange);
      if (works && is_spoiled[b]) {
        multiply_values(slot, weights, true, state.values, exchange);
        spoil(slot, b * BLOCK, hidden, visible, &state);
      }
    }
    if ((chunk + POSITIONS) % PART != 0 && chunk + POSITIONS < end) continue;
    const int part = chunk / PART;
    UNROLL for (int i = 0; i < 2; i++) {
      if (warp * 16 + i * 8 + lane / 4 >= queries) continue;
      const ulong place = (ulong)row[i] * query_heads + head[i];
      __global float *kept = partial + (place * parts + part) * ROW, *target = out + place * HEAD_SIZE;
      float2 shares = (float2)(0.0f, 1.0f);
      if (!split) {
        shares = merge(maximum + i, state.maximum[i]);
        sum[i] = fma(sum[i], shares.x, state.sum[i] * shares.y);
      } else if (lane % 4 == 0) {
        kept[ROW - 4] = state.maximum[i];
        kept[ROW - 3] = state.sum[i];
      }
      UNROLL for (int j = 0; j < SIZE_TILES * 2; j++) {
        const int d = j / 2 * 8 + lane % 4 * 2 + j % 2;
        if (d >= HEAD_SIZE) continue;
        const float value = state.values[j / 2][i * 2 + j % 2];
        if (split) {
          kept[d] = value;
        } else {
          const float merged = fma(part == first_part ? 0.0f : target[d], shares.x, value * shares.y);
          target[d] = part == own_parts - 1 ? merged / sum[i] : merged;
        }
      }
    }
    UNROLL for (int i = 0; i < SIZE_TILES * 4; i++) state.values[i / 4][i % 4] = 0.0f;
    UNROLL for (int i = 0; i < 2; i++) {
      state.maximum[i] = -INFINITY;
      state.sum[i] = 0.0f;
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
      if (arrived == own_parts - first_part) *arrival = 0;
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  device_fence();
  const int quads = (ROW - 4) / 4, items = arrived == own_parts - first_part ? queries * quads : 0;
  for (int i = get_local_id(0); i < items; i += 32 * WARPS) {
    const int q = first + i / quads, d = i % quads * 4;
    const ulong place = (ulong)(tile.x + q / heads) * query_heads + source * heads + q % heads;
    __global const float *kept = partial + place * parts * ROW;
    float4 merged = 0.0f;
    const int sink = source * heads + q % heads;
    float most = SINKS ? sinks[sink] : -INFINITY, total = SINKS ? 1.0f : 0.0f;
    for (int part = first_part; part < own_parts; part += AT_ONCE) {
      float4 values_of[AT_ONCE], weights_of[AT_ONCE];
      UNROLL for (int j = 0; j < AT_ONCE; j++) {
        __global const float *own = kept + min(part + j, own_parts - 1) * ROW;
        values_of[j] = load_shared(own + d);
        weights_of[j] = load_shared(own + ROW - 4);
      }
      UNROLL for (int j = 0; j < AT_ONCE; j++) {
        if (part + j >= own_parts) continue;
        const float2 shares = merge(&most, weights_of[j].x);
        total = fma(total, shares.x, weights_of[j].y * shares.y);
        merged = fma(merged, (float4)(shares.x), values_of[j] * shares.y);
      }
    }
    const float4 result = merged / total;
    UNROLL for (int j = 0; j < 4; j++) {
      if (d + j < HEAD_SIZE) out[place * HEAD_SIZE + d + j] = component(result, j);
    }
  }
}
