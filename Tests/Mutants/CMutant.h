#ifndef CMUTANT_H
#define CMUTANT_H
#include <stdint.h>

extern int32_t pump_mutant;
extern volatile uint8_t *pump_touched;

/// The mutant that this process is, 0 for none.
static inline int32_t pump_mutant_now(void) { return pump_mutant; }

/// Tells that a test came by a block.
static inline void pump_touch(int32_t block) { pump_touched[block] = 1; }

/// The mutant that this process is, asked by a constant, whose block is told thereby.
static inline int32_t pump_mutant_at(int32_t block) {
  pump_touch(block);
  return pump_mutant;
}
#endif
