#define _GNU_SOURCE
#include "CPumpLinux.h"

#include <errno.h>
#include <time.h>

static uint64_t read_clock(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t pump_linux_now(void) { return read_clock(CLOCK_MONOTONIC); }
uint64_t pump_linux_boot_time(void) { return read_clock(CLOCK_BOOTTIME); }
uint64_t pump_linux_raw_time(void) { return read_clock(CLOCK_MONOTONIC_RAW); }
uint64_t pump_linux_thread_cpu(void) { return read_clock(CLOCK_THREAD_CPUTIME_ID); }

int64_t pump_linux_wall_seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return time.tv_sec;
}

/// Credits the share of the time that has passed; at most ten windows are saved up.
static void credit(pump_linux_waiter *waiter, uint64_t now) {
  const uint64_t passed = now - waiter->credited_at_ns;
  const uint64_t most = 10 * waiter->window_ns;
  waiter->credited_at_ns = now;
  waiter->credit_ns += passed > 1000000000u ? most : passed * waiter->budget_permille / 1000;
  if (waiter->credit_ns > most) waiter->credit_ns = most;
}

/// So much before a deadline to wake. Below ten microseconds sleeping costs more than spinning, so
/// that much is spun even without credit.
static uint64_t wake_early(const pump_linux_waiter *waiter) {
  const uint64_t least = 10000;
  const uint64_t window = waiter->credit_ns > least ? waiter->credit_ns : least;
  return window < waiter->window_ns ? window : waiter->window_ns;
}

uint64_t pump_linux_wait(pump_linux_waiter *waiter, uint64_t deadline) {
  uint64_t now = pump_linux_now();
  if (now >= deadline) return now;
  credit(waiter, now);
  const uint64_t window = wake_early(waiter);
  if (deadline - now > window) {
    const uint64_t wake = deadline - window;
    const struct timespec time = {(time_t)(wake / 1000000000u), (long)(wake % 1000000000u)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR) {
    }
    now = pump_linux_now();
  }
  const uint64_t began = now;
  while (now < deadline) now = pump_linux_now();
  const uint64_t spun = now - began;
  waiter->credit_ns -= spun < waiter->credit_ns ? spun : waiter->credit_ns;
  return now;
}

void pump_linux_bare_loop(uint64_t window, uint64_t period, uint64_t *lateness, uint64_t count) {
  uint64_t deadline = pump_linux_now();
  for (uint64_t i = 0; i < count; i++) {
    deadline += period;
    const uint64_t wake = deadline - window;
    const struct timespec time = {(time_t)(wake / 1000000000u), (long)(wake % 1000000000u)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
    uint64_t now;
    do now = pump_linux_now();
    while (now < deadline);
    lateness[i] = now - deadline;
  }
}
