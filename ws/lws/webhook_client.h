/* ws/lws/webhook_client.h - the webhook port on libwebsockets, as an HTTP/1.1 client beside the server, with a context of its own.
 *
 *   post_resolve   the name is looked up on libuv's threads, one at a time; addresses of closed networks are left out
 *     post_connect   to one of these addresses, by number, so that no second look-up can say something else; over TLS with the
 *                    name verified against the system's authorities (SSL_CERT_FILE, SSL_CERT_DIR)
 *       post_write     headers and signature, then the body as the socket takes it
 *         post_end       with the head of the answer, or what went wrong, or when the time is over
 *
 * No redirect is followed, no proxy is asked, no connection is kept. Loop thread only. */
#ifndef LIVESHELF_WS_LWS_WEBHOOK_CLIENT_H
#define LIVESHELF_WS_LWS_WEBHOOK_CLIENT_H

#include <uv.h>

#include "core/ports/clock.h"
#include "core/ports/webhook.h"

struct webhook_client_config {
    uv_loop_t *loop;
    struct clock *clock;
    bool private_networks; /* addresses that are not of the open internet may be posted to: a warehouse in the house */
    int64_t timeout_ms;    /* 0: WEBHOOK_TIMEOUT_MS */
};
struct webhook_client;
MUST_USE enum result webhook_client_create(const struct webhook_client_config *config, struct webhook_client **ret);
struct webhook *webhook_client_port(struct webhook_client *c);
/* What is under way is answered in here. Send nothing from here on. `closed` runs when the loop holds nothing of it any more; frees `c`
 * before. A look-up that hangs then holds it up for as long as the system's resolver takes. */
void webhook_client_close(struct webhook_client *c, void (*closed)(void *ctx), void *ctx);

#endif
