#ifndef C_PUMP_LINUX_H
#define C_PUMP_LINUX_H

#include <stddef.h>
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

/// Makes memory, all zero, that another process can map too, and that keeps its size: a descriptor that is closed at
/// an exec, or a negated errno.
int pump_shared_make(size_t bytes);
/// How many bytes such memory has; 0 for a descriptor of anything else.
size_t pump_shared_size(int file);
/// Maps it, with every page; NULL without memory.
void *pump_shared_map(int file, size_t bytes);
void pump_shared_unmap(void *memory, size_t bytes);

/// A lock-free ring from one thread to one other, of this process or of another that maps the same memory.
typedef struct pump_ring pump_ring;
/// How much memory a ring takes; the number of slots is a power of two, their size a multiple of 64 bytes.
size_t pump_ring_bytes(uint32_t slots, uint32_t slot_bytes);
/// Makes an empty one in memory that is all zero; whoever maps that too has the ring at the same place.
pump_ring *pump_ring_lay(void *memory, uint32_t slots, uint32_t slot_bytes);
/// Puts a value in, of no more bytes than a slot has: 1, or 0 where the ring is full, which is counted.
int pump_ring_put(pump_ring *ring, const void *value, size_t bytes);
/// Takes so many bytes of the oldest slot: 1, or 0 where the ring is empty.
int pump_ring_take(pump_ring *ring, void *value, size_t bytes);
/// How many slots were refused because the ring was full.
uint64_t pump_ring_lost(const pump_ring *ring);

/// Memory that two processes share: boxes that hold the latest of something, counters with one writer
/// each, a request with an answer, a sign of life. Nobody ever waits for the other side.
typedef struct pump_channel pump_channel;
#define PUMP_BOXES 8
#define PUMP_BOX_WORDS 16
#define PUMP_COUNTERS 8
#define PUMP_CHANNEL_NOTE 2048
/// What reading a box gives whose writer stopped in its middle.
#define PUMP_BOX_TORN UINT64_MAX

size_t pump_channel_bytes(void);
/// Makes one in memory that is all zero; whoever maps that too has the channel at the same place.
pump_channel *pump_channel_lay(void *memory);
/// Puts words into a box, which has one writer.
void pump_box_put(pump_channel *channel, int box, const uint64_t *words, int count);
/// Reads a box's words as one writer put them: how often they were put, or PUMP_BOX_TORN.
uint64_t pump_box_get(pump_channel *channel, int box, uint64_t *words, int count);
/// Adds to a counter, which has one writer.
void pump_counter_add(pump_channel *channel, int counter, uint64_t amount);
uint64_t pump_counter_get(pump_channel *channel, int counter);
/// The calling thread, the supervisor's, begins and ends its work.
void pump_life_begin(pump_channel *channel);
void pump_life_end(pump_channel *channel);
/// Whether that thread died in between; once true, always true. Asked only after a start, which that thread
/// gives at its work: so the two never contend.
int pump_life_is_lost(pump_channel *channel);
/// Asks the drive to look into its boxes before it makes another edge.
void pump_attention_call(pump_channel *channel);
/// How often that was asked.
uint32_t pump_attention(pump_channel *channel);
/// Wakes the supervisor.
void pump_bell_ring(pump_channel *channel);
uint32_t pump_bell(pump_channel *channel);
/// Waits until the bell has rung since it was heard last, or until CLOCK_MONOTONIC reads so much.
void pump_bell_wait(pump_channel *channel, uint32_t heard, uint64_t deadline_ns);
/// The drive asks for a level of ENABLE, 1 asserted, and waits for the answer: the level that was read
/// back, or a negated errno.
int pump_enable_ask(pump_channel *channel, int level, uint64_t timeout_ns);
/// The request that is not answered yet: its number, and the level asked for in the lowest bit; or -1.
int64_t pump_enable_asked(pump_channel *channel);
/// Answers a request with the level that was read back, or with a negative number for a line that failed.
void pump_enable_answer(pump_channel *channel, int64_t request, int answer);
/// PUMP_CHANNEL_NOTE bytes for the drive's last words.
void *pump_channel_note(pump_channel *channel);

/// Starts a program: the child's number, or a negated errno.
///
/// It gets the descriptors 0 to 2, and from 3 on those that are named; nothing else of this process is open in it.
int pump_linux_spawn(const char *program, const char *name, const int *files, int count);
/// Gives this process a name of at most 15 characters, as `ps` and the kernel's trace show it.
void pump_linux_name(const char *name);
/// Whether a child has ended; its status is its exit code, or 256 and its signal's number.
int pump_linux_ended(int process, int *status);
/// A number that names this start of the system: 0, or an errno.
int pump_linux_boot_id(uint64_t *id);
/// CLOCK_BOOTTIME in nanoseconds: it goes on through a suspend.
uint64_t pump_linux_boot_time(void);
/// CLOCK_MONOTONIC_RAW in nanoseconds: the second clock, which nobody steers.
uint64_t pump_linux_raw_time(void);

/// Whether a time service keeps the wall clock.
int pump_linux_is_synchronised(void);

/// Opens a watchdog and starts it: its descriptor, or a negated errno. `granted` is its time-out.
int pump_watchdog_open(const char *path, int seconds, int *granted);
int pump_watchdog_kick(int file);
/// The seconds that are left, or a negated errno.
int pump_watchdog_left(int file);
/// Stops it, where the kernel lets it be stopped, and closes it.
void pump_watchdog_close(int file);
/// Tells systemd, where it is listening; 0 where it is not.
int pump_notify(const char *text);

/// The commit that the program was built from; "unknown" where the build was not told.
const char *pump_build_commit(void);

/// Who is at the other end of a socket, by the kernel's word.
typedef struct {
  int32_t process;
  uint32_t user;
  uint32_t group;
} pump_peer;
/// Connects to a socket of the file system: a descriptor, or a negative errno.
int pump_socket_connect(const char *path);
/// Makes a socket of mode 0660 that is listened to without waiting: a descriptor, or a negative errno.
int pump_socket_listen(const char *path);
/// Takes the next connection, if there is one: a descriptor that does not wait, or a negative errno.
int pump_socket_accept(int listener, pump_peer *peer);
/// Sends without waiting and without a signal: how many bytes went, or a negative errno.
int64_t pump_socket_send(int file, const void *bytes, size_t count);

#endif
