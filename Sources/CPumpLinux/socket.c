#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "CPumpLinux.h"

static int address_of(const char *path, struct sockaddr_un *address) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  if (strlen(path) >= sizeof address->sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(address->sun_path, path);
  return 0;
}

static int failed(int file) {
  const int number = errno;
  if (file >= 0) close(file);
  return -number;
}

int pump_socket_connect(const char *path) {
  struct sockaddr_un address;
  if (address_of(path, &address) != 0) return -errno;
  const int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (file < 0) return -errno;
  if (connect(file, (struct sockaddr *)&address, sizeof address) != 0) return failed(file);
  return file;
}

int pump_socket_listen(const char *path) {
  struct sockaddr_un address;
  if (address_of(path, &address) != 0) return -errno;
  const int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (file < 0) return -errno;
  // Whoever may not, is kept out from the first moment on. The socket has its mode before it has its name: a
  // changed umask would be every thread's. The process's own umask is taken off that mode, and given back after.
  if (fchmod(file, 0660) != 0) return failed(file);
  if (bind(file, (struct sockaddr *)&address, sizeof address) != 0) return failed(file);
  if (chmod(path, 0660) != 0 || listen(file, 64) != 0) return failed(file);
  return file;
}

int pump_socket_accept(int listener, pump_peer *peer) {
  const int file = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (file < 0) return -errno;
  struct ucred credentials;
  socklen_t size = sizeof credentials;
  if (getsockopt(file, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return failed(file);
  peer->process = credentials.pid;
  peer->user = credentials.uid;
  peer->group = credentials.gid;
  return file;
}

int64_t pump_socket_send(int file, const void *bytes, size_t count) {
  const ssize_t sent = send(file, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent < 0 ? -errno : sent;
}
