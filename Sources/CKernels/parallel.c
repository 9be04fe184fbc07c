// One pool of threads for the whole process.
//
// The items of a task are cut into as many stretches as there are threads. A worker takes ever smaller bites from
// the front of its own stretch and, when that is empty, from the others', so that an interrupted core holds nobody
// up. Between tasks a worker spins for a moment before it sleeps: the next task usually follows within microseconds.
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__)
#include <sched.h>
#endif

#include "CKernels.h"
#include "amx.h"
#ifndef APUS_AMX
static inline void apus_release_tiles(void) {}
#endif

enum { maximum_threads = 256, ticket_step = 1024, spin_nanoseconds = 100000 };

struct apus_worker {
    void *scratch;
    size_t scratch_bytes;
    int64_t prepared;
};

typedef struct {
    _Alignas(64) atomic_llong next;
    int64_t end;
} stretch;

typedef struct {
    int64_t items, grain;
    apus_task task;
    void *context;
    int32_t stretches;
    stretch stretch[maximum_threads];
} job;

// Holding `busy` means owning the job, the count of threads and the workers.
static pthread_mutex_t busy = PTHREAD_MUTEX_INITIALIZER;
static job current;
static int32_t started_threads = 1; // the caller's own included
static atomic_int wanted_threads;   // 0: as many as there are cores

static pthread_mutex_t wake_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
// Which task it is, counted, times 1024, plus how many threads take part: those with a lower number. One word, so
// that a thread which oversleeps a task that was not for it cannot take the next one twice.
static atomic_ullong ticket;
static atomic_int sleepers;
static atomic_int unfinished;

// MARK: Workers' memory

static pthread_key_t worker_key;
static pthread_once_t worker_once = PTHREAD_ONCE_INIT;

static void free_worker(void *memory) {
    apus_worker *worker = memory;
    free(worker->scratch);
    free(worker);
}

static void make_worker_key(void) { pthread_key_create(&worker_key, free_worker); }

// The worker of this thread, whichever thread that is; its memory goes with the thread.
static apus_worker *own_worker(void) {
    pthread_once(&worker_once, make_worker_key);
    apus_worker *worker = pthread_getspecific(worker_key);
    if (worker == NULL) {
        worker = calloc(1, sizeof *worker);
        if (worker == NULL) abort();
        pthread_setspecific(worker_key, worker);
    }
    worker->prepared = -1;
    return worker;
}

void *apus_worker_scratch(apus_worker *worker, size_t bytes) {
    if (worker->scratch_bytes < bytes) {
        free(worker->scratch);
        worker->scratch_bytes = 0;
        if (posix_memalign(&worker->scratch, 64, bytes) != 0) abort();
        worker->scratch_bytes = bytes;
        worker->prepared = -1;
    }
    return worker->scratch;
}

int64_t *apus_worker_prepared(apus_worker *worker) { return &worker->prepared; }

// MARK: Taking part

// A third of what is left in the stretch, but no less than the grain and no more than the group has.
static bool take(job *job, stretch *from, int64_t *first, int64_t *count) {
    long long start = atomic_load_explicit(&from->next, memory_order_relaxed);
    while (start < from->end) {
        const int64_t left = from->end - start, left_in_group = job->items - start % job->items;
        int64_t bite = left / 3;
        if (bite < job->grain) bite = job->grain;
        if (bite > left) bite = left;
        if (bite > left_in_group) bite = left_in_group;
        if (atomic_compare_exchange_weak_explicit(&from->next, &start, start + bite, memory_order_relaxed,
                                                  memory_order_relaxed)) {
            *first = start;
            *count = bite;
            return true;
        }
    }
    return false;
}

static void take_part(job *job, int32_t number) {
    apus_worker *worker = own_worker();
    for (int32_t i = 0; i < job->stretches; i++) {
        stretch *from = &job->stretch[(number + i) % job->stretches];
        int64_t first, count;
        while (take(job, from, &first, &count)) {
            const int64_t group = first / job->items, start = first % job->items;
            job->task(job->context, group, start, start + count, worker);
        }
    }
    apus_release_tiles();
}

static int64_t nanoseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static inline void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

// Returns the next task's ticket, spinning first, then asleep.
static unsigned long long await_ticket(unsigned long long seen) {
    const int64_t deadline = nanoseconds() + spin_nanoseconds;
    do {
        for (int i = 0; i < 64; i++) {
            const unsigned long long now = atomic_load_explicit(&ticket, memory_order_acquire);
            if (now != seen) return now;
            relax();
        }
    } while (nanoseconds() < deadline);
    pthread_mutex_lock(&wake_lock);
    atomic_fetch_add(&sleepers, 1);
    unsigned long long now;
    while ((now = atomic_load(&ticket)) == seen) pthread_cond_wait(&wake, &wake_lock);
    atomic_fetch_sub(&sleepers, 1);
    pthread_mutex_unlock(&wake_lock);
    return now;
}

typedef struct {
    int32_t number;
    unsigned long long seen;
} start;

static void *work(void *argument) {
    const start from = *(start *)argument;
    free(argument);
    for (unsigned long long seen = from.seen;;) {
        seen = await_ticket(seen);
        // A thread that takes no part must not look at the job: it may already be the next one's.
        if (from.number >= (int32_t)(seen % ticket_step)) continue;
        take_part(&current, from.number);
        atomic_fetch_sub_explicit(&unfinished, 1, memory_order_release);
    }
    return NULL;
}

// MARK: Running

static int32_t core_count(void) {
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online < 1 ? 1 : (int32_t)online;
}

int32_t apus_thread_count(void) {
    const int32_t wanted = atomic_load_explicit(&wanted_threads, memory_order_relaxed);
    if (wanted > 0) return wanted;
    const int32_t cores = core_count();
    apus_set_thread_count(cores);
    return cores < 1 ? 1 : cores > maximum_threads ? maximum_threads : cores;
}

void apus_set_thread_count(int32_t count) {
    atomic_store(&wanted_threads, count < 1 ? 1 : count > maximum_threads ? maximum_threads : count);
}

static void start_threads(int32_t count) {
    while (started_threads < count) {
        start *from = malloc(sizeof *from);
        if (from == NULL) return;
        *from = (start){.number = started_threads, .seen = atomic_load(&ticket)};
        pthread_t thread;
        pthread_attr_t attributes;
        pthread_attr_init(&attributes);
        pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
        const int failed = pthread_create(&thread, &attributes, work, from);
        pthread_attr_destroy(&attributes);
        if (failed) {
            free(from);
            return;
        }
        started_threads++;
    }
}

static void run_alone(int64_t groups, int64_t items, apus_task task, void *context) {
    apus_worker *worker = own_worker();
    for (int64_t group = 0; group < groups; group++) task(context, group, 0, items, worker);
    apus_release_tiles();
}

// Set while this thread is inside a task: a task that starts another runs it alone.
static _Thread_local bool inside;

void apus_parallel(int64_t groups, int64_t items, int64_t grain, apus_task task, void *context) {
    if (groups <= 0 || items <= 0) return;
    if (grain < 1) grain = 1;
    const int64_t total = groups * items;
    int32_t threads = apus_thread_count();
    if (threads > total / grain) threads = (int32_t)(total / grain);
    // Who finds the pool at work for another caller does without it.
    if (threads <= 1 || inside || pthread_mutex_trylock(&busy) != 0) {
        run_alone(groups, items, task, context);
        return;
    }
    start_threads(threads);
    if (threads > started_threads) threads = started_threads;
    current.items = items;
    current.grain = grain;
    current.task = task;
    current.context = context;
    current.stretches = threads;
    for (int32_t i = 0; i < threads; i++) {
        atomic_store_explicit(&current.stretch[i].next, total * i / threads, memory_order_relaxed);
        current.stretch[i].end = total * (i + 1) / threads;
    }
    atomic_store(&unfinished, threads - 1);
    // Not a store: QEMU 7 lets the load below pass one on its way from Arm to x86, and then nobody is woken.
    atomic_exchange(&ticket, (atomic_load(&ticket) / ticket_step + 1) * ticket_step + (unsigned long long)threads);
    if (atomic_load(&sleepers) > 0) {
        pthread_mutex_lock(&wake_lock);
        pthread_cond_broadcast(&wake);
        pthread_mutex_unlock(&wake_lock);
    }
    inside = true;
    take_part(&current, 0);
    inside = false;
    for (int spins = 0; atomic_load_explicit(&unfinished, memory_order_acquire) > 0; spins++) {
        relax();
        // Somebody's core may have been taken away: let it run here if it can.
        if (spins % 4096 == 4095) sched_yield();
    }
    pthread_mutex_unlock(&busy);
}
