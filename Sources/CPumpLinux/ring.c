#include "CPumpLinux.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct pump_ring {
  uint32_t mask;
  unsigned char *slots;
  // The two ends on cache lines of their own: the threads don't disturb each other.
  _Alignas(64) _Atomic uint64_t put;
  _Atomic uint64_t lost;
  _Alignas(64) _Atomic uint64_t taken;
};

pump_ring *pump_ring_make(uint32_t slots) {
  pump_ring *ring = aligned_alloc(64, sizeof *ring);
  if (!ring) return NULL;
  memset(ring, 0, sizeof *ring);
  ring->mask = slots - 1;
  ring->slots = aligned_alloc(64, (size_t)slots * PUMP_RING_SLOT);
  if (ring->slots) {
    memset(ring->slots, 0, (size_t)slots * PUMP_RING_SLOT);
    return ring;
  }
  free(ring);
  return NULL;
}

void pump_ring_free(pump_ring *ring) {
  free(ring->slots);
  free(ring);
}

int pump_ring_put(pump_ring *ring, const void *slot) {
  const uint64_t put = atomic_load_explicit(&ring->put, memory_order_relaxed);
  if (put - atomic_load_explicit(&ring->taken, memory_order_acquire) > ring->mask) {
    atomic_fetch_add_explicit(&ring->lost, 1, memory_order_relaxed);
    return 0;
  }
  memcpy(ring->slots + (put & ring->mask) * PUMP_RING_SLOT, slot, PUMP_RING_SLOT);
  atomic_store_explicit(&ring->put, put + 1, memory_order_release);
  return 1;
}

int pump_ring_take(pump_ring *ring, void *slot) {
  const uint64_t taken = atomic_load_explicit(&ring->taken, memory_order_relaxed);
  if (taken == atomic_load_explicit(&ring->put, memory_order_acquire)) return 0;
  memcpy(slot, ring->slots + (taken & ring->mask) * PUMP_RING_SLOT, PUMP_RING_SLOT);
  atomic_store_explicit(&ring->taken, taken + 1, memory_order_release);
  return 1;
}

uint64_t pump_ring_lost(const pump_ring *ring) {
  return atomic_load_explicit(&((pump_ring *)ring)->lost, memory_order_relaxed);
}
