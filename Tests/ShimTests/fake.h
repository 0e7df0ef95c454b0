#ifndef FAKE_H
#define FAKE_H

// A libgpiod that lives in memory: one chip of four lines at /dev/fake. Each call that can fail counts
// down; the one that reaches zero fails with the errno that was planted.

#include <stdint.h>

enum { FAKE_LINES = 4 };

/// What the fake was asked for on a line, in the shim's own terms.
struct fake_line {
  int is_held, is_output, level, active_low, bias, drive, watches;
  char consumer[32];
};

extern struct fake_line fake_lines[FAKE_LINES];
/// How many calls succeed before one fails; negative: none fails.
extern long fake_countdown;
extern int fake_errno;
/// Objects of the library that are alive.
extern int fake_alive;
/// Edges waiting on line 1: rises and falls in turn.
extern int fake_edges;
/// How many edges were lost before the next one; only 2.x tells.
extern int fake_lost;

/// Whether this call is the one to fail; errno is set then.
int fake_fails(void);

#endif
