#include "CFuzz.h"

/// What libFuzzer's own main would call; the loop is given its function by hand.
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  (void)bytes;
  (void)size;
  return 0;
}
