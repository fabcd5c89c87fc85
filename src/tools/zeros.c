/* Preloaded into QEMU by `sandbox` where the kernel has no shared page of zeros, so that memory
 * which was only read takes memory: QEMU reads all of a guest's when it saves or restores it, and
 * each guest would then take all that it may have. Here its memory is a private mapping of one file
 * of zeros, again and again: what is read is shared by all guests, what is written is the guest's
 * own, and what it gives back is zeros again.
 *
 * VMLAB_ZEROS names the file; it is as long as one piece of the mapping, which divides a guest's
 * memory. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void* plain_mmap(void* at, size_t length, int protection, int flags, int file,
                        off_t offset) {
  return (void*)syscall(SYS_mmap, at, length, protection, flags, file, offset);
}

/* QEMU reserves room for a guest's memory first and then maps it there, which nothing else of that
 * size is. */
static int is_guest_memory(size_t length, int protection, int flags) {
  const size_t smallest = (size_t)256 << 20;
  const int ours = MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS;
  return length >= smallest && (protection & PROT_WRITE) != 0 && (flags & ours) == ours;
}

static int map_zeros(char* at, size_t length, int protection) {
  const char* path = getenv("VMLAB_ZEROS");
  const int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  struct stat zeros;
  int good = file >= 0 && fstat(file, &zeros) == 0 && zeros.st_size > 0 &&
             length % (size_t)zeros.st_size == 0;
  for (size_t done = 0; good && done < length; done += (size_t)zeros.st_size) {
    good = plain_mmap(at + done, (size_t)zeros.st_size, protection,
                      MAP_FIXED | MAP_PRIVATE | MAP_NORESERVE, file, 0) != MAP_FAILED;
  }
  if (file >= 0) close(file);
  return good;
}

void* mmap(void* at, size_t length, int protection, int flags, int file, off_t offset) {
  void* mapped = plain_mmap(at, length, protection, flags, file, offset);
  if (mapped != MAP_FAILED && is_guest_memory(length, protection, flags) &&
      !map_zeros(mapped, length, protection)) {
    return plain_mmap(at, length, protection, flags, file, offset);
  }
  return mapped;
}

void* mmap64(void* at, size_t length, int protection, int flags, int file, off_t offset) {
  return mmap(at, length, protection, flags, file, offset);
}
