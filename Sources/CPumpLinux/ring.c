#include "CPumpLinux.h"

#include <stdatomic.h>
#include <string.h>

struct pump_ring {
  uint32_t mask;
  uint32_t slot_bytes;
  // The two ends on cache lines of their own: the threads don't disturb each other.
  _Alignas(64) _Atomic uint64_t put;
  _Atomic uint64_t lost;
  _Alignas(64) _Atomic uint64_t taken;
};

static unsigned char *slot_of(pump_ring *ring, uint64_t number) {
  return (unsigned char *)(ring + 1) + (number & ring->mask) * ring->slot_bytes;
}

size_t pump_ring_bytes(uint32_t slots, uint32_t slot_bytes) {
  return sizeof(pump_ring) + (size_t)slots * slot_bytes;
}

pump_ring *pump_ring_lay(void *memory, uint32_t slots, uint32_t slot_bytes) {
  pump_ring *ring = memory;
  ring->mask = slots - 1;
  ring->slot_bytes = slot_bytes;
  return ring;
}

int pump_ring_put(pump_ring *ring, const void *value, size_t bytes) {
  const uint64_t put = atomic_load_explicit(&ring->put, memory_order_relaxed);
  if (put - atomic_load_explicit(&ring->taken, memory_order_acquire) > ring->mask) {
    atomic_fetch_add_explicit(&ring->lost, 1, memory_order_relaxed);
    return 0;
  }
  memcpy(slot_of(ring, put), value, bytes);
  atomic_store_explicit(&ring->put, put + 1, memory_order_release);
  return 1;
}

int pump_ring_take(pump_ring *ring, void *value, size_t bytes) {
  const uint64_t taken = atomic_load_explicit(&ring->taken, memory_order_relaxed);
  if (taken == atomic_load_explicit(&ring->put, memory_order_acquire)) return 0;
  memcpy(value, slot_of(ring, taken), bytes);
  atomic_store_explicit(&ring->taken, taken + 1, memory_order_release);
  return 1;
}

uint64_t pump_ring_lost(const pump_ring *ring) {
  return atomic_load_explicit(&((pump_ring *)ring)->lost, memory_order_relaxed);
}
