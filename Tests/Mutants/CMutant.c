#include "CMutant.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>

#define MOST_BLOCKS 65536

static uint8_t untold[MOST_BLOCKS];
int32_t pump_mutant = 0;
volatile uint8_t *pump_touched = untold;

// A process that a test starts inherits both; the map is shared, so that a killed one has told all the same.
__attribute__((constructor)) static void pump_mutant_begin(void) {
  const char *mutant = getenv("PUMP_MUTANT"), *path = getenv("PUMP_TOUCHED");
  if (mutant) pump_mutant = atoi(mutant);
  int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *map = mmap(0, MOST_BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (map != MAP_FAILED) pump_touched = map;
}
