// libgpiod 1.6, as far as the shim uses it.
#include "fake.h"

#include <errno.h>
#include <gpiod.h>
#include <stdlib.h>
#include <string.h>

struct gpiod_chip { int unused; };
struct gpiod_line { unsigned int offset; };

static struct gpiod_line lines[FAKE_LINES];
static int edge_number;

const char *gpiod_version_string(void) { return "1.6-fake"; }

struct gpiod_chip *gpiod_chip_open(const char *path) {
  if (fake_fails()) return NULL;
  if (strcmp(path, "/dev/fake") != 0) {
    errno = ENOENT;
    return NULL;
  }
  fake_alive++;
  return calloc(1, sizeof(struct gpiod_chip));
}

void gpiod_chip_close(struct gpiod_chip *chip) {
  fake_alive--;
  free(chip);
}

const char *gpiod_chip_name(struct gpiod_chip *chip) { (void)chip; return "fake"; }
const char *gpiod_chip_label(struct gpiod_chip *chip) {
  (void)chip;
  return "a-label-that-is-longer-than-the-kernel-allows";
}
unsigned int gpiod_chip_num_lines(struct gpiod_chip *chip) { (void)chip; return FAKE_LINES; }

struct gpiod_line *gpiod_chip_get_line(struct gpiod_chip *chip, unsigned int offset) {
  (void)chip;
  if (fake_fails()) return NULL;
  if (offset >= FAKE_LINES) {
    errno = EINVAL;
    return NULL;
  }
  lines[offset].offset = offset;
  return &lines[offset];
}

const char *gpiod_line_name(struct gpiod_line *line) { return line->offset == 2 ? "named" : NULL; }
const char *gpiod_line_consumer(struct gpiod_line *line) {
  return fake_lines[line->offset].is_held ? fake_lines[line->offset].consumer : NULL;
}
bool gpiod_line_is_used(struct gpiod_line *line) { return fake_lines[line->offset].is_held; }
int gpiod_line_direction(struct gpiod_line *line) {
  return fake_lines[line->offset].is_output ? GPIOD_LINE_DIRECTION_OUTPUT
                                            : GPIOD_LINE_DIRECTION_INPUT;
}
int gpiod_line_active_state(struct gpiod_line *line) {
  return fake_lines[line->offset].active_low ? GPIOD_LINE_ACTIVE_STATE_LOW
                                             : GPIOD_LINE_ACTIVE_STATE_HIGH;
}

int gpiod_line_request(struct gpiod_line *line, const struct gpiod_line_request_config *config,
                       int initial) {
  struct fake_line *fake = &fake_lines[line->offset];
  if (fake_fails()) return -1;
  if (fake->is_held) {
    errno = EBUSY;
    return -1;
  }
  memset(fake, 0, sizeof *fake);
  fake->is_held = 1;
  fake->is_output = config->request_type == GPIOD_LINE_REQUEST_DIRECTION_OUTPUT;
  fake->watches = config->request_type == GPIOD_LINE_REQUEST_EVENT_BOTH_EDGES;
  fake->level = fake->is_output ? initial : 0;
  fake->active_low = !!(config->flags & GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW);
  fake->bias = config->flags & GPIOD_LINE_REQUEST_FLAG_BIAS_DISABLE     ? 1
               : config->flags & GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP   ? 2
               : config->flags & GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_DOWN ? 3
                                                                        : 0;
  fake->drive = config->flags & GPIOD_LINE_REQUEST_FLAG_OPEN_DRAIN    ? 1
                : config->flags & GPIOD_LINE_REQUEST_FLAG_OPEN_SOURCE ? 2
                                                                      : 0;
  strncpy(fake->consumer, config->consumer, sizeof fake->consumer - 1);
  fake_alive++;
  edge_number = 0;
  return 0;
}

void gpiod_line_release(struct gpiod_line *line) {
  fake_lines[line->offset].is_held = 0;
  fake_alive--;
}

int gpiod_line_set_value(struct gpiod_line *line, int value) {
  if (fake_fails()) return -1;
  fake_lines[line->offset].level = value;
  return 0;
}

int gpiod_line_get_value(struct gpiod_line *line) {
  return fake_fails() ? -1 : fake_lines[line->offset].level;
}

int gpiod_line_event_wait(struct gpiod_line *line, const struct timespec *timeout) {
  (void)line;
  if (fake_fails()) return -1;
  if (timeout->tv_sec || timeout->tv_nsec) abort();  // the loop must never wait here
  return fake_edges > 0;
}

int gpiod_line_event_read(struct gpiod_line *line, struct gpiod_line_event *event) {
  (void)line;
  if (fake_fails()) return -1;
  fake_edges--;
  event->ts.tv_sec = 7;
  event->ts.tv_nsec = 500 + edge_number;
  event->event_type =
      edge_number++ % 2 == 0 ? GPIOD_LINE_EVENT_RISING_EDGE : GPIOD_LINE_EVENT_FALLING_EDGE;
  return 0;
}
