#include "ws/lws/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/metric.h"

#define CIPHERS_1_2 "ECDHE+AESGCM:ECDHE+CHACHA20"
#define CERT "tls-cert-file"
#define KEY "tls-key-file"

enum load { LOADED, LOAD_REFUSED, LOADS };

#define LOADS_METRIC(end)                                                                                              \
    {                                                                                                                  \
        .name = "liveshelf_tls_renewals_total", .labels = "result=\"" end "\"",                                        \
        .help = "Times a changed certificate was read, or found gone; refused leaves the old one in place.",           \
        .kind = METRIC_COUNTER                                                                                         \
    }
static struct metric renewals[LOADS] = {[LOADED] = LOADS_METRIC("loaded"), [LOAD_REFUSED] = LOADS_METRIC("refused")};
static struct metric left_seconds = {.name = "liveshelf_tls_cert_left_seconds",
                                     .help = "Until the certificate expires; negative: it has; 0: no TLS here.",
                                     .kind = METRIC_GAUGE};

static void metrics_register(void)
{
    static bool done;
    if (done)
        return;
    done = true;
    for (size_t i = 0; i < LOADS; i++)
        metric_register(&renewals[i]);
    metric_register(&left_seconds);
}

/* ---- reading ---- */

static enum result fault(struct tls_fault *ret, const char *setting, const char *file, const char *why)
{
    snprintf(ret->text, sizeof ret->text, "%s: %.180s: %.80s", setting, file, why);
    ERR_clear_error();
    return RESULT_MALFORMED;
}

/* OpenSSL's own words are for those who know its parts ("PEM lib"). */
static const char *read_fault(const char *otherwise)
{
    unsigned long error = ERR_peek_last_error();
    if (ERR_GET_LIB(error) != ERR_LIB_SSL)
        return otherwise;
    switch (ERR_GET_REASON(error)) {
    case SSL_R_EE_KEY_TOO_SMALL:
    case SSL_R_CA_KEY_TOO_SMALL:
        return "has too short a key";
    case SSL_R_CA_MD_TOO_WEAK:
        return "has too weak a signature";
    default:
        return otherwise;
    }
}

static int no_passphrase(char *buffer, int size, int writing, void *ctx)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)ctx;
    return -1; /* nobody sits there to type it */
}

/* Its owner and mode matter as well as its content: a change of these mends some faults. */
static struct tls_file file_note(const char *file)
{
    struct stat about;
    if (stat(file, &about) != 0)
        return (struct tls_file){.bytes = TLS_FILE_GONE};
    return (struct tls_file){
        .changed = about.st_ctim, .number = about.st_ino, .bytes = about.st_size, .mode = about.st_mode};
}

static enum result file_look(const char *setting, const char *file, bool secret, struct tls_fault *ret_fault)
{
    struct stat about;
    FILE *opened = fopen(file, "re");
    if (opened == NULL || fstat(fileno(opened), &about) != 0) {
        const char *why = strerror(errno);
        if (opened != NULL)
            fclose(opened);
        return fault(ret_fault, setting, file, why);
    }
    fclose(opened);
    if (secret && (about.st_mode & S_IRWXO) != 0)
        return fault(ret_fault, setting, file, "can be read by everyone: chmod o-rwx it");
    return RESULT_OK;
}

static int64_t expiry_ms(SSL_CTX *ctx)
{
    struct tm end = {0};
    const X509 *leaf = SSL_CTX_get0_certificate(ctx);
    if (leaf == NULL || ASN1_TIME_to_tm(X509_get0_notAfter(leaf), &end) != 1)
        return 0;
    return (int64_t)timegm(&end) * 1000;
}

static enum result pair_read(const struct tls *t, SSL_CTX *ctx, struct tls_fault *ret_fault)
{
    SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
    if (SSL_CTX_use_certificate_chain_file(ctx, t->cert_file) != 1)
        return fault(ret_fault, CERT, t->cert_file, read_fault("is not a certificate in PEM form"));
    bool good = SSL_CTX_use_PrivateKey_file(ctx, t->key_file, SSL_FILETYPE_PEM) == 1;
    if (!good && ERR_GET_REASON(ERR_peek_last_error()) != X509_R_KEY_VALUES_MISMATCH)
        return fault(ret_fault, KEY, t->key_file, read_fault("is not a key in PEM form without a passphrase"));
    if (!good || SSL_CTX_check_private_key(ctx) != 1)
        return fault(ret_fault, KEY, t->key_file, "is not the key of that certificate");
    return RESULT_OK;
}

/* Better than none at the start, and worse than the one that is shown already. */
static enum result expiry_look(const struct tls *t, const SSL_CTX *ctx, struct tls_fault *ret_fault)
{
    if (X509_cmp_current_time(X509_get0_notAfter(SSL_CTX_get0_certificate(ctx))) >= 0)
        return RESULT_OK;
    if (t->shown != NULL)
        return fault(ret_fault, CERT, t->cert_file, "has expired");
    log_warn("tls.expired", "cert_file=%s", log_quote(t->cert_file));
    return RESULT_OK;
}

/* Also to those who would rather have HTTP/2. */
static int on_protocols(SSL *ssl, const unsigned char **ret, unsigned char *ret_len, const unsigned char *offered,
                        unsigned offered_len, void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen = NULL;
    (void)ssl;
    (void)arg;
    if (SSL_select_next_proto(&chosen, ret_len, ours, sizeof ours - 1, offered, offered_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *ret = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/* Remembers what the files look like also when they are refused: each change is tried once. */
static enum result pair_load(struct tls *t, struct tls_fault *ret_fault)
{
    t->seen[0] = file_note(t->cert_file);
    t->seen[1] = file_note(t->key_file);
    enum result result = file_look(CERT, t->cert_file, false, ret_fault);
    if (result == RESULT_OK)
        result = file_look(KEY, t->key_file, true, ret_fault);
    if (result != RESULT_OK)
        return result;
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (ctx == NULL)
        return RESULT_NO_MEMORY;
    result = pair_read(t, ctx, ret_fault);
    if (result == RESULT_OK)
        result = expiry_look(t, ctx, ret_fault);
    if (result != RESULT_OK) {
        SSL_CTX_free(ctx);
        return result;
    }
    /* TLS 1.2 asks the context that has the certificate, 1.3 libwebsockets' own. */
    SSL_CTX_set_alpn_select_cb(ctx, on_protocols, NULL);
    SSL_CTX_free(t->shown); /* those who are connected hold it as long as they need it */
    t->shown = ctx;
    t->expires_ms = expiry_ms(ctx);
    return RESULT_OK;
}

enum result tls_init(struct tls *t, const char *cert_file, const char *key_file, struct tls_fault *ret_fault)
{
    bool has_cert = cert_file != NULL && cert_file[0] != '\0', has_key = key_file != NULL && key_file[0] != '\0';
    *t = (struct tls){0};
    metrics_register();
    if (has_cert != has_key) {
        snprintf(ret_fault->text, sizeof ret_fault->text, "%s: missing; %s is set, and takes both",
                 has_cert ? KEY : CERT, has_cert ? CERT : KEY);
        return RESULT_MALFORMED;
    }
    if (!has_cert)
        return RESULT_OK;
    t->cert_file = strdup(cert_file);
    t->key_file = strdup(key_file);
    enum result result = t->cert_file == NULL || t->key_file == NULL ? RESULT_NO_MEMORY : pair_load(t, ret_fault);
    if (result != RESULT_OK)
        tls_finish(t);
    return result;
}

void tls_finish(struct tls *t)
{
    if (t == NULL)
        return;
    SSL_CTX_free(t->shown);
    free(t->cert_file);
    free(t->key_file);
    *t = (struct tls){0};
}

/* ---- showing ---- */

/* Asked during each handshake, so that a new certificate needs no new context, and tickets outlive it. */
static int on_cert_wanted(SSL *ssl, void *arg)
{
    const struct tls *t = arg;
    return SSL_set_SSL_CTX(ssl, t->shown) != NULL;
}

int tls_prepare(struct tls *t, void *ssl_ctx)
{
    SSL_CTX *ctx = ssl_ctx;
    if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 || SSL_CTX_set_cipher_list(ctx, CIPHERS_1_2) != 1 ||
        SSL_CTX_set_num_tickets(ctx, 1) != 1)
        return -1;
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);         /* an idle viewer keeps no record buffers: 34 kB */
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* tickets do it, and need no memory here */
    SSL_CTX_set_cert_cb(ctx, on_cert_wanted, t);
    return 0;
}

/* ---- renewing ---- */

static bool file_changed(const char *file, const struct tls_file *seen)
{
    struct tls_file now = file_note(file);
    return now.number != seen->number || now.bytes != seen->bytes || now.mode != seen->mode ||
           now.changed.tv_sec != seen->changed.tv_sec || now.changed.tv_nsec != seen->changed.tv_nsec;
}

static void pair_renew(struct tls *t)
{
    struct tls_fault why = {"no memory"};
    bool good = pair_load(t, &why) == RESULT_OK;
    metric_add(&renewals[good ? LOADED : LOAD_REFUSED], 1);
    if (good)
        log_info("tls.renewed", "cert_file=%s", log_quote(t->cert_file));
    else
        log_error("tls.refused", "why=%s", log_quote(why.text)); /* the old one stays in place */
}

void tls_tick(struct tls *t, int64_t now_ms)
{
    if (!tls_is_on(t) || now_ms < t->look_at_ms)
        return;
    t->look_at_ms = now_ms + TLS_LOOK_MS;
    if (file_changed(t->cert_file, &t->seen[0]) || file_changed(t->key_file, &t->seen[1]))
        pair_renew(t);
    metric_set(&left_seconds, (double)(t->expires_ms - now_ms) / 1000);
}
