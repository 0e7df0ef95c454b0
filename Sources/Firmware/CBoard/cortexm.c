// Start-up of the Cortex-M boards: vectors, memory, the painted stack.
#if defined(__arm__)
#include "CBoard.h"

extern uint32_t board_data_load[], board_data[], board_data_end[], board_bss[], board_bss_end[];
extern uint32_t board_stack[], board_stack_end[];
extern int main(int, char **);
extern void board_drive_interrupt(void), board_wake_interrupt(void);
extern void board_panic(void);

#define PAINT 0xC0FFEE11u

// A fault leaves the motor without power, and the watchdog resets the board.
static void fault(void) {
  board_mask();
  board_panic();
  for (;;) {
  }
}

__attribute__((noreturn)) void board_reset(void) {
  uint32_t *from = board_data_load;
  for (uint32_t *to = board_data; to < board_data_end;) *to++ = *from++;
  for (uint32_t *to = board_bss; to < board_bss_end;) *to++ = 0;
  uint32_t *here = (uint32_t *)__builtin_frame_address(0) - 16;
  for (uint32_t *to = board_stack; to < here;) *to++ = PAINT;
  main(0, 0);
  for (;;) {
  }
}

uint32_t board_stack_used(void) {
  uint32_t *place = board_stack;
  while (*place == PAINT) place++;
  return (uint32_t)((char *)board_stack_end - (char *)place);
}

uint64_t board_ticks(uintptr_t counter) {
  static uint32_t last, high;
  static uint64_t first;
  uint32_t mask = board_save_and_mask();
  uint32_t ticks = board_read(counter);
  if (ticks < last) high++;
  last = ticks;
  uint64_t all = (uint64_t)high << 32 | ticks;
  // One less, so that a counter that was just started is no start that is still to come.
  if (first == 0) first = all - 1;
  all -= first;
  board_restore(mask);
  return all;
}

// Which interrupt is which is the board's: its own file names the numbers.
#ifndef DRIVE_IRQ
#error "a board names DRIVE_IRQ, WAKE_IRQ and CONSOLE_IRQ"
#endif
// One for each external interrupt, of which only three are ever enabled.
#define OTHER(n) [16 + (n)] = (n) == DRIVE_IRQ ? board_drive_interrupt : (n) == WAKE_IRQ || (n) == CONSOLE_IRQ ? board_wake_interrupt : fault
#define OTHER8(n) OTHER(n), OTHER(n + 1), OTHER(n + 2), OTHER(n + 3), OTHER(n + 4), OTHER(n + 5), OTHER(n + 6), OTHER(n + 7)

__attribute__((section(".vectors"), used)) static void (*const vectors[16 + 16])(void) = {
    [0] = (void (*)(void))board_stack_end,
    [1] = board_reset,
    // The watchdog's first time-out is the NMI; its second one resets the board.
    [2 ... 15] = fault,
    OTHER8(0), OTHER8(8),
};
#endif
