/* A stepped clock for the live tests, preloaded (LD_PRELOAD) into every process that shares it:
 * the wall clock is moved by an offset that all of them read from one mapped file (8 octets,
 * signed nanoseconds, native order) whose path is in MAILSYNC_STEPCLOCK.
 *
 * Only the wall clock moves. What measures a duration (CLOCK_MONOTONIC, relative timeouts) stays
 * real. A wait for a deadline on the wall clock ends when this clock reaches it, by running or by
 * jumping: BIND and Knot keep all their timers behind one such wait, and one that slept on through
 * a jump would hold up every timer set after it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(time_t) == 8 && sizeof(long) == 8, "64-bit systems only");

static const int64_t SECOND = 1000000000;
static const int64_t LOOK_EVERY = 20000000; /* nanoseconds until a wait notices a jump */
static const int64_t unmoved = 0; /* until the constructor has run */
static const int64_t *offset = &unmoved;

__attribute__((constructor)) static void map_offset(void)
{
    const char *path = getenv("MAILSYNC_STEPCLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *page = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
    if (page == MAP_FAILED) { /* a process on the real clock would make the test lie */
        perror("stepclock: MAILSYNC_STEPCLOCK");
        _exit(127);
    }
    close(file);
    offset = page;
}

static struct timespec moved(struct timespec t, int direction)
{
    int64_t by = direction * __atomic_load_n(offset, __ATOMIC_RELAXED);
    int64_t ns = t.tv_nsec + by % SECOND; /* within (-1 s, 2 s) */
    int64_t carry = (ns >= SECOND) - (ns < 0);
    return (struct timespec){
        .tv_sec = t.tv_sec + by / SECOND + carry,
        .tv_nsec = ns - carry * SECOND,
    };
}

static int earlier(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

/* The kernel is asked directly: dlsym allocates, and jemalloc (in BIND) asks the time to allocate. */
int clock_gettime(clockid_t clock, struct timespec *t)
{
    int result = (int)syscall(SYS_clock_gettime, clock, t);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        *t = moved(*t, +1);
    return result;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
    struct timespec now;
    (void)zone; /* obsolete */
    clock_gettime(CLOCK_REALTIME, &now);
    *t = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *t)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (t != NULL)
        *t = now.tv_sec;
    return now.tv_sec;
}

/* Of BIND, Knot, NSD, unbound and CPython, the one wait with a deadline on the wall clock. */
int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict deadline)
{
    static int (*original)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    if (original == NULL) { /* x86-64 has two; programs are linked to that of 2.3.2 */
        void *found = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
        if (found == NULL)
            found = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
        *(void **)&original = found;
    }
    /* Before 2001: a condition on the monotonic clock (time since boot). After 2223: "never". */
    if (deadline->tv_sec < 1000000000 || deadline->tv_sec > 8000000000)
        return original(cond, mutex, deadline);
    struct timespec real = moved(*deadline, -1), look;
    syscall(SYS_clock_gettime, CLOCK_REALTIME, &look);
    look.tv_nsec += LOOK_EVERY;
    look.tv_sec += look.tv_nsec / SECOND;
    look.tv_nsec %= SECOND;
    if (earlier(&real, &look))
        return original(cond, mutex, &real);
    int result = original(cond, mutex, &look);
    if (result == ETIMEDOUT) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        if (earlier(&now, deadline))
            return 0; /* a spurious wakeup, which POSIX allows: the caller waits again */
    }
    return result;
}
