#include "shim.h"

#if PUMP_GPIO_API == 2

int pump_gpio_api(void) { return 2; }
const char *pump_gpio_version(void) { return gpiod_api_version(); }

int pump_gpio_chip_read(const char *path, pump_gpio_chip *chip) {
  struct gpiod_chip *opened = gpiod_chip_open(path);
  if (!opened) return pump_gpio_failure();
  int status = 0;
  struct gpiod_chip_info *info = gpiod_chip_get_info(opened);
  if (info) {
    pump_gpio_copy(chip->name, gpiod_chip_info_get_name(info));
    pump_gpio_copy(chip->label, gpiod_chip_info_get_label(info));
    chip->line_count = (uint32_t)gpiod_chip_info_get_num_lines(info);
    gpiod_chip_info_free(info);
  } else {
    status = pump_gpio_failure();
  }
  gpiod_chip_close(opened);
  return status;
}

/// How many lines a chip has, or a negated errno.
static int64_t line_count(struct gpiod_chip *chip) {
  struct gpiod_chip_info *info = gpiod_chip_get_info(chip);
  if (!info) return pump_gpio_failure();
  const int64_t count = (int64_t)gpiod_chip_info_get_num_lines(info);
  gpiod_chip_info_free(info);
  return count;
}

int pump_gpio_lines_read(const char *path, pump_gpio_line *lines, uint32_t count) {
  struct gpiod_chip *chip = gpiod_chip_open(path);
  if (!chip) return pump_gpio_failure();
  const int64_t present = line_count(chip);
  int status = present < 0 ? (int)present : 0;
  for (uint32_t i = 0; status == 0 && i < count && i < present; i++) {
    struct gpiod_line_info *info = gpiod_chip_get_line_info(chip, i);
    if (!info) {
      status = pump_gpio_failure();
      break;
    }
    pump_gpio_copy(lines[i].name, gpiod_line_info_get_name(info));
    pump_gpio_copy(lines[i].consumer, gpiod_line_info_get_consumer(info));
    lines[i].is_used = gpiod_line_info_is_used(info);
    lines[i].is_output = gpiod_line_info_get_direction(info) == GPIOD_LINE_DIRECTION_OUTPUT;
    lines[i].is_active_low = gpiod_line_info_is_active_low(info);
    gpiod_line_info_free(info);
  }
  gpiod_chip_close(chip);
  return status;
}

static enum gpiod_line_value value(int level) {
  return level ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE;
}

static int fill(struct gpiod_line_settings *settings, const pump_gpio_request *request,
                int is_output) {
  static const enum gpiod_line_bias biases[] = {
      [PUMP_GPIO_BIAS_AS_IS] = GPIOD_LINE_BIAS_AS_IS,
      [PUMP_GPIO_BIAS_DISABLED] = GPIOD_LINE_BIAS_DISABLED,
      [PUMP_GPIO_BIAS_PULL_UP] = GPIOD_LINE_BIAS_PULL_UP,
      [PUMP_GPIO_BIAS_PULL_DOWN] = GPIOD_LINE_BIAS_PULL_DOWN};
  static const enum gpiod_line_drive drives[] = {
      [PUMP_GPIO_PUSH_PULL] = GPIOD_LINE_DRIVE_PUSH_PULL,
      [PUMP_GPIO_OPEN_DRAIN] = GPIOD_LINE_DRIVE_OPEN_DRAIN,
      [PUMP_GPIO_OPEN_SOURCE] = GPIOD_LINE_DRIVE_OPEN_SOURCE};
  gpiod_line_settings_set_active_low(settings, request->is_active_low);
  if (gpiod_line_settings_set_bias(settings, biases[request->bias]) < 0) return -1;
  if (is_output) {
    if (gpiod_line_settings_set_direction(settings, GPIOD_LINE_DIRECTION_OUTPUT) < 0) return -1;
    if (gpiod_line_settings_set_drive(settings, drives[request->drive]) < 0) return -1;
    return gpiod_line_settings_set_output_value(settings, value(request->initial));
  }
  if (gpiod_line_settings_set_direction(settings, GPIOD_LINE_DIRECTION_INPUT) < 0) return -1;
  if (!request->watches) return 0;
  return gpiod_line_settings_set_edge_detection(settings, GPIOD_LINE_EDGE_BOTH);
}

/// Claims a line. The chip is closed again: in 2.x a request outlives it.
static int claim(const char *path, const pump_gpio_request *request, int is_output,
                 const char *consumer, struct gpiod_line_request **claimed) {
  int status = 0;
  *claimed = NULL;
  errno = 0;
  struct gpiod_chip *chip = gpiod_chip_open(path);
  if (!chip) return pump_gpio_failure();
  struct gpiod_line_settings *settings = gpiod_line_settings_new();
  struct gpiod_line_config *lines = settings ? gpiod_line_config_new() : NULL;
  struct gpiod_request_config *config = lines ? gpiod_request_config_new() : NULL;
  if (config && fill(settings, request, is_output) == 0 &&
      gpiod_line_config_add_line_settings(lines, &request->offset, 1, settings) == 0) {
    gpiod_request_config_set_consumer(config, consumer);
    *claimed = gpiod_chip_request_lines(chip, config, lines);
  }
  if (!*claimed) status = pump_gpio_failure();
  if (config) gpiod_request_config_free(config);
  if (lines) gpiod_line_config_free(lines);
  if (settings) gpiod_line_settings_free(settings);
  gpiod_chip_close(chip);
  return status;
}

struct pump_gpio_output {
  struct gpiod_line_request *request;
  unsigned int offset;
};

int pump_gpio_output_open(const char *path, const pump_gpio_request *request, const char *consumer,
                          pump_gpio_output **output) {
  *output = NULL;
  pump_gpio_output *made = calloc(1, sizeof *made);
  if (!made) return -ENOMEM;
  made->offset = request->offset;
  const int status = claim(path, request, 1, consumer, &made->request);
  if (status == 0) *output = made;
  else free(made);
  return status;
}

int pump_gpio_output_set(pump_gpio_output *output, int level) {
  const int status = gpiod_line_request_set_value(output->request, output->offset, value(level));
  return status < 0 ? pump_gpio_failure() : 0;
}

static int level(struct gpiod_line_request *request, unsigned int offset) {
  const enum gpiod_line_value value = gpiod_line_request_get_value(request, offset);
  if (value == GPIOD_LINE_VALUE_ERROR) return pump_gpio_failure();
  return value == GPIOD_LINE_VALUE_ACTIVE;
}

int pump_gpio_output_get(pump_gpio_output *output) { return level(output->request, output->offset); }

int pump_gpio_output_toggle(pump_gpio_output *output, uint64_t count) {
  for (uint64_t i = 0; i < count; i++) {
    const enum gpiod_line_value next = i & 1 ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE;
    if (gpiod_line_request_set_value(output->request, output->offset, next) < 0) {
      return pump_gpio_failure();
    }
  }
  return 0;
}

void pump_gpio_output_close(pump_gpio_output *output) {
  if (!output) return;
  gpiod_line_request_release(output->request);
  free(output);
}

struct pump_gpio_input {
  struct gpiod_line_request *request;
  struct gpiod_edge_event_buffer *buffer;
  unsigned int offset;
  unsigned long last; ///< the sequence number of the edge before
};

int pump_gpio_input_open(const char *path, const pump_gpio_request *request, const char *consumer,
                         pump_gpio_input **input) {
  *input = NULL;
  pump_gpio_input *made = calloc(1, sizeof *made);
  if (!made) return -ENOMEM;
  made->offset = request->offset;
  made->buffer = gpiod_edge_event_buffer_new(1);
  const int status = made->buffer ? claim(path, request, 0, consumer, &made->request)
                                  : pump_gpio_failure();
  if (status == 0) {
    *input = made;
  } else {
    if (made->buffer) gpiod_edge_event_buffer_free(made->buffer);
    free(made);
  }
  return status;
}

int pump_gpio_input_get(pump_gpio_input *input) { return level(input->request, input->offset); }

int pump_gpio_input_edge(pump_gpio_input *input, pump_gpio_edge *edge) {
  const int ready = gpiod_line_request_wait_edge_events(input->request, 0);
  if (ready <= 0) return ready < 0 ? pump_gpio_failure() : 0;
  if (gpiod_line_request_read_edge_events(input->request, input->buffer, 1) < 1) {
    return pump_gpio_failure();
  }
  struct gpiod_edge_event *event = gpiod_edge_event_buffer_get_event(input->buffer, 0);
  if (!event) return pump_gpio_failure();
  const unsigned long number = gpiod_edge_event_get_line_seqno(event);
  edge->monotonic_ns = gpiod_edge_event_get_timestamp_ns(event);
  edge->lost = (uint32_t)(number - input->last - 1);
  edge->is_rise = gpiod_edge_event_get_event_type(event) == GPIOD_EDGE_EVENT_RISING_EDGE;
  input->last = number;
  return 1;
}

void pump_gpio_input_close(pump_gpio_input *input) {
  if (!input) return;
  gpiod_line_request_release(input->request);
  gpiod_edge_event_buffer_free(input->buffer);
  free(input);
}

#else
typedef int pump_gpio_not_api_2;
#endif
