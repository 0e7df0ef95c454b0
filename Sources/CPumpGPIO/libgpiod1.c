#include "shim.h"

#if PUMP_GPIO_API == 1

#include <time.h>

int pump_gpio_api(void) { return 1; }
const char *pump_gpio_version(void) { return gpiod_version_string(); }

int pump_gpio_chip_read(const char *path, pump_gpio_chip *chip) {
  struct gpiod_chip *opened = gpiod_chip_open(path);
  if (!opened) return pump_gpio_failure();
  pump_gpio_copy(chip->name, gpiod_chip_name(opened));
  pump_gpio_copy(chip->label, gpiod_chip_label(opened));
  chip->line_count = gpiod_chip_num_lines(opened);
  gpiod_chip_close(opened);
  return 0;
}

int pump_gpio_lines_read(const char *path, pump_gpio_line *lines, uint32_t count) {
  struct gpiod_chip *chip = gpiod_chip_open(path);
  if (!chip) return pump_gpio_failure();
  int status = 0;
  for (uint32_t i = 0; i < count && i < gpiod_chip_num_lines(chip); i++) {
    struct gpiod_line *line = gpiod_chip_get_line(chip, i);
    if (!line) {
      status = pump_gpio_failure();
      break;
    }
    pump_gpio_copy(lines[i].name, gpiod_line_name(line));
    pump_gpio_copy(lines[i].consumer, gpiod_line_consumer(line));
    lines[i].is_used = gpiod_line_is_used(line);
    lines[i].is_output = gpiod_line_direction(line) == GPIOD_LINE_DIRECTION_OUTPUT;
    lines[i].is_active_low = gpiod_line_active_state(line) == GPIOD_LINE_ACTIVE_STATE_LOW;
  }
  gpiod_chip_close(chip);
  return status;
}

static int flags(const pump_gpio_request *request) {
  int flags = 0;
  if (request->is_active_low) flags |= GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW;
  if (request->bias == PUMP_GPIO_BIAS_DISABLED) flags |= GPIOD_LINE_REQUEST_FLAG_BIAS_DISABLE;
  if (request->bias == PUMP_GPIO_BIAS_PULL_UP) flags |= GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP;
  if (request->bias == PUMP_GPIO_BIAS_PULL_DOWN) flags |= GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_DOWN;
  if (request->drive == PUMP_GPIO_OPEN_DRAIN) flags |= GPIOD_LINE_REQUEST_FLAG_OPEN_DRAIN;
  if (request->drive == PUMP_GPIO_OPEN_SOURCE) flags |= GPIOD_LINE_REQUEST_FLAG_OPEN_SOURCE;
  return flags;
}

/// Claims a line; the chip stays open as long as the line is held.
static int claim(const char *path, const pump_gpio_request *request, int type, const char *consumer,
                 struct gpiod_chip **chip, struct gpiod_line **line) {
  *line = NULL;
  *chip = gpiod_chip_open(path);
  if (!*chip) return pump_gpio_failure();
  *line = gpiod_chip_get_line(*chip, request->offset);
  const struct gpiod_line_request_config config = {
      .consumer = consumer, .request_type = type, .flags = flags(request)};
  if (*line && gpiod_line_request(*line, &config, request->initial) == 0) return 0;
  const int status = pump_gpio_failure();
  gpiod_chip_close(*chip);
  return status;
}

struct pump_gpio_output {
  struct gpiod_chip *chip;
  struct gpiod_line *line;
};

int pump_gpio_output_open(const char *path, const pump_gpio_request *request, const char *consumer,
                          pump_gpio_output **output) {
  *output = NULL;
  pump_gpio_output *made = calloc(1, sizeof *made);
  if (!made) return -ENOMEM;
  const int status = claim(path, request, GPIOD_LINE_REQUEST_DIRECTION_OUTPUT, consumer,
                           &made->chip, &made->line);
  if (status == 0) *output = made;
  else free(made);
  return status;
}

int pump_gpio_output_set(pump_gpio_output *output, int level) {
  return gpiod_line_set_value(output->line, level) < 0 ? pump_gpio_failure() : 0;
}

int pump_gpio_output_get(pump_gpio_output *output) {
  const int level = gpiod_line_get_value(output->line);
  return level < 0 ? pump_gpio_failure() : level;
}

int pump_gpio_output_toggle(pump_gpio_output *output, uint64_t count) {
  for (uint64_t i = 0; i < count; i++) {
    if (gpiod_line_set_value(output->line, i & 1) < 0) return pump_gpio_failure();
  }
  return 0;
}

void pump_gpio_output_close(pump_gpio_output *output) {
  if (!output) return;
  gpiod_line_release(output->line);
  gpiod_chip_close(output->chip);
  free(output);
}

struct pump_gpio_input {
  struct gpiod_chip *chip;
  struct gpiod_line *line;
};

int pump_gpio_input_open(const char *path, const pump_gpio_request *request, const char *consumer,
                         pump_gpio_input **input) {
  *input = NULL;
  pump_gpio_input *made = calloc(1, sizeof *made);
  if (!made) return -ENOMEM;
  const int type = request->watches ? GPIOD_LINE_REQUEST_EVENT_BOTH_EDGES
                                    : GPIOD_LINE_REQUEST_DIRECTION_INPUT;
  const int status = claim(path, request, type, consumer, &made->chip, &made->line);
  if (status == 0) *input = made;
  else free(made);
  return status;
}

int pump_gpio_input_get(pump_gpio_input *input) {
  const int level = gpiod_line_get_value(input->line);
  return level < 0 ? pump_gpio_failure() : level;
}

int pump_gpio_input_edge(pump_gpio_input *input, pump_gpio_edge *edge) {
  const struct timespec at_once = {0, 0};
  const int ready = gpiod_line_event_wait(input->line, &at_once);
  if (ready <= 0) return ready < 0 ? pump_gpio_failure() : 0;
  struct gpiod_line_event event;
  if (gpiod_line_event_read(input->line, &event) < 0) return pump_gpio_failure();
  edge->monotonic_ns = (uint64_t)event.ts.tv_sec * 1000000000u + (uint64_t)event.ts.tv_nsec;
  edge->lost = 0;
  edge->is_rise = event.event_type == GPIOD_LINE_EVENT_RISING_EDGE;
  return 1;
}

void pump_gpio_input_close(pump_gpio_input *input) {
  if (!input) return;
  gpiod_line_release(input->line);
  gpiod_chip_close(input->chip);
  free(input);
}

#else
typedef int pump_gpio_not_api_1;
#endif
