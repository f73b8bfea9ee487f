/* ws/lws/tls.h - the certificate: read and checked at the start, shown to everyone who connects, and read again when its files
 * have changed. Who is connected keeps what they have; files that do not fit each other, are gone or have expired leave the old
 * certificate in place.
 *
 * Everything on the listening address is TLS 1.2 or later then, and HTTP/1.1. Loop thread only. */
#ifndef LIVESHELF_WS_LWS_TLS_H
#define LIVESHELF_WS_LWS_TLS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/must.h"
#include "base/result.h"

#define TLS_LOOK_MS 10000 /* how often the files are looked at */
#define TLS_FILE_GONE (-1)

struct ssl_ctx_st;

struct tls {
    char *cert_file, *key_file; /* owned; NULL: no TLS */
    struct ssl_ctx_st *shown;   /* holds the certificate that new connections are shown; owned */
    struct tls_file {           /* as it was when it was last tried, well or not */
        struct timespec changed;
        uint64_t number;
        int64_t bytes; /* or TLS_FILE_GONE */
        uint32_t mode;
    } seen[2];
    int64_t look_at_ms, expires_ms;
};

struct tls_fault {
    char text[300]; /* begins with the setting's name */
};

/* PEM files: the certificate with its chain, the key without a passphrase. Both NULL or "": no TLS. */
MUST_USE enum result tls_init(struct tls *t, const char *cert_file, const char *key_file, struct tls_fault *ret_fault);
void tls_finish(struct tls *t); /* zeroed memory is fine */
static inline bool tls_is_on(const struct tls *t) { return t->cert_file != NULL; }

/* Gives libwebsockets' own context, a `SSL_CTX *`, its rules and the certificate. 0, or -1: no memory. */
int tls_prepare(struct tls *t, void *ssl_ctx);
void tls_tick(struct tls *t, int64_t now_ms); /* looks at the files when it is time */

#endif
