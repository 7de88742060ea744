/* libjpeg leaves a failed call by longjmp, which must not cross Rust: every function that Rust calls catches it here. */
#ifndef TURBO_FAILURE_H
#define TURBO_FAILURE_H

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

struct failure {
  struct jpeg_error_mgr manager; /* first, so that libjpeg's pointer to it is a pointer to this */
  jmp_buf caught;
  int ended_early; /* the file ended where its end marker should have been */
  char reason[JMSG_LENGTH_MAX];
};

static void fail(j_common_ptr jpeg) {
  struct failure *failure = (struct failure *)jpeg->err;
  failure->manager.format_message(jpeg, failure->reason);
  longjmp(failure->caught, 1);
}

/* Whether the picture is whole all the same. Bytes that belong to nothing are left by cameras between segments; before a
 * restart marker they are a picture that came apart. */
static int is_harmless(const struct jpeg_error_mgr *manager) {
  switch (manager->msg_code) {
    case JWRN_JPEG_EOF: /* judged when all is read: the end marker alone may be missing */
    case JWRN_ADOBE_XFORM:
    case JWRN_BOGUS_ICC:
    case JWRN_JFIF_MAJOR:
      return 1;
    case JWRN_EXTRANEOUS_DATA: {
      int marker = manager->msg_parm.i[1];
      return marker < 0xd0 || marker > 0xd7;
    }
    default:
      return 0;
  }
}

/* libjpeg would fill what is damaged with grey and go on. */
static void judge_warning(j_common_ptr jpeg, int level) {
  struct failure *failure = (struct failure *)jpeg->err;
  if (level >= 0) return;
  if (failure->manager.msg_code == JWRN_JPEG_EOF) failure->ended_early = 1;
  if (!is_harmless(&failure->manager)) fail(jpeg);
}

static void print_nothing(j_common_ptr jpeg) { (void)jpeg; }

static struct jpeg_error_mgr *failure_manager(struct failure *failure) {
  jpeg_std_error(&failure->manager);
  failure->manager.error_exit = fail;
  failure->manager.emit_message = judge_warning;
  failure->manager.output_message = print_nothing;
  failure->ended_early = 0;
  failure->reason[0] = '\0';
  return &failure->manager;
}

#endif
