/* A disk that is slow or breaks, under one file: DISK_FILE is its name, DISK_SLOW a file while which is there each
 * write takes two seconds, DISK_BREAKS after how many writes there is nothing but EIO. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_meant(int fd) {
  char link[64], path[4096];
  const char *file = getenv("DISK_FILE");
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = file ? readlink(link, path, sizeof path - 1) : -1;
  if (length < 0) return 0;
  path[length] = 0;
  return strcmp(path, file) == 0;
}

ssize_t write(int fd, const void *bytes, size_t count) {
  static ssize_t (*real)(int, const void *, size_t);
  static int writes;
  if (!real) *(void **)&real = dlsym(RTLD_NEXT, "write");
  if (fd > 2 && is_meant(fd)) {
    const char *slow = getenv("DISK_SLOW"), *breaks = getenv("DISK_BREAKS");
    for (int step = 0; slow && step < 20 && access(slow, F_OK) == 0; step++) usleep(100000);
    if (breaks && ++writes > atoi(breaks)) {
      errno = EIO;
      return -1;
    }
  }
  return real(fd, bytes, count);
}
