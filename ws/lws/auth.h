/* ws/lws/auth.h - tokens in, signatures out: who may do what, proven without asking anybody.
 *
 * Tokens are JWT. Which algorithm is right follows from the key this node has, never from the token: with a public key its own
 * one (RS256, ES256, EdDSA), otherwise HS256 with the key file. The key file is needed in any case: keys for viewer_keys
 * and checkout links are derived from it, each for its one use. Comparisons take constant time. Tokens and keys are
 * never logged. A token that was good is remembered (auth_cache.h). Loop thread only. */
#ifndef LIVESHELF_WS_LWS_AUTH_H
#define LIVESHELF_WS_LWS_AUTH_H

#include "base/bytes.h"
#include "core/broadcast/command.h"
#include "core/broadcast/movement.h"

#define AUTH_KEY_MIN 32 /* bytes of the key file; surrounding white space is not counted */
#define AUTH_KEY_MAX 4096
#define AUTH_TOKEN_MAX 4096     /* characters */
#define AUTH_NBF_LEEWAY_MS 5000 /* clocks of token makers may be ahead by this */

struct auth;
struct auth_config {
    const char *key_file;        /* HMAC secret; any bytes */
    const char *public_key_file; /* PEM; NULL or "": HS256 with the key file */
    const char *checkout_url;    /* where holds are paid; NULL or "": "/checkout/". `{query}` is replaced by the signed
                                    query, otherwise it is put behind '?' or '&' */
};
struct auth_fault {
    char text[256]; /* for a person: which file, and what is wrong with it */
};
MUST_USE enum result auth_create(const struct auth_config *config, struct auth **ret, struct auth_fault *ret_fault);
void auth_destroy(struct auth *a); /* wipes the keys; takes NULL */

struct auth_claims {
    enum role role;
    struct shop_id shop;
    struct broadcast_id broadcast; /* none: all of the shop */
    bool has_sub;
    struct viewer_id viewer; /* with a sub: the person. A sub that is not a valid id becomes "s_" and its hash */
    int64_t expires_ms;
};
enum auth_answer {
    AUTH_OK,
    AUTH_BAD, /* not a token of ours */
    AUTH_EXPIRED,
    AUTH_NOT_YET, /* nbf lies ahead */
};
enum auth_answer auth_verify(const struct auth *a, const char *token, int64_t now_ms, struct auth_claims *ret);

struct auth_mint {
    enum role role;
    const char *shop, *broadcast, *sub; /* broadcast and sub may be NULL */
    int64_t issued_ms, expires_ms;
};
/* An HS256 token, also on a node that itself verifies with a public key (and would refuse it). RESULT_MALFORMED: a bad id. */
MUST_USE enum result auth_mint(const struct auth *a, const struct auth_mint *m, struct bytes *out);

/* A public viewer's proof of being the same person again: "v_id.signature". */
#define VIEWER_KEY_MAX (ID_LEN_MAX + 1 + 22 + 1)
void auth_viewer_new(struct viewer_id *ret); /* fresh, from the system's randomness */
void auth_viewer_key(const struct auth *a, const struct shop_id *shop, const struct viewer_id *viewer,
                     char ret[VIEWER_KEY_MAX]);
bool auth_viewer_known(const struct auth *a, const struct shop_id *shop, const char *viewer_key, struct viewer_id *ret);

/* Lets a host or the logistics desk past a crowd that waits (admission.h), once. It may stand in a URL: for this broadcast alone, and
 * its caller keeps `expires_ms` near. This node remembers the last AUTH_TICKETS_SPENT that were spent here; another node knows
 * nothing of them. */
#define AUTH_TICKET_MAX 48
#define AUTH_TICKETS_SPENT 256
void auth_ticket(const struct auth *a, const struct broadcast_id *broadcast, int64_t expires_ms,
                 char ret[AUTH_TICKET_MAX]);
bool auth_ticket_is_valid(const struct auth *a, const struct broadcast_id *broadcast, const char *ticket,
                          int64_t now_ms);
void auth_ticket_spend(struct auth *a, const char *ticket); /* a valid one */

/* The page where a hold is paid, with the price it was promised; signed. Matches checkout_link of ws/wire/message.h;
 * `ctx` is the struct auth. Fills "" when it does not fit. */
void auth_checkout_link(void *ctx, const struct shop_id *shop, const struct hold *hold, char *ret, size_t size);
struct checkout_terms {
    struct shop_id shop;
    struct hold_id hold;
    struct money amount;
    int64_t expires_ms;
};
/* `query` is what followed '?'. RESULT_MALFORMED: not one of our links, or changed on the way. Expiry is the caller's. */
MUST_USE enum result auth_checkout_verify(const struct auth *a, const char *query, struct checkout_terms *ret);

#endif
