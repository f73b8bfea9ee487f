/* base/types.h - identities. Every id is a NUL-terminated text of 1..ID_LEN_MAX characters out of
 * [A-Za-z0-9._~-] other than "." and "..", held by value: copying the struct copies the id, no owner, no lifetime.
 * An all-zero id means "none". The character set keeps ids safe in keys, ledger lines, URLs and JSON. */
#ifndef LIVESHELF_BASE_TYPES_H
#define LIVESHELF_BASE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "base/result.h"

#define ID_LEN_MAX 63

/* clang-format off */
struct shop_id { char text[ID_LEN_MAX + 1]; };      /* tenant */
struct broadcast_id { char text[ID_LEN_MAX + 1]; }; /* unique within its shop */
struct viewer_id { char text[ID_LEN_MAX + 1]; };    /* a person, not a socket */
struct sku_id { char text[ID_LEN_MAX + 1]; };       /* one sellable variant */
struct hold_id { char text[ID_LEN_MAX + 1]; };      /* chosen by the client; the idempotency key */
struct cue_id { char text[ID_LEN_MAX + 1]; };
struct epoch_id { char text[ID_LEN_MAX + 1]; };     /* one unbroken history of a log */
struct node_id { char text[ID_LEN_MAX + 1]; };
/* clang-format on */

/* Copies `len` bytes of `from` into the id when they form a valid one; RESULT_MALFORMED otherwise,
 * and then *ret is untouched. Use through ID_PARSE for any id struct. */
MUST_USE enum result id_parse(char ret[ID_LEN_MAX + 1], const char *from, size_t len);
#define ID_PARSE(ret, from, len) id_parse((ret)->text, (from), (len))

bool id_is_valid(const char *text, size_t len);
bool id_equal(const char *a, const char *b);
#define ID_EQUAL(a, b) id_equal((a).text, (b).text)
#define ID_IS_NONE(id) ((id).text[0] == '\0')

/* Minor units of an ISO 4217 currency (cents). 0 <= minor <= MONEY_MINOR_MAX. */
#define MONEY_MINOR_MAX INT64_C(1000000000000)
struct money {
    int64_t minor;
    char currency[4]; /* three capitals and NUL */
};
bool currency_is_valid(const char *text, size_t len); /* three letters A-Z */
unsigned currency_decimals(const char currency[4]);   /* of its minor units, by ISO 4217: 2 for EUR, 0 for JPY */
#define MONEY_TEXT_MAX 32
void money_text(const struct money *money, char ret[MONEY_TEXT_MAX]); /* for a person to read: "8.90 EUR" */

/* A product's price as promised: `version` grows by one at each change, from 1. 0 = no price. */
struct price {
    struct money money;
    uint32_t version;
};

#endif
