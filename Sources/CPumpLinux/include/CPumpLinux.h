#ifndef C_PUMP_LINUX_H
#define C_PUMP_LINUX_H

#include <stdint.h>

// What a real-time thread needs from Linux and Swift can't say without a cost: exact waiting,
// real-time scheduling, a ring between two threads. Functions that can fail return 0 or an errno.

/// CLOCK_MONOTONIC in nanoseconds.
uint64_t pump_linux_now(void);
/// CLOCK_REALTIME in whole seconds since 1970.
int64_t pump_linux_wall_seconds(void);
/// The CPU time that this thread has used, in nanoseconds.
uint64_t pump_linux_thread_cpu(void);

/// How a thread waits: it sleeps until shortly before the deadline and spins for the rest.
typedef struct {
  uint64_t window_ns;       ///< it wakes this much early; 0 never spins
  uint64_t budget_permille; ///< at most this share of the time is spent spinning
  uint64_t credit_ns;       ///< what may be spun now
  uint64_t credited_at_ns;  ///< when that was last worked out
} pump_linux_waiter;

/// Waits until CLOCK_MONOTONIC has reached the deadline; returns the time then, never an earlier one.
uint64_t pump_linux_wait(pump_linux_waiter *waiter, uint64_t deadline_ns);

/// What a run in real time is compared with: wakes so much before each multiple of a period, spins,
/// and notes by how many nanoseconds it was late; nothing else.
void pump_linux_bare_loop(uint64_t window_ns, uint64_t period_ns, uint64_t *lateness_ns,
                          uint64_t count);

/// What a real-time thread asks for.
typedef struct {
  int priority; ///< SCHED_FIFO, 1 to 99; 0 stays an ordinary thread
  int cpu;      ///< the processor to stay on; negative for any
  int locks_memory;
} pump_linux_wish;

/// What it could not have: 0, or the errno.
typedef struct {
  int scheduler;
  int affinity;
  int memory;
  int latency; ///< /dev/cpu_dma_latency, which keeps processors from sleeping deeply
} pump_linux_denial;

/// Makes this thread a real-time one as far as it may, and touches its stack.
pump_linux_denial pump_linux_become_realtime(const pump_linux_wish *wish);

/// A thread.
typedef struct pump_linux_thread pump_linux_thread;
/// Starts a thread with signals blocked; NULL where the system has none left.
pump_linux_thread *pump_linux_thread_start(void (*body)(void *), void *context);
/// Waits until the thread has ended, and frees it.
void pump_linux_thread_join(pump_linux_thread *thread);

/// Opens /dev/null for each of the descriptors 0 to 2 that is closed: or a record or a line would get
/// its number, and with it what is written to the terminal.
void pump_linux_fill_descriptors(void);
/// Lets a write to a closed pipe, or beyond a limit, fail instead of ending the process.
void pump_linux_ignore_broken_pipes(void);
/// Blocks the signals that stop a run in this thread and those that it starts: SIGINT, SIGTERM, SIGHUP,
/// SIGQUIT, SIGTSTP, SIGUSR1 and SIGUSR2.
void pump_linux_block_signals(void);
/// Takes one of them, waiting for it at most so long: its number, or 0.
int pump_linux_take_signal(uint64_t timeout_ns);

/// Bytes of a slot of a ring.
#define PUMP_RING_SLOT 64

/// A lock-free ring from one thread to one other.
typedef struct pump_ring pump_ring;
/// Makes a ring; the number of slots is a power of two. NULL without memory.
pump_ring *pump_ring_make(uint32_t slots);
void pump_ring_free(pump_ring *ring);
/// Puts a slot's bytes in: 1, or 0 where the ring is full, which is counted.
int pump_ring_put(pump_ring *ring, const void *slot);
/// Takes the oldest slot: 1, or 0 where the ring is empty.
int pump_ring_take(pump_ring *ring, void *slot);
/// How many slots were refused because the ring was full.
uint64_t pump_ring_lost(const pump_ring *ring);

#endif
