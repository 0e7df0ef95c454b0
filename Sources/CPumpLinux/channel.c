#define _GNU_SOURCE
#include "CPumpLinux.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

typedef struct {
  // Odd while a writer is in the middle of it.
  _Alignas(64) _Atomic uint64_t sequence;
  _Atomic uint64_t words[PUMP_BOX_WORDS];
} box;

struct pump_channel {
  box boxes[PUMP_BOXES];
  _Alignas(64) _Atomic uint64_t counters[PUMP_COUNTERS];
  _Alignas(64) _Atomic uint32_t attention;
  _Alignas(64) _Atomic uint32_t bell;
  // A number of the request, above the level that is asked for.
  _Alignas(64) _Atomic uint32_t enable_asked;
  // The number of the request that is answered, above the answer's two bits.
  _Atomic uint32_t enable_told;
  // Held by the supervisor's thread as long as it lives. The kernel marks it at the very start of a process's
  // end, which frees memory and lines only later.
  _Alignas(64) pthread_mutex_t life;
  unsigned char note[PUMP_CHANNEL_NOTE];
};

enum { ENABLE_RELEASED, ENABLE_ASSERTED, ENABLE_FAILED };

size_t pump_channel_bytes(void) { return sizeof(pump_channel); }

pump_channel *pump_channel_lay(void *memory) {
  pump_channel *channel = memory;
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&channel->life, &attributes);
  pthread_mutexattr_destroy(&attributes);
  return channel;
}

void pump_life_begin(pump_channel *channel) { pthread_mutex_trylock(&channel->life); }

void pump_life_end(pump_channel *channel) { pthread_mutex_unlock(&channel->life); }

int pump_life_is_lost(pump_channel *channel) {
  const int answer = pthread_mutex_trylock(&channel->life);
  if (answer == 0) pthread_mutex_unlock(&channel->life);
  // What is not made consistent is said twice at most: glibc's trylock keeps the lock with the second answer.
  if (answer == EOWNERDEAD) pthread_mutex_unlock(&channel->life);
  return answer == EOWNERDEAD || answer == ENOTRECOVERABLE;
}

void pump_box_put(pump_channel *channel, int number, const uint64_t *words, int count) {
  box *box = &channel->boxes[number];
  const uint64_t sequence = atomic_load_explicit(&box->sequence, memory_order_relaxed);
  atomic_store_explicit(&box->sequence, sequence + 1, memory_order_relaxed);
  atomic_thread_fence(memory_order_release);
  for (int i = 0; i < count; i++)
    atomic_store_explicit(&box->words[i], words[i], memory_order_relaxed);
  atomic_store_explicit(&box->sequence, sequence + 2, memory_order_release);
}

uint64_t pump_box_get(pump_channel *channel, int number, uint64_t *words, int count) {
  box *box = &channel->boxes[number];
  // A writer that died in the middle must not hold up its reader.
  for (int attempt = 0; attempt < 1000; attempt++) {
    const uint64_t before = atomic_load_explicit(&box->sequence, memory_order_acquire);
    if (before & 1) continue;
    for (int i = 0; i < count; i++)
      words[i] = atomic_load_explicit(&box->words[i], memory_order_relaxed);
    atomic_thread_fence(memory_order_acquire);
    if (atomic_load_explicit(&box->sequence, memory_order_relaxed) == before) return before / 2;
  }
  return PUMP_BOX_TORN;
}

void pump_counter_add(pump_channel *channel, int number, uint64_t amount) {
  // One writer each: no read-modify-write is needed.
  _Atomic uint64_t *counter = &channel->counters[number];
  atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + amount,
                        memory_order_release);
}

uint64_t pump_counter_get(pump_channel *channel, int number) {
  return atomic_load_explicit(&channel->counters[number], memory_order_acquire);
}

void pump_attention_call(pump_channel *channel) {
  atomic_fetch_add_explicit(&channel->attention, 1, memory_order_release);
}

uint32_t pump_attention(pump_channel *channel) {
  return atomic_load_explicit(&channel->attention, memory_order_acquire);
}

static void wake(_Atomic uint32_t *word) {
  syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/// Waits while the word has a value, until an instant of CLOCK_MONOTONIC at the latest.
static void wait_while(_Atomic uint32_t *word, uint32_t value, uint64_t deadline_ns) {
  const struct timespec time = {(time_t)(deadline_ns / 1000000000u),
                                (long)(deadline_ns % 1000000000u)};
  syscall(SYS_futex, word, FUTEX_WAIT_BITSET, value, &time, NULL, FUTEX_BITSET_MATCH_ANY);
}

void pump_bell_ring(pump_channel *channel) {
  atomic_fetch_add_explicit(&channel->bell, 1, memory_order_release);
  wake(&channel->bell);
}

uint32_t pump_bell(pump_channel *channel) {
  return atomic_load_explicit(&channel->bell, memory_order_acquire);
}

void pump_bell_wait(pump_channel *channel, uint32_t heard, uint64_t deadline_ns) {
  wait_while(&channel->bell, heard, deadline_ns);
}

int pump_enable_ask(pump_channel *channel, int level, uint64_t timeout_ns) {
  const uint32_t number =
      (atomic_load_explicit(&channel->enable_asked, memory_order_relaxed) >> 1) + 1;
  atomic_store_explicit(&channel->enable_asked, number << 1 | (level != 0), memory_order_release);
  pump_bell_ring(channel);
  const uint64_t deadline = pump_linux_now() + timeout_ns;
  for (;;) {
    const uint32_t told = atomic_load_explicit(&channel->enable_told, memory_order_acquire);
    if (told >> 2 == (number & (UINT32_MAX >> 2))) {
      const uint32_t answer = told & 3;
      return answer == ENABLE_FAILED ? -EIO : (int)answer;
    }
    if (pump_linux_now() >= deadline) return -ETIMEDOUT;
    wait_while(&channel->enable_told, told, deadline);
  }
}

int64_t pump_enable_asked(pump_channel *channel) {
  const uint32_t asked = atomic_load_explicit(&channel->enable_asked, memory_order_acquire);
  const uint32_t told = atomic_load_explicit(&channel->enable_told, memory_order_relaxed);
  return told >> 2 == (asked >> 1 & (UINT32_MAX >> 2)) ? -1 : (int64_t)asked;
}

void pump_enable_answer(pump_channel *channel, int64_t request, int answer) {
  const uint32_t bits = answer < 0 ? ENABLE_FAILED : answer ? ENABLE_ASSERTED : ENABLE_RELEASED;
  atomic_store_explicit(&channel->enable_told, (uint32_t)request >> 1 << 2 | bits,
                        memory_order_release);
  wake(&channel->enable_told);
}

void *pump_channel_note(pump_channel *channel) { return channel->note; }
