/* tests/support/webhook_recording.h - a webhook port that sends nothing: posts wait until the test answers them, and all that
 * were made are remembered. */
#ifndef LIVESHELF_TESTS_SUPPORT_WEBHOOK_RECORDING_H
#define LIVESHELF_TESTS_SUPPORT_WEBHOOK_RECORDING_H

#include <stdbool.h>
#include <stdint.h>

#include "core/ports/webhook.h"

#define RECORDED_MAX 4096

struct recorded_post {
    struct webhook_post *post; /* NULL: answered */
    char url[128], id[64], secret[128], old_secret[128];
    char *body; /* owned */
};
struct webhook_recording {
    struct webhook webhook;
    struct recorded_post posts[RECORDED_MAX]; /* in the order in which they were made */
    size_t count, open;
};
void webhook_recording_init(struct webhook_recording *r);
void webhook_recording_finish(struct webhook_recording *r); /* open ones are never answered */
/* The oldest post to this url that is not answered; NULL: none. */
struct recorded_post *webhook_recording_open(struct webhook_recording *r, const char *url);
/* Status 0: no answer came. */
void webhook_recording_answer(struct webhook_recording *r, struct recorded_post *p, int status, int64_t retry_after_ms);

#endif
