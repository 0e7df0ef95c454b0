// What the boards need beyond Swift: registers, interrupts, memory that the linker script lays out.
#pragma once
#include <stdint.h>

static inline uint32_t board_read(uintptr_t address) { return *(volatile uint32_t *)address; }
static inline void board_write(uintptr_t address, uint32_t value) {
  *(volatile uint32_t *)address = value;
}

#if defined(__aarch64__)
static inline void board_mask(void) { __asm__ volatile("msr daifset, #2" ::: "memory"); }
static inline void board_unmask(void) { __asm__ volatile("msr daifclr, #2" ::: "memory"); }
static inline void board_sleep(void) { __asm__ volatile("wfi" ::: "memory"); }
static inline uint64_t board_counter(void) {
  uint64_t value;
  __asm__ volatile("isb\n mrs %0, cntpct_el0" : "=r"(value)::"memory");
  return value;
}
static inline uint64_t board_counter_frequency(void) {
  uint64_t value;
  __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(value));
  return value;
}
// The physical timer wakes the drive, the virtual one the main loop.
static inline void board_arm_physical(uint64_t at) {
  __asm__ volatile("msr cntp_cval_el0, %0\n msr cntp_ctl_el0, %1\n isb" ::"r"(at), "r"(1ull));
}
static inline void board_arm_virtual(uint64_t at) {
  __asm__ volatile("msr cntv_cval_el0, %0\n msr cntv_ctl_el0, %1\n isb" ::"r"(at), "r"(1ull));
}
static inline void board_disarm_physical(void) {
  __asm__ volatile("msr cntp_ctl_el0, %0\n isb" ::"r"(0ull));
}
static inline void board_disarm_virtual(void) {
  __asm__ volatile("msr cntv_ctl_el0, %0\n isb" ::"r"(0ull));
}
#else
static inline uint32_t board_save_and_mask(void) {
  uint32_t mask;
  __asm__ volatile("mrs %0, primask\n cpsid i" : "=r"(mask)::"memory");
  return mask;
}
static inline void board_restore(uint32_t mask) {
  __asm__ volatile("msr primask, %0" ::"r"(mask) : "memory");
}
// Ticks of a 32-bit counter that counts up, since it was first asked for; asked for once in a turn of it
// at least.
uint64_t board_ticks(uintptr_t counter);
static inline void board_mask(void) { __asm__ volatile("cpsid i" ::: "memory"); }
static inline void board_unmask(void) { __asm__ volatile("cpsie i\n isb" ::: "memory"); }
static inline void board_sleep(void) { __asm__ volatile("dsb\n wfi" ::: "memory"); }
#endif

// Memory of the controller, laid out by the linker script.
extern uint64_t board_arena[], board_arena_end[];
extern uint64_t board_retained[];
extern uint64_t board_flash[];

// Bytes of stack ever used: the start-up code paints it.
uint32_t board_stack_used(void);
static inline uint64_t *board_retained_start(void) { return board_retained; }
static inline uint64_t *board_flash_start(void) { return board_flash; }
static inline void *board_arena_start(void) { return board_arena; }
static inline intptr_t board_arena_bytes(void) {
  return (char *)board_arena_end - (char *)board_arena;
}
