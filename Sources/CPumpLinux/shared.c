#define _GNU_SOURCE
#include "CPumpLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

// With these nobody can take away a page that the other process reads.
enum { SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL };

int pump_shared_make(size_t bytes) {
  int file = memfd_create("itpump", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
  // A kernel before 6.3 knows no MFD_NOEXEC_SEAL.
  if (file < 0 && errno == EINVAL) file = memfd_create("itpump", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (file < 0) return -errno;
  if (ftruncate(file, (off_t)bytes) == 0 && fcntl(file, F_ADD_SEALS, SEALS) == 0) return file;
  const int status = -errno;
  close(file);
  return status;
}

size_t pump_shared_size(int file) {
  struct stat status;
  const int seals = fcntl(file, F_GET_SEALS);
  if (seals < 0 || (seals & SEALS) != SEALS || fstat(file, &status) < 0) return 0;
  return (size_t)status.st_size;
}

void *pump_shared_map(int file, size_t bytes) {
  // Every page is there before the first use: a real-time thread must not wait for one.
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

void pump_shared_unmap(void *memory, size_t bytes) { munmap(memory, bytes); }
