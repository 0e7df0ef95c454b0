// libgpiod 2.x, as far as the shim uses it.
#include "fake.h"

#include <errno.h>
#include <gpiod.h>
#include <stdlib.h>
#include <string.h>

struct gpiod_chip { int unused; };
struct gpiod_chip_info { int unused; };
struct gpiod_line_info { unsigned int offset; };
struct gpiod_line_settings { struct fake_line asked; };
struct gpiod_line_config { struct fake_line asked; unsigned int offset; };
struct gpiod_request_config { char consumer[32]; };
struct gpiod_line_request { unsigned int offset; };
struct gpiod_edge_event { unsigned long number; int is_rise; };
struct gpiod_edge_event_buffer { struct gpiod_edge_event event; };

static unsigned long edge_number;

const char *gpiod_api_version(void) { return "2-fake"; }

static void *make(size_t size) {
  if (fake_fails()) return NULL;
  fake_alive++;
  return calloc(1, size);
}

static void end(void *object) {
  fake_alive--;
  free(object);
}

struct gpiod_chip *gpiod_chip_open(const char *path) {
  if (strcmp(path, "/dev/fake") != 0) {
    errno = ENOENT;
    return NULL;
  }
  return make(sizeof(struct gpiod_chip));
}
void gpiod_chip_close(struct gpiod_chip *chip) { end(chip); }

struct gpiod_chip_info *gpiod_chip_get_info(struct gpiod_chip *chip) {
  (void)chip;
  return make(sizeof(struct gpiod_chip_info));
}
void gpiod_chip_info_free(struct gpiod_chip_info *info) { end(info); }
const char *gpiod_chip_info_get_name(struct gpiod_chip_info *info) { (void)info; return "fake"; }
const char *gpiod_chip_info_get_label(struct gpiod_chip_info *info) {
  (void)info;
  return "a-label-that-is-longer-than-the-kernel-allows";
}
size_t gpiod_chip_info_get_num_lines(struct gpiod_chip_info *info) { (void)info; return FAKE_LINES; }

struct gpiod_line_info *gpiod_chip_get_line_info(struct gpiod_chip *chip, unsigned int offset) {
  (void)chip;
  struct gpiod_line_info *info = make(sizeof *info);
  if (info) info->offset = offset;
  return info;
}
void gpiod_line_info_free(struct gpiod_line_info *info) { end(info); }
const char *gpiod_line_info_get_name(struct gpiod_line_info *info) {
  return info->offset == 2 ? "named" : NULL;
}
const char *gpiod_line_info_get_consumer(struct gpiod_line_info *info) {
  return fake_lines[info->offset].is_held ? fake_lines[info->offset].consumer : NULL;
}
bool gpiod_line_info_is_used(struct gpiod_line_info *info) {
  return fake_lines[info->offset].is_held;
}
enum gpiod_line_direction gpiod_line_info_get_direction(struct gpiod_line_info *info) {
  return fake_lines[info->offset].is_output ? GPIOD_LINE_DIRECTION_OUTPUT
                                            : GPIOD_LINE_DIRECTION_INPUT;
}
bool gpiod_line_info_is_active_low(struct gpiod_line_info *info) {
  return fake_lines[info->offset].active_low;
}

struct gpiod_line_settings *gpiod_line_settings_new(void) {
  return make(sizeof(struct gpiod_line_settings));
}
void gpiod_line_settings_free(struct gpiod_line_settings *settings) { end(settings); }
int gpiod_line_settings_set_direction(struct gpiod_line_settings *settings,
                                      enum gpiod_line_direction direction) {
  if (fake_fails()) return -1;
  settings->asked.is_output = direction == GPIOD_LINE_DIRECTION_OUTPUT;
  return 0;
}
int gpiod_line_settings_set_edge_detection(struct gpiod_line_settings *settings,
                                           enum gpiod_line_edge edge) {
  if (fake_fails()) return -1;
  settings->asked.watches = edge == GPIOD_LINE_EDGE_BOTH;
  return 0;
}
int gpiod_line_settings_set_bias(struct gpiod_line_settings *settings, enum gpiod_line_bias bias) {
  if (fake_fails()) return -1;
  settings->asked.bias = bias == GPIOD_LINE_BIAS_DISABLED    ? 1
                         : bias == GPIOD_LINE_BIAS_PULL_UP   ? 2
                         : bias == GPIOD_LINE_BIAS_PULL_DOWN ? 3
                                                             : 0;
  return 0;
}
int gpiod_line_settings_set_drive(struct gpiod_line_settings *settings,
                                  enum gpiod_line_drive drive) {
  if (fake_fails()) return -1;
  settings->asked.drive = drive == GPIOD_LINE_DRIVE_OPEN_DRAIN    ? 1
                          : drive == GPIOD_LINE_DRIVE_OPEN_SOURCE ? 2
                                                                  : 0;
  return 0;
}
void gpiod_line_settings_set_active_low(struct gpiod_line_settings *settings, bool active_low) {
  settings->asked.active_low = active_low;
}
int gpiod_line_settings_set_output_value(struct gpiod_line_settings *settings,
                                         enum gpiod_line_value value) {
  if (fake_fails()) return -1;
  settings->asked.level = value == GPIOD_LINE_VALUE_ACTIVE;
  return 0;
}

struct gpiod_line_config *gpiod_line_config_new(void) {
  return make(sizeof(struct gpiod_line_config));
}
void gpiod_line_config_free(struct gpiod_line_config *config) { end(config); }
int gpiod_line_config_add_line_settings(struct gpiod_line_config *config,
                                        const unsigned int *offsets, size_t count,
                                        struct gpiod_line_settings *settings) {
  if (fake_fails()) return -1;
  if (count != 1) abort();
  config->asked = settings->asked;
  config->offset = offsets[0];
  return 0;
}

struct gpiod_request_config *gpiod_request_config_new(void) {
  return make(sizeof(struct gpiod_request_config));
}
void gpiod_request_config_free(struct gpiod_request_config *config) { end(config); }
void gpiod_request_config_set_consumer(struct gpiod_request_config *config, const char *consumer) {
  strncpy(config->consumer, consumer, sizeof config->consumer - 1);
}

struct gpiod_line_request *gpiod_chip_request_lines(struct gpiod_chip *chip,
                                                    struct gpiod_request_config *request,
                                                    struct gpiod_line_config *config) {
  (void)chip;
  if (fake_countdown != 0 && config->offset >= FAKE_LINES) {
    errno = EINVAL;
    return NULL;
  }
  if (fake_countdown != 0 && fake_lines[config->offset].is_held) {
    errno = EBUSY;
    return NULL;
  }
  struct gpiod_line_request *made = make(sizeof *made);
  if (!made) return NULL;
  struct fake_line *fake = &fake_lines[config->offset];
  *fake = config->asked;
  fake->is_held = 1;
  strncpy(fake->consumer, request->consumer, sizeof fake->consumer - 1);
  made->offset = config->offset;
  edge_number = 0;
  return made;
}
void gpiod_line_request_release(struct gpiod_line_request *request) {
  fake_lines[request->offset].is_held = 0;
  end(request);
}
int gpiod_line_request_set_value(struct gpiod_line_request *request, unsigned int offset,
                                 enum gpiod_line_value value) {
  (void)request;
  if (fake_fails()) return -1;
  fake_lines[offset].level = value == GPIOD_LINE_VALUE_ACTIVE;
  return 0;
}
enum gpiod_line_value gpiod_line_request_get_value(struct gpiod_line_request *request,
                                                   unsigned int offset) {
  (void)request;
  if (fake_fails()) return GPIOD_LINE_VALUE_ERROR;
  return fake_lines[offset].level ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE;
}

int gpiod_line_request_wait_edge_events(struct gpiod_line_request *request, int64_t timeout) {
  (void)request;
  if (fake_fails()) return -1;
  if (timeout != 0) abort();  // the loop must never wait here
  return fake_edges > 0;
}
struct gpiod_edge_event_buffer *gpiod_edge_event_buffer_new(size_t capacity) {
  (void)capacity;
  return make(sizeof(struct gpiod_edge_event_buffer));
}
void gpiod_edge_event_buffer_free(struct gpiod_edge_event_buffer *buffer) { end(buffer); }
int gpiod_line_request_read_edge_events(struct gpiod_line_request *request,
                                        struct gpiod_edge_event_buffer *buffer, size_t most) {
  (void)request, (void)most;
  if (fake_fails()) return -1;
  fake_edges--;
  buffer->event.is_rise = edge_number % 2 == 0;
  edge_number += 1 + (unsigned long)fake_lost;
  fake_lost = 0;
  buffer->event.number = edge_number;
  return 1;
}
struct gpiod_edge_event *gpiod_edge_event_buffer_get_event(struct gpiod_edge_event_buffer *buffer,
                                                           unsigned long index) {
  (void)index;
  return fake_fails() ? NULL : &buffer->event;
}
unsigned long gpiod_edge_event_get_line_seqno(struct gpiod_edge_event *event) {
  return event->number;
}
uint64_t gpiod_edge_event_get_timestamp_ns(struct gpiod_edge_event *event) {
  return 7000000500u + event->number - 1;
}
enum gpiod_edge_event_type gpiod_edge_event_get_event_type(struct gpiod_edge_event *event) {
  return event->is_rise ? GPIOD_EDGE_EVENT_RISING_EDGE : GPIOD_EDGE_EVENT_FALLING_EDGE;
}
