#ifndef C_PUMP_GPIO_H
#define C_PUMP_GPIO_H

#include <stdint.h>

// One shim over libgpiod 1.6 and 2.x. Every function that can fail returns 0 (or what it says) or a
// negated errno. Levels are logical: 1 is asserted, whatever voltage that is.

/// Bytes of a name, its final zero included; the kernel's own limit.
#define PUMP_GPIO_NAME_SIZE 32

/// The libgpiod that was compiled in: 1, 2, or 0 for none.
int pump_gpio_api(void);
/// That library's own version; "none" where there is none.
const char *pump_gpio_version(void);

/// A chip as the kernel describes it.
typedef struct {
  char name[PUMP_GPIO_NAME_SIZE];
  char label[PUMP_GPIO_NAME_SIZE];
  uint32_t line_count;
} pump_gpio_chip;

/// A line as the kernel describes it; names are empty where it has none.
typedef struct {
  char name[PUMP_GPIO_NAME_SIZE];
  char consumer[PUMP_GPIO_NAME_SIZE];
  uint8_t is_used;
  uint8_t is_output;
  uint8_t is_active_low;
} pump_gpio_line;

/// Describes the chip behind a device file such as /dev/gpiochip0.
int pump_gpio_chip_read(const char *path, pump_gpio_chip *chip);
/// Describes the chip's first lines, as many as there are and the array holds.
int pump_gpio_lines_read(const char *path, pump_gpio_line *lines, uint32_t count);

/// A line's resistor inside the chip.
enum pump_gpio_bias {
  PUMP_GPIO_BIAS_AS_IS = 0,
  PUMP_GPIO_BIAS_DISABLED = 1,
  PUMP_GPIO_BIAS_PULL_UP = 2,
  PUMP_GPIO_BIAS_PULL_DOWN = 3,
};

/// How an output drives its two voltages.
enum pump_gpio_drive {
  PUMP_GPIO_PUSH_PULL = 0,
  PUMP_GPIO_OPEN_DRAIN = 1,
  PUMP_GPIO_OPEN_SOURCE = 2,
};

/// Which line is asked for, and how.
typedef struct {
  uint32_t offset;
  uint8_t is_active_low;
  uint8_t bias;    ///< enum pump_gpio_bias
  uint8_t drive;   ///< enum pump_gpio_drive; of no meaning for an input
  uint8_t initial; ///< an output's first level
  uint8_t watches; ///< whether an input collects edges
} pump_gpio_request;

/// A claimed output line.
typedef struct pump_gpio_output pump_gpio_output;

/// Claims a line as an output that has its first level from the start.
int pump_gpio_output_open(const char *chip_path, const pump_gpio_request *request,
                          const char *consumer, pump_gpio_output **output);
/// Drives the line. One system call; allocates nothing.
int pump_gpio_output_set(pump_gpio_output *output, int level);
/// Reads back the level: 0 or 1.
int pump_gpio_output_get(pump_gpio_output *output);
/// Toggles the line so many times in a bare loop: what a write from Swift is compared with.
int pump_gpio_output_toggle(pump_gpio_output *output, uint64_t count);
/// Gives the line back to the kernel, which may or may not keep driving it. NULL is allowed.
void pump_gpio_output_close(pump_gpio_output *output);

/// A claimed input line.
typedef struct pump_gpio_input pump_gpio_input;

/// An edge, stamped by the kernel.
typedef struct {
  uint64_t monotonic_ns; ///< CLOCK_MONOTONIC
  uint32_t lost;         ///< edges that came before it and were lost, where the kernel tells
  uint8_t is_rise;       ///< whether the line became asserted
} pump_gpio_edge;

/// Claims a line as an input.
int pump_gpio_input_open(const char *chip_path, const pump_gpio_request *request,
                         const char *consumer, pump_gpio_input **input);
/// Reads the level: 0 or 1.
int pump_gpio_input_get(pump_gpio_input *input);
/// Takes the oldest edge, if there is one: 1 with it, 0 without. Never waits; allocates nothing.
int pump_gpio_input_edge(pump_gpio_input *input, pump_gpio_edge *edge);
/// Gives the line back. NULL is allowed.
void pump_gpio_input_close(pump_gpio_input *input);

#endif
