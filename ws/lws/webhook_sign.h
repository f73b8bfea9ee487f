/* ws/lws/webhook_sign.h - signatures by the rules of Standard Webhooks: "v1," and base64 of HMAC-SHA256 of "id.timestamp.body".
 * Pure. */
#ifndef LIVESHELF_WS_LWS_WEBHOOK_SIGN_H
#define LIVESHELF_WS_LWS_WEBHOOK_SIGN_H

#include <stdint.h>

#include "base/bytes.h"

#define WEBHOOK_KEY_MAX 64        /* bytes of a secret; those of 24 and more are let in */
#define WEBHOOK_SIGNATURE_MAX 128 /* of two, with a blank between them, and a NUL */

/* `secret` is "whsec_" and base64 of 1..WEBHOOK_KEY_MAX bytes; `old_secret`, the one before, signs as well while a shop changes over; NULL or
 * "": none. RESULT_MALFORMED: a secret. */
MUST_USE enum result webhook_sign(const char *secret, const char *old_secret, const char *id, int64_t timestamp_s,
                                  const struct bytes *body, char ret[WEBHOOK_SIGNATURE_MAX]);

#endif
