// Holds the GPIO shim against a libgpiod in memory: every call of it fails once with every errno, and
// the shim must say so, leave nothing claimed and leak nothing.
#include "CPumpGPIO.h"
#include "fake.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_line fake_lines[FAKE_LINES];
long fake_countdown = -1;
int fake_errno, fake_alive, fake_edges, fake_lost;

int fake_fails(void) {
  if (fake_countdown < 0 || fake_countdown-- > 0) return 0;
  errno = fake_errno;
  return 1;
}

static long checks;

#define EXPECT(condition)                                                             \
  do {                                                                                \
    checks++;                                                                         \
    if (!(condition)) {                                                               \
      fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition);         \
      exit(1);                                                                        \
    }                                                                                 \
  } while (0)

/// Everything the shim can do, in turn: 0, or the first failure.
static int everything(void) {
  pump_gpio_chip chip;
  int status = pump_gpio_chip_read("/dev/fake", &chip);
  if (status < 0) return status;
  EXPECT(strcmp(chip.name, "fake") == 0);
  EXPECT(strlen(chip.label) == PUMP_GPIO_NAME_SIZE - 1 && chip.line_count == FAKE_LINES);

  const pump_gpio_request out = {.offset = 3, .is_active_low = 1, .bias = PUMP_GPIO_BIAS_PULL_UP,
                                 .drive = PUMP_GPIO_OPEN_DRAIN, .initial = 1};
  pump_gpio_output *output = (pump_gpio_output *)&chip;
  status = pump_gpio_output_open("/dev/fake", &out, "tester", &output);
  if (status < 0) {
    EXPECT(output == NULL && !fake_lines[3].is_held);
    return status;
  }
  const struct fake_line *held = &fake_lines[3];
  EXPECT(held->is_output && held->level == 1 && held->active_low == 1);
  EXPECT(held->bias == PUMP_GPIO_BIAS_PULL_UP && held->drive == PUMP_GPIO_OPEN_DRAIN);
  EXPECT(strcmp(held->consumer, "tester") == 0);

  pump_gpio_line lines[8];
  memset(lines, 0x55, sizeof lines);
  status = pump_gpio_lines_read("/dev/fake", lines, 8);
  if (status == 0) {
    EXPECT(strcmp(lines[2].name, "named") == 0 && lines[0].name[0] == 0);
    EXPECT(lines[3].is_used && lines[3].is_output && lines[3].is_active_low && !lines[0].is_used);
    EXPECT(strcmp(lines[3].consumer, "tester") == 0);
  }
  if (status == 0) status = pump_gpio_output_set(output, 0);
  if (status == 0) EXPECT(fake_lines[3].level == 0);
  if (status == 0) status = pump_gpio_output_set(output, 1);
  if (status == 0) {
    status = pump_gpio_output_get(output);
    if (status >= 0) {
      EXPECT(status == 1);
      status = pump_gpio_output_toggle(output, 3);
      if (status == 0) EXPECT(fake_lines[3].level == 0);
    }
  }
  if (status < 0) {
    pump_gpio_output_close(output);
    return status;
  }

  const pump_gpio_request in = {.offset = 1, .bias = PUMP_GPIO_BIAS_PULL_DOWN, .watches = 1};
  pump_gpio_input *input = (pump_gpio_input *)&chip;
  status = pump_gpio_input_open("/dev/fake", &in, "tester", &input);
  if (status < 0) {
    EXPECT(input == NULL && !fake_lines[1].is_held);
    pump_gpio_output_close(output);
    return status;
  }
  EXPECT(!fake_lines[1].is_output && fake_lines[1].watches);
  EXPECT(fake_lines[1].bias == PUMP_GPIO_BIAS_PULL_DOWN && !fake_lines[1].active_low);
  fake_lines[1].level = 1;
  status = pump_gpio_input_get(input);
  if (status >= 0) EXPECT(status == 1);
  fake_edges = 3;
  for (int i = 0; i < 3 && status >= 0; i++) {
    pump_gpio_edge edge;
    status = pump_gpio_input_edge(input, &edge);
    if (status < 0) break;
    EXPECT(status == 1 && edge.is_rise == (i % 2 == 0) && edge.lost == 0);
    EXPECT(edge.monotonic_ns == 7000000500u + (unsigned)i);
  }
  if (status >= 0 && pump_gpio_api() == 2) {
    pump_gpio_edge edge;
    fake_edges = 1;
    fake_lost = 4;
    status = pump_gpio_input_edge(input, &edge);
    if (status >= 0) EXPECT(status == 1 && edge.lost == 4);
  }
  if (status >= 0) {
    pump_gpio_edge edge;
    status = pump_gpio_input_edge(input, &edge);
    if (status >= 0) EXPECT(status == 0);
  }
  fake_edges = fake_lost = 0;
  pump_gpio_input_close(input);
  pump_gpio_output_close(output);
  return status < 0 ? status : 0;
}

/// What it does without any failure planted, and where the caller is wrong.
static void plain(void) {
  EXPECT(everything() == 0 && fake_alive == 0);
  pump_gpio_chip chip;
  EXPECT(pump_gpio_chip_read("/dev/other", &chip) == -ENOENT);
  const pump_gpio_request request = {.offset = 0};
  pump_gpio_output *first, *second;
  EXPECT(pump_gpio_output_open("/dev/fake", &request, "tester", &first) == 0);
  EXPECT(pump_gpio_output_open("/dev/fake", &request, "tester", &second) == -EBUSY && !second);
  pump_gpio_output_close(first);
  const pump_gpio_request beyond = {.offset = FAKE_LINES};
  EXPECT(pump_gpio_output_open("/dev/fake", &beyond, "tester", &first) == -EINVAL && !first);
  pump_gpio_output_close(NULL);
  pump_gpio_input_close(NULL);
  EXPECT(fake_alive == 0);
}

static void without(void) {
  const pump_gpio_request request = {.offset = 0};
  pump_gpio_chip chip;
  pump_gpio_line line;
  pump_gpio_edge edge;
  pump_gpio_output *output = (pump_gpio_output *)&chip;
  pump_gpio_input *input = (pump_gpio_input *)&chip;
  EXPECT(pump_gpio_chip_read("/dev/fake", &chip) == -ENOTSUP);
  EXPECT(pump_gpio_lines_read("/dev/fake", &line, 1) == -ENOTSUP);
  EXPECT(pump_gpio_output_open("/dev/fake", &request, "t", &output) == -ENOTSUP && !output);
  EXPECT(pump_gpio_input_open("/dev/fake", &request, "t", &input) == -ENOTSUP && !input);
  EXPECT(pump_gpio_output_set(NULL, 1) == -ENOTSUP && pump_gpio_output_get(NULL) == -ENOTSUP);
  EXPECT(pump_gpio_output_toggle(NULL, 1) == -ENOTSUP && pump_gpio_input_get(NULL) == -ENOTSUP);
  EXPECT(pump_gpio_input_edge(NULL, &edge) == -ENOTSUP);
  EXPECT(strcmp(pump_gpio_version(), "none") == 0);
}

int main(void) {
  long places = 0;
  if (pump_gpio_api() == 0) {
    without();
  } else {
    plain();
    for (fake_errno = 1; fake_errno <= 133; fake_errno++) {
      for (long nth = 0;; nth++) {
        fake_countdown = nth;
        const int status = everything();
        const int was_reached = fake_countdown < 0;
        fake_countdown = -1;
        EXPECT(fake_alive == 0);
        if (!was_reached) {
          EXPECT(status == 0);
          places = nth;
          break;
        }
        EXPECT(status == -fake_errno);
      }
    }
    // A library that fails without saying why is still a failure.
    fake_errno = 0;
    fake_countdown = 0;
    EXPECT(everything() == -EIO);
    fake_countdown = -1;
  }
  printf("shim, libgpiod API %d: %ld failing calls x 133 errnos, %ld checks\n", pump_gpio_api(),
         places, checks);
  return 0;
}
