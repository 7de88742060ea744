/* Allocations of a guest that fail. The linker leads every call of `malloc` and its kind here (see link.rs), so that a
   codec's are seen as well as ours: some of them take null for a broken picture, and some do not look at all. */

#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
int __real_posix_memalign(void **memory, size_t alignment, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);

/* Null where a failed allocation is the caller's business, as everywhere but in a guest. */
static const char *last_word = NULL;
static size_t last_word_length;
static int channel;

void slot_scarce_speak(int fd, const char *word, size_t length) {
  channel = fd;
  last_word_length = length;
  last_word = word;
}

/* Without memory there is little that can still be done: one message, which is made already, and the end. */
static void fail(void) {
  if (last_word == NULL) return;
  (void)send(channel, last_word, last_word_length, MSG_NOSIGNAL);
  _exit(1);
}

static void *or_fail(void *memory, size_t size) {
  if (memory == NULL && size != 0) fail();
  return memory;
}

void *__wrap_malloc(size_t size) { return or_fail(__real_malloc(size), size); }

void *__wrap_calloc(size_t count, size_t size) {
  return or_fail(__real_calloc(count, size), count == 0 ? 0 : size);
}

void *__wrap_realloc(void *memory, size_t size) { return or_fail(__real_realloc(memory, size), size); }

int __wrap_posix_memalign(void **memory, size_t alignment, size_t size) {
  int error = __real_posix_memalign(memory, alignment, size);
  if (error != 0) fail();
  return error;
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  return or_fail(__real_aligned_alloc(alignment, size), size);
}
