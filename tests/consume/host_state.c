/* A host program with settings of its own that loads libmriembed as a plug-in, embeds and unloads it. Prints what of
 * its state differs from before; writes the embeddings of 4 slices, (4, 8, 64, 64), whose samples it reads.
 *
 *   host_state LIBRARY MODEL SAMPLES EMBEDDINGS LOCALE
 *
 * All paths are absolute. Ends with 77 where the locale is not there. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fenv.h>
#include <locale.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#include <xmmintrin.h>

#include "mriembed/mriembed.h"

enum { most_facts = 1024, longest_fact = 512, slices = 4, coils = 8, side = 64, embed_dim = 256 };

typedef struct {
  char facts[most_facts][longest_fact];
  int count;
} State;

static void add(State* state, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  if (state->count < most_facts) {
    vsnprintf(state->facts[state->count++], longest_fact, format, arguments);
  }
  va_end(arguments);
}

/* The names in a folder, and where they lead to if they are links. */
static void add_folder(State* state, const char* folder) {
  DIR* const listing = opendir(folder);
  for (struct dirent* entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
    char path[longest_fact], target[longest_fact] = "";
    snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
    if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(listing)) {
      if (readlink(path, target, sizeof(target) - 1) < 0) {
        target[0] = '\0';
      }
      add(state, "%.200s %.200s", path, target);
    }
  }
  closedir(listing);
}

static void take(State* state) {
  state->count = 0;
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action;
    if (sigaction(number, NULL, &action) == 0) {
      add(state, "signal %d: handler %p, flags %x", number, (void*)action.sa_handler, (unsigned)action.sa_flags);
    }
  }
  sigset_t blocked;
  sigprocmask(SIG_SETMASK, NULL, &blocked);
  for (int number = 1; number < NSIG; ++number) {
    add(state, "signal %d: blocked %d", number, sigismember(&blocked, number));
  }
  cpu_set_t processors;
  sched_getaffinity(0, sizeof(processors), &processors);
  for (int number = 0; number < 64; ++number) {
    add(state, "processor %d: %d", number, CPU_ISSET(number, &processors));
  }
  add(state, "scheduler %d, niceness %d", sched_getscheduler(0), getpriority(PRIO_PROCESS, 0));
  add(state, "locale %s, decimal point %s", setlocale(LC_ALL, NULL), localeconv()->decimal_point);
  add(state, "rounding %d, MXCSR %x", fegetround(), _mm_getcsr());
  const mode_t mask = umask(0);
  umask(mask);
  add(state, "umask %o", (unsigned)mask);
  char folder[longest_fact];
  add(state, "folder %.200s", getcwd(folder, sizeof(folder)));
  for (int resource = 0; resource < RLIM_NLIMITS; ++resource) {
    struct rlimit limit;
    getrlimit((__rlimit_resource_t)resource, &limit);
    add(state, "limit %d: %lu of %lu", resource, (unsigned long)limit.rlim_cur, (unsigned long)limit.rlim_max);
  }
  struct itimerval timer;
  getitimer(ITIMER_REAL, &timer);
  add(state, "timer %ld", (long)timer.it_value.tv_sec);
  for (char** variable = environ; *variable != NULL; ++variable) {
    add(state, "environment %.400s", *variable);
  }
  add_folder(state, "/proc/self/fd");
}

static void compare(const State* before, const State* after, const char* when) {
  for (int fact = 0; fact < before->count || fact < after->count; ++fact) {
    const char* then = fact < before->count ? before->facts[fact] : "nothing";
    const char* now = fact < after->count ? after->facts[fact] : "nothing";
    if (strcmp(then, now) != 0) {
      printf("after %s: %s, before: %s\n", when, now, then);
    }
  }
}

static void find_leftovers(void) {
  char line[2 * longest_fact];
  FILE* const maps = fopen("/proc/self/maps", "r");
  while (fgets(line, sizeof(line), maps) != NULL) {
    if (strstr(line, "libmriembed") != NULL || strstr(line, "libtorch") != NULL || strstr(line, "omp") != NULL) {
      printf("mapped: %s", line);
    }
  }
  fclose(maps);
  static State threads;
  add_folder(&threads, "/proc/self/task");
  for (int thread = 1; thread < threads.count; ++thread) {
    printf("thread: %s\n", threads.facts[thread]);
  }
}

static void handle(int number) { (void)number; }

static void set_up(const char* locale) {
  if (setlocale(LC_ALL, locale) == NULL) {
    exit(77);
  }
  const int handled[] = {SIGINT, SIGFPE, SIGSEGV, SIGBUS, SIGPIPE, SIGUSR1, SIGCHLD, SIGALRM};
  for (size_t index = 0; index < sizeof(handled) / sizeof(handled[0]); ++index) {
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = handle;
    action.sa_flags = SA_RESTART;
    sigaction(handled[index], &action, NULL);
  }
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR2);
  sigprocmask(SIG_SETMASK, &blocked, NULL);
  setenv("OMP_NUM_THREADS", "3", 1);
  umask(0137);
  fesetround(FE_UPWARD);
  _mm_setcsr(_mm_getcsr() | 0x8040); /* flushes subnormal numbers to zero, as programs of -ffast-math do */
}

int main(int argc, char** argv) {
  static State before, after;
  static float samples[2 * slices * coils * side * side], rows[slices * embed_dim];
  if (argc != 6 || chdir("/") != 0) {
    return 2;
  }
  FILE* file = fopen(argv[3], "rb");
  if (file == NULL || fread(samples, sizeof(samples), 1, file) != 1) {
    return 4;
  }
  fclose(file);
  set_up(argv[5]);
  take(&before);

  void* const library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    printf("%s\n", dlerror());
    return 1;
  }
  take(&after);
  compare(&before, &after, "loading the library");
  mriembed_status (*load)(const char*, const mriembed_options*, mriembed_embedder**, mriembed_error*);
  mriembed_status (*embed)(const mriembed_embedder*, const float*, const int64_t*, const int64_t*,
                           const mriembed_kspace_options*, float*, mriembed_error*);
  void (*destroy)(mriembed_embedder*);
  *(void**)&load = dlsym(library, "mriembed_load");
  *(void**)&embed = dlsym(library, "mriembed_embed_kspace");
  *(void**)&destroy = dlsym(library, "mriembed_destroy");

  mriembed_error error;
  mriembed_embedder* embedder;
  const int64_t shape[4] = {slices, coils, side, side};
  if (load(argv[2], NULL, &embedder, &error) != MRIEMBED_OK) {
    printf("%s\n", error.message);
    return 1;
  }
  take(&after);
  compare(&before, &after, "loading the model");
  if (embed(embedder, samples, shape, NULL, NULL, rows, &error) != MRIEMBED_OK) {
    printf("%s\n", error.message);
    return 1;
  }
  take(&after);
  compare(&before, &after, "embedding");
  destroy(embedder);
  dlclose(library);
  take(&after);
  compare(&before, &after, "unloading");
  find_leftovers();

  file = fopen(argv[4], "wb");
  fwrite(rows, sizeof(rows), 1, file);
  return fclose(file);
}
