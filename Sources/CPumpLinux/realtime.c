#define _GNU_SOURCE
#include "CPumpLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

/// Touches so much stack that no page of it is first used between a deadline and its edge.
static void touch_stack(void) {
  volatile char stack[128 * 1024];
  for (size_t i = 0; i < sizeof stack; i += 1024) stack[i] = 1;
}

/// Asks the processors not to sleep deeply as long as the process lives.
static int hold_latency(void) {
  const int32_t microseconds = 0;
  const int file = open("/dev/cpu_dma_latency", O_WRONLY | O_CLOEXEC);
  if (file < 0) return errno;
  if (write(file, &microseconds, sizeof microseconds) == sizeof microseconds) return 0;
  const int status = errno;
  close(file);
  return status;
}

pump_linux_denial pump_linux_become_realtime(const pump_linux_wish *wish) {
  pump_linux_denial denial = {0, 0, 0, 0};
  prctl(PR_SET_TIMERSLACK, 1ul);
  if (wish->cpu >= 0) {
    cpu_set_t processors;
    CPU_ZERO(&processors);
    if (wish->cpu < CPU_SETSIZE) CPU_SET(wish->cpu, &processors);
    if (sched_setaffinity(0, sizeof processors, &processors) < 0) denial.affinity = errno;
  }
  if (wish->priority > 0) {
    const struct sched_param parameter = {.sched_priority = wish->priority};
    denial.scheduler = pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameter);
    denial.latency = hold_latency();
  }
  if (wish->locks_memory && mlockall(MCL_CURRENT | MCL_FUTURE) < 0) denial.memory = errno;
  touch_stack();
  return denial;
}

struct pump_linux_thread {
  pthread_t thread;
  void (*body)(void *);
  void *context;
};

// Locked whole with all other memory: the usual 8 MiB would be most of what a run locks.
enum { STACK_BYTES = 1024 * 1024 };

static void *run(void *argument) {
  pump_linux_thread *thread = argument;
  thread->body(thread->context);
  return NULL;
}

pump_linux_thread *pump_linux_thread_start(void (*body)(void *), void *context) {
  pump_linux_thread *thread = malloc(sizeof *thread);
  if (!thread) return NULL;
  *thread = (pump_linux_thread){.body = body, .context = context};
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  const int status = pthread_create(&thread->thread, &attributes, run, thread);
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (status == 0) return thread;
  free(thread);
  return NULL;
}

void pump_linux_thread_join(pump_linux_thread *thread) {
  pthread_join(thread->thread, NULL);
  free(thread);
}

static sigset_t stopping_signals(void) {
  static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGUSR1, SIGUSR2};
  sigset_t signals;
  sigemptyset(&signals);
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) sigaddset(&signals, numbers[i]);
  return signals;
}

void pump_linux_fill_descriptors(void) {
  int file;
  do file = open("/dev/null", O_RDWR);
  while (file >= 0 && file <= STDERR_FILENO);
  if (file > STDERR_FILENO) close(file);
}

void pump_linux_ignore_broken_pipes(void) {
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
}

void pump_linux_block_signals(void) {
  const sigset_t signals = stopping_signals();
  pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

int pump_linux_take_signal(uint64_t timeout_ns) {
  const sigset_t signals = stopping_signals();
  const struct timespec timeout = {(time_t)(timeout_ns / 1000000000u),
                                   (long)(timeout_ns % 1000000000u)};
  const int number = sigtimedwait(&signals, NULL, &timeout);
  return number > 0 ? number : 0;
}
