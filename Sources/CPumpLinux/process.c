#define _GNU_SOURCE
#include "CPumpLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FIRST_GIVEN = 3, MOST_GIVEN = 8 };

int pump_linux_spawn(const char *program, const char *name, const int *files, int count) {
  if (count > MOST_GIVEN) return -E2BIG;
  // Whoever started this may have ignored it, and the kernel then says of no child how it ended.
  signal(SIGCHLD, SIG_DFL);
  posix_spawn_file_actions_t actions;
  int status = posix_spawn_file_actions_init(&actions);
  if (status != 0) return -status;
  // Copies above the places that they are for: or one would be overwritten before it is placed.
  int copies[MOST_GIVEN], made = 0;
  while (made < count && status == 0) {
    const int copy = fcntl(files[made], F_DUPFD_CLOEXEC, FIRST_GIVEN + count);
    if (copy < 0) {
      status = errno;
      break;
    }
    copies[made] = copy;
    status = posix_spawn_file_actions_adddup2(&actions, copy, FIRST_GIVEN + made);
    made += 1;
  }
  if (status == 0) status = posix_spawn_file_actions_addclosefrom_np(&actions, FIRST_GIVEN + count);
  pid_t child = 0;
  char *const arguments[] = {(char *)name, NULL};
  if (status == 0) status = posix_spawn(&child, program, &actions, NULL, arguments, environ);
  for (int i = 0; i < made; i++) close(copies[i]);
  posix_spawn_file_actions_destroy(&actions);
  return status == 0 ? child : -status;
}

void pump_linux_name(const char *name) { prctl(PR_SET_NAME, name); }

int pump_linux_ended(int process, int *status) {
  int raw = 0;
  const pid_t ended = waitpid(process, &raw, WNOHANG);
  if (ended == 0) return 0;
  *status = ended < 0 ? -1 : WIFSIGNALED(raw) ? 256 + WTERMSIG(raw) : WEXITSTATUS(raw);
  return 1;
}

int pump_linux_boot_id(uint64_t *id) {
  char text[37] = {0};
  const int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno;
  const ssize_t size = read(file, text, 36);
  close(file);
  if (size != 36) return EIO;
  // FNV-1a of the text: a name, not a secret.
  uint64_t hash = 0xcbf29ce484222325u;
  for (int i = 0; i < 36; i++) hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3u;
  *id = hash;
  return 0;
}

int pump_linux_is_synchronised(void) {
  struct timex state = {.modes = 0};
  const int status = adjtimex(&state);
  return status >= 0 && status != TIME_ERROR && !(state.status & STA_UNSYNC);
}

int pump_watchdog_open(const char *path, int seconds, int *granted) {
  const int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return -errno;
  if (ioctl(file, WDIOC_SETTIMEOUT, &seconds) < 0 && ioctl(file, WDIOC_GETTIMEOUT, &seconds) < 0) {
    const int status = -errno;
    pump_watchdog_close(file);
    return status;
  }
  *granted = seconds;
  return file;
}

int pump_watchdog_kick(int file) {
  int nothing = 0;
  return ioctl(file, WDIOC_KEEPALIVE, &nothing) < 0 ? errno : 0;
}

int pump_watchdog_left(int file) {
  int seconds = 0;
  return ioctl(file, WDIOC_GETTIMELEFT, &seconds) < 0 ? -errno : seconds;
}

void pump_watchdog_close(int file) {
  // Only a close after this letter stops the timer: any other end of the program is a fault.
  if (write(file, "V", 1) < 0) {
  }
  close(file);
}

int pump_notify(const char *text) {
  const char *path = getenv("NOTIFY_SOCKET");
  if (!path || !*path) return 0;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const size_t length = strlen(path);
  if (length >= sizeof address.sun_path) return E2BIG;
  memcpy(address.sun_path, path, length);
  // An abstract socket is written with an @ for its leading zero.
  if (path[0] == '@') address.sun_path[0] = 0;
  const int socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0) return errno;
  const socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
  const ssize_t sent = sendto(socket_, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
                              (const struct sockaddr *)&address, size);
  const int status = sent < 0 ? errno : 0;
  close(socket_);
  return status;
}
