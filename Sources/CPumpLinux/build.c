#include "CPumpLinux.h"

#ifndef PUMP_COMMIT
#define PUMP_COMMIT "unknown"
#endif

const char *pump_build_commit(void) { return PUMP_COMMIT; }
