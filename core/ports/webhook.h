/* core/ports/webhook.h - one HTTP POST to a server of somebody else's, signed. Real: ws/lws/webhook_client. Recording stand-in:
 * tests/support.
 *
 * Signed by the rules of Standard Webhooks (standardwebhooks.com): headers webhook-id, webhook-timestamp and webhook-signature,
 * "v1,<base64 of HMAC-SHA256 of id.timestamp.body>", one for each secret. A post is done WEBHOOK_TIMEOUT_MS after its name's
 * turn to be looked up at the latest, whatever the other side does. Redirects are not followed; of an answer only the head is read. */
#ifndef LIVESHELF_CORE_PORTS_WEBHOOK_H
#define LIVESHELF_CORE_PORTS_WEBHOOK_H

#include "base/bytes.h"

#define WEBHOOK_TIMEOUT_MS 15000
#define WEBHOOK_BODY_MAX (1u << 20)

struct webhook_post { /* owned by the caller until `done` */
    const char *url;  /* borrowed until `done`, as all texts here */
    const char *id, *secret, *old_secret;
    const char *content_type;
    const struct bytes *body;
    /* ---- the answer ---- */
    /* RESULT_OK: `status` was answered. RESULT_MALFORMED: the url, a secret, or a body over WEBHOOK_BODY_MAX. RESULT_UNAVAILABLE: certainly not
     * delivered (no such name, a network that is refused, nobody listens, no trust). RESULT_NO_ANSWER: it may have been. */
    enum result result;
    int status;                              /* 100..599 */
    int64_t retry_after_ms;                  /* as the answer asks; 0: it does not */
    char why[96];                            /* for a person; never a secret */
    void (*done)(struct webhook_post *post); /* once, on the loop thread, never from inside the call */
    void *impl[2];
};
struct webhook {
    void (*send)(struct webhook *webhook, struct webhook_post *post);
};

#endif
