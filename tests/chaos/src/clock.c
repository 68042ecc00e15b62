/*
 * The wall clock of one process, moved: put under a service with LD_PRELOAD, so that it can jump while everybody
 * else's stays. Clocks that measure how long something takes do not jump in the real thing, and are left alone; so is
 * gettimeofday, by which librdkafka tells the kernel until when to wait: the kernel's clock does not jump with it.
 *
 * By how much stands in a file, in milliseconds, as one 64-bit number: read at every look at the clock, so that writing
 * it is the jump.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *moved;

__attribute__((constructor)) static void open_clock(void) {
    const char *path = getenv("SLUICEBOX_CHAOS_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *mapped = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *moved, PROT_READ, MAP_SHARED, file, 0);
    if (file >= 0) close(file);
    if (mapped != MAP_FAILED) moved = mapped;
}

int clock_gettime(clockid_t clock, struct timespec *at) {
    int failed = (int)syscall(SYS_clock_gettime, clock, at);
    if (failed || !moved || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return failed;
    int64_t by = *moved;
    at->tv_sec += by / 1000;
    at->tv_nsec += by % 1000 * 1000000;
    if (at->tv_nsec < 0) at->tv_sec--, at->tv_nsec += 1000000000;
    if (at->tv_nsec >= 1000000000) at->tv_sec++, at->tv_nsec -= 1000000000;
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
