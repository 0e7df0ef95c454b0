#include "shim.h"

// Without libgpiod everything is refused with ENOTSUP, and nothing is ever claimed.
#if PUMP_GPIO_API == 0

int pump_gpio_api(void) { return 0; }
const char *pump_gpio_version(void) { return "none"; }

int pump_gpio_chip_read(const char *path, pump_gpio_chip *chip) {
  (void)path, (void)chip;
  return -ENOTSUP;
}

int pump_gpio_lines_read(const char *path, pump_gpio_line *lines, uint32_t count) {
  (void)path, (void)lines, (void)count;
  return -ENOTSUP;
}

int pump_gpio_output_open(const char *path, const pump_gpio_request *request, const char *consumer,
                          pump_gpio_output **output) {
  (void)path, (void)request, (void)consumer;
  *output = NULL;
  return -ENOTSUP;
}

int pump_gpio_output_set(pump_gpio_output *output, int level) {
  (void)output, (void)level;
  return -ENOTSUP;
}

int pump_gpio_output_get(pump_gpio_output *output) {
  (void)output;
  return -ENOTSUP;
}

int pump_gpio_output_toggle(pump_gpio_output *output, uint64_t count) {
  (void)output, (void)count;
  return -ENOTSUP;
}

void pump_gpio_output_close(pump_gpio_output *output) { (void)output; }

int pump_gpio_input_open(const char *path, const pump_gpio_request *request, const char *consumer,
                         pump_gpio_input **input) {
  (void)path, (void)request, (void)consumer;
  *input = NULL;
  return -ENOTSUP;
}

int pump_gpio_input_get(pump_gpio_input *input) {
  (void)input;
  return -ENOTSUP;
}

int pump_gpio_input_edge(pump_gpio_input *input, pump_gpio_edge *edge) {
  (void)input, (void)edge;
  return -ENOTSUP;
}

void pump_gpio_input_close(pump_gpio_input *input) { (void)input; }

#else
typedef int pump_gpio_has_api;
#endif
