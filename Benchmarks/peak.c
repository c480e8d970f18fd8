// What this machine's cores give at most: f32 multiply-adds, and reads of memory, to check what `strata` measures by kernels.
//
//   cc -O2 -march=native -pthread peak.c -o peak && ./peak THREADS
//
// Prints GFLOP/s and GB/s, the best of several runs. The multiply-adds are assembly, which no compiler can leave out; they
// need AVX-512 or, else, AVX2 with FMA. Reads are checked by a sum that is printed to nowhere.
#include <immintrin.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STEPS = 20000000, RUNS = 5, CHAINS = 10 };
static const size_t bytes = 256u << 20;
static volatile float sink;

typedef struct {
  char *memory;
  size_t count;
  int reads;
} Work;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

#if defined(__AVX512F__)
enum { LANES = 16 };
#define FMA(n) "vfmadd231ps %%zmm30, %%zmm31, %%zmm" #n "\n\t"
#else
enum { LANES = 8 };
#define FMA(n) "vfmadd231ps %%ymm14, %%ymm15, %%ymm" #n "\n\t"
#endif

static void multiply(void) {
  for (long i = 0; i < STEPS; i++)
    __asm__ volatile(FMA(0) FMA(1) FMA(2) FMA(3) FMA(4) FMA(5) FMA(6) FMA(7) FMA(8) FMA(9)::
                     : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9");
}

static void read_all(const char *memory, size_t count) {
  // Four places at once: a core fetches ahead for each.
  __m256 sum[4] = {0};
  size_t part = count / 4 / 64 * 64;
  for (size_t i = 0; i < part; i += 64)
    for (int s = 0; s < 4; s++) {
      const float *x = (const float *)(memory + s * part + i);
      sum[s] = _mm256_add_ps(sum[s], _mm256_add_ps(_mm256_loadu_ps(x), _mm256_loadu_ps(x + 8)));
    }
  sum[0] = _mm256_add_ps(_mm256_add_ps(sum[0], sum[1]), _mm256_add_ps(sum[2], sum[3]));
  sink = sum[0][0] + sum[0][7];
}

static void *work(void *argument) {
  Work *w = argument;
  if (w->reads) read_all(w->memory, w->count); else multiply();
  return NULL;
}

static double seconds(int threads, Work *parts, int reads) {
  double best = 1e9;
  for (int run = 0; run < RUNS; run++) {
    pthread_t ids[threads];
    double start = now();
    for (int t = 0; t < threads; t++) {
      parts[t].reads = reads;
      if (pthread_create(&ids[t], NULL, work, &parts[t])) exit(1);
    }
    for (int t = 0; t < threads; t++) pthread_join(ids[t], NULL);
    double took = now() - start;
    if (took < best) best = took;
  }
  return best;
}

int main(int argc, char **argv) {
  int threads = argc > 1 ? atoi(argv[1]) : 1;
  if (threads < 1 || threads > 1024) {
    fprintf(stderr, "usage: peak THREADS\n");
    return 64;
  }
  Work parts[threads];
  for (int t = 0; t < threads; t++) {
    parts[t].count = bytes / threads / 256 * 256;
    parts[t].memory = malloc(parts[t].count);
    if (!parts[t].memory) return 1;
    memset(parts[t].memory, 1, parts[t].count);
  }
  double flops = 2.0 * LANES * CHAINS * STEPS * threads / seconds(threads, parts, 0);
  double read = (double)threads * parts[0].count / seconds(threads, parts, 1);
  printf("%.1f GFLOP/s %.1f GB/s\n", flops * 1e-9, read * 1e-9);
  return 0;
}
