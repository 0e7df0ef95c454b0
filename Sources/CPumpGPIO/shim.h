#ifndef PUMP_GPIO_SHIM_H
#define PUMP_GPIO_SHIM_H

#include "CPumpGPIO.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Both libraries have the header <gpiod.h> and not one request function in common; only 1.x defines
// the bulk limit, so the header itself says which one it is.
#if defined(PUMP_GPIO_WITHOUT) || !__has_include(<gpiod.h>)
#define PUMP_GPIO_API 0
#else
#include <gpiod.h>
#ifdef GPIOD_LINE_BULK_MAX_LINES
#define PUMP_GPIO_API 1
#else
#define PUMP_GPIO_API 2
#endif
#endif

/// What a call that failed left in errno, negated; never 0.
static inline int pump_gpio_failure(void) { return errno > 0 ? -errno : -EIO; }

/// Copies a name that may be missing or too long.
static inline void pump_gpio_copy(char *name, const char *source) {
  memset(name, 0, PUMP_GPIO_NAME_SIZE);
  if (source) strncpy(name, source, PUMP_GPIO_NAME_SIZE - 1);
}

#endif
