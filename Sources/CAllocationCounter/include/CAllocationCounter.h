#ifndef C_ALLOCATION_COUNTER_H
#define C_ALLOCATION_COUNTER_H

/// How many times this thread has asked for memory since it began. The executable's malloc,
/// calloc, realloc and aligned forms are replaced by ones that count.
unsigned long allocation_count(void);

#endif
