// Times LightGBM's fastest way to predict one row, through its C interface, for prediction.ts.
//
//     cc -O2 single-row.c -o single-row -ldl
//     ./single-row lib_lightgbm.so model.txt rows.x features rows calls
//
// rows.x holds raw doubles, row after row; calls go round and round through them, so that the processor cannot learn
// the way. Prints the margins' sum, and quantiles of the nanoseconds of a call, timer included, as JSON.
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef int (*load_model)(const char *, int *, void **);
typedef int (*fast_init)(void *, int, int, int, int, int32_t, const char *, void **);
typedef int (*fast_predict)(void *, const void *, int64_t *, double *);

enum { FLOAT64 = 1, RAW_SCORE = 1, WARM_UP = 5000 };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static int fail(const char *what) {
  const char *why = dlerror();
  fprintf(stderr, "%s: %s\n", what, why ? why : "failed");
  return 1;
}

int main(int argc, char **argv) {
  if (argc != 7) return fail("usage: single-row library model rows.x features rows calls");
  int features = atoi(argv[4]), rows = atoi(argv[5]), calls = atoi(argv[6]);
  void *library = dlopen(argv[1], RTLD_NOW);
  if (!library) return fail(argv[1]);
  load_model load = (load_model)dlsym(library, "LGBM_BoosterCreateFromModelfile");
  fast_init init = (fast_init)dlsym(library, "LGBM_BoosterPredictForMatSingleRowFastInit");
  fast_predict predict = (fast_predict)dlsym(library, "LGBM_BoosterPredictForMatSingleRowFast");
  if (!load || !init || !predict) return fail("dlsym");

  size_t numbers = (size_t)features * (size_t)rows;
  double *x = malloc(numbers * sizeof *x), *times = malloc((size_t)calls * sizeof *times);
  FILE *file = fopen(argv[3], "rb");
  if (!x || !times || !file || fread(x, sizeof *x, numbers, file) != numbers) return fail(argv[3]);
  fclose(file);

  void *model, *fast;
  int iterations;
  if (load(argv[2], &iterations, &model)) return fail(argv[2]);
  if (init(model, RAW_SCORE, 0, -1, FLOAT64, features, "num_threads=1 verbose=-1", &fast)) return fail("init");
  double out, sum = 0;
  int64_t length;
  for (int i = -WARM_UP; i < calls; i++) {
    const double *row = x + (size_t)((i + WARM_UP) % rows) * (size_t)features;
    double start = now();
    if (predict(fast, row, &length, &out)) return fail("predict");
    if (i >= 0) times[i] = now() - start;
    sum += out;
  }
  qsort(times, (size_t)calls, sizeof *times, ascending);
  printf("{\"p50\": %.1f, \"p99\": %.1f, \"sum\": %.17g}\n", times[calls / 2], times[(long long)calls * 99 / 100], sum);
  return 0;
}
