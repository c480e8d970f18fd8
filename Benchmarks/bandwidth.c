// Bandwidth of memory by plain C loops, one thread a core: what `strata profile --ceilings` is compared with on a CPU.
//
//   cc -O3 -march=native -pthread bandwidth.c -o bandwidth && ./bandwidth [THREADS] [MIB] [REPETITIONS]
//
// Prints name and best GB/s of each: memoryRead, memoryWrite, memoryCopy (bytes read and written), and memcpy by one thread
// (bytes copied). The loops use vectors, so that the compiler has no reason to call a library function for them.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef float vec __attribute__((vector_size(64)));
// A core reads faster from several places at once than from one: it fetches ahead for each by itself.
enum { STREAMS = 4, STEP = 2, MOST_THREADS = 256 };

static vec *x, *y;
static size_t vectors;  // of a thread
static volatile float sink[MOST_THREADS];

static void *do_read(void *arg) {
  const size_t t = (size_t)arg;
  const vec *part = x + t * vectors;
  const size_t length = vectors / STREAMS;
  vec sum[STREAMS * STEP] = {0};
  for (size_t i = 0; i < length; i += STEP)
    for (int s = 0; s < STREAMS; s++)
      for (int j = 0; j < STEP; j++) sum[s * STEP + j] += part[s * length + i + j];
  float total = 0;
  for (int j = 0; j < STREAMS * STEP; j++)
    for (int lane = 0; lane < 16; lane++) total += sum[j][lane];
  sink[t] = total;
  return 0;
}

static void *do_write(void *arg) {
  vec *part = y + (size_t)arg * vectors;
  const vec value = (vec){0} + sink[0];
  const size_t length = vectors / STREAMS;
  for (size_t i = 0; i < length; i += STEP)
    for (int s = 0; s < STREAMS; s++)
      for (int j = 0; j < STEP; j++) part[s * length + i + j] = value;
  return 0;
}

static void *do_copy(void *arg) {
  const vec *from = x + (size_t)arg * vectors;
  vec *to = y + (size_t)arg * vectors;
  const size_t length = vectors / STREAMS;
  for (size_t i = 0; i < length; i += STEP)
    for (int s = 0; s < STREAMS; s++)
      for (int j = 0; j < STEP; j++) to[s * length + i + j] = from[s * length + i + j];
  return 0;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

static double run(void *(*body)(void *), int threads) {
  pthread_t ids[MOST_THREADS];
  const double start = now();
  for (int t = 0; t < threads; t++) pthread_create(&ids[t], 0, body, (void *)(size_t)t);
  for (int t = 0; t < threads; t++) pthread_join(ids[t], 0);
  return now() - start;
}

int main(int argc, char **argv) {
  const int threads = argc > 1 ? atoi(argv[1]) : 1;
  const size_t bytes = (size_t)(argc > 2 ? atoi(argv[2]) : 256) << 20;
  const int repetitions = argc > 3 ? atoi(argv[3]) : 9;
  if (threads < 1 || threads > MOST_THREADS || bytes == 0 || repetitions < 1) return 64;
  vectors = bytes / sizeof(vec) / threads / (STREAMS * STEP) * (STREAMS * STEP);
  if (posix_memalign((void **)&x, 4096, bytes) || posix_memalign((void **)&y, 4096, bytes)) return 1;
  memset(x, 1, bytes);
  memset(y, 2, bytes);
  const double passed = (double)vectors * sizeof(vec) * threads;
  const struct {
    const char *name;
    void *(*body)(void *);
    double amount;
  } kinds[] = {{"memoryRead", do_read, passed}, {"memoryWrite", do_write, passed}, {"memoryCopy", do_copy, 2 * passed}};
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    double best = 1e30;
    for (int r = 0; r <= repetitions; r++) {
      const double seconds = run(kinds[k].body, threads);
      if (r > 0 && seconds < best) best = seconds;
    }
    printf("%s %.3f\n", kinds[k].name, kinds[k].amount / best * 1e-9);
  }
  double best = 1e30;
  for (int r = 0; r <= repetitions; r++) {
    const double start = now();
    memcpy(y, x, bytes);
    const double seconds = now() - start;
    if (r > 0 && seconds < best) best = seconds;
    sink[0] = ((volatile float *)y)[bytes / 8];
  }
  printf("memcpy %.3f\n", bytes / best * 1e-9);
  return 0;
}
