/* Signed checkout links: the price a viewer was promised, carried by the viewer, trusted by the shop. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ws/lws/auth_keys.h"

#define PLACE_FOR_QUERY "{query}"
#define QUERY_MAX 512

static void terms_sign(const struct auth *a, const struct checkout_terms *t, char ret[AUTH_SIGNATURE_LEN + 1])
{
    char text[QUERY_MAX];
    snprintf(text, sizeof text, "%s\n%s\n%" PRId64 "\n%s\n%" PRId64, t->shop.text, t->hold.text, t->amount.minor,
             t->amount.currency, t->expires_ms);
    auth_sign(a->checkout_secret, text, ret);
}

static void query_write(const struct auth *a, const struct checkout_terms *t, char ret[QUERY_MAX])
{
    char signature[AUTH_SIGNATURE_LEN + 1];
    terms_sign(a, t, signature);
    snprintf(ret, QUERY_MAX, "hold=%s&shop=%s&amount=%" PRId64 "&currency=%s&expires_ms=%" PRId64 "&sig=%s",
             t->hold.text, t->shop.text, t->amount.minor, t->amount.currency, t->expires_ms, signature);
}

void auth_checkout_link(void *ctx, const struct shop_id *shop, const struct hold *hold, char *ret, size_t size)
{
    const struct auth *a = ctx;
    struct checkout_terms terms = {.shop = *shop, .hold = hold->id, .expires_ms = hold->expires_at_ms};
    terms.amount.minor = hold_total_minor(hold);
    memcpy(terms.amount.currency, hold->currency, sizeof terms.amount.currency);
    char query[QUERY_MAX];
    query_write(a, &terms, query);
    const char *url = a->checkout_url, *place = strstr(url, PLACE_FOR_QUERY);
    int written;
    if (place != NULL)
        written = snprintf(ret, size, "%.*s%s%s", (int)(place - url), url, query, place + strlen(PLACE_FOR_QUERY));
    else
        written = snprintf(ret, size, "%s%c%s", url, strchr(url, '?') == NULL ? '?' : '&', query);
    if (size > 0 && (written < 0 || (size_t)written >= size))
        ret[0] = '\0';
}

/* Copies the value of `name`; false when it is missing or does not fit. */
static bool query_value(const char *query, const char *name, char *ret, size_t size)
{
    size_t name_len = strlen(name);
    for (const char *at = query; at != NULL && *at != '\0'; at = strchr(at, '&')) {
        at += *at == '&' ? 1 : 0;
        if (strncmp(at, name, name_len) != 0 || at[name_len] != '=')
            continue;
        const char *value = at + name_len + 1;
        size_t len = strcspn(value, "&");
        if (len >= size)
            return false;
        memcpy(ret, value, len);
        ret[len] = '\0';
        return true;
    }
    return false;
}

static bool whole_number(const char *text, int64_t *ret)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 18 || text[digits] != '\0')
        return false;
    *ret = strtoll(text, NULL, 10);
    return true;
}

enum result auth_checkout_verify(const struct auth *a, const char *query, struct checkout_terms *ret)
{
    struct checkout_terms terms = {0};
    char hold[ID_LEN_MAX + 1], shop[ID_LEN_MAX + 1], amount[24], currency[8], expires[24], claimed[64];
    if (!query_value(query, "hold", hold, sizeof hold) || !query_value(query, "shop", shop, sizeof shop) ||
        !query_value(query, "amount", amount, sizeof amount) ||
        !query_value(query, "currency", currency, sizeof currency) ||
        !query_value(query, "expires_ms", expires, sizeof expires) ||
        !query_value(query, "sig", claimed, sizeof claimed))
        return RESULT_MALFORMED;
    if (ID_PARSE(&terms.hold, hold, strlen(hold)) != RESULT_OK ||
        ID_PARSE(&terms.shop, shop, strlen(shop)) != RESULT_OK || !whole_number(amount, &terms.amount.minor) ||
        !whole_number(expires, &terms.expires_ms) || !currency_is_valid(currency, strlen(currency)))
        return RESULT_MALFORMED;
    memcpy(terms.amount.currency, currency, sizeof terms.amount.currency);
    char real[AUTH_SIGNATURE_LEN + 1];
    terms_sign(a, &terms, real);
    if (!auth_signature_is(claimed, real))
        return RESULT_MALFORMED;
    *ret = terms;
    return RESULT_OK;
}
