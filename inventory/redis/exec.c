#include "inventory/redis/exec.h"

#include <string.h>

#include "inventory/redis/node.h"
#include "inventory/redis/resp.h"
#include "inventory/redis/text.h"

static const char op_letters[INVENTORY_OPS] = {
    [INVENTORY_RESERVE] = 'Y',        [INVENTORY_EXTEND] = 'E',     [INVENTORY_CONFIRM] = 'C',
    [INVENTORY_RELEASE] = 'L',        [INVENTORY_TAKE_BACK] = 'T',  [INVENTORY_WAITLIST_JOIN] = 'J',
    [INVENTORY_WAITLIST_LEAVE] = 'Q', [INVENTORY_ALLOCATE] = 'A',   [INVENTORY_WITHDRAW] = 'D',
    [INVENTORY_SYNC] = 'S',           [INVENTORY_STOP] = 'P',       [INVENTORY_OPEN] = 'O',
    [INVENTORY_LIMIT] = 'M',          [INVENTORY_RECALL] = 'K',     [INVENTORY_BUFFER] = 'B',
    [INVENTORY_FREEZE] = 'F',         [INVENTORY_CHECKPOINT] = 'W', [INVENTORY_HOLD_GET] = 'G',
    [INVENTORY_EXPIRE] = 'X',
};

static bool is_plain_reserve(const struct inventory_request *r) { return r->op == INVENTORY_RESERVE && !r->restores; }

static bool has_shared_claim(const struct inventory_request *r)
{
    return is_plain_reserve(r) || r->op == INVENTORY_WAITLIST_JOIN;
}

static bool same_claim(const struct inventory_request *a, const struct inventory_request *b)
{
    const struct hold *x = &a->hold, *y = &b->hold;
    if (a->ttl_ms != b->ttl_ms || x->lines_count != y->lines_count || !ID_EQUAL(x->broadcast, y->broadcast) ||
        memcmp(x->currency, y->currency, sizeof x->currency) != 0)
        return false;
    for (size_t i = 0; i < x->lines_count && i < CART_LINES_MAX; i++) {
        const struct line *l = &x->lines[i], *m = &y->lines[i];
        if (l->units != m->units || l->unit_minor != m->unit_minor || l->price_version != m->price_version ||
            !ID_EQUAL(l->sku, m->sku))
            return false;
    }
    return true;
}

/* What many requests of a call promise alike is sent once. */
struct shared_claims {
    const struct inventory_request *first[BATCH_MAX]; /* of each, the first request with it */
    size_t count;
    size_t of[BATCH_MAX]; /* request -> its claim, from 0 */
};

static size_t claim_find(struct shared_claims *c, const struct inventory_request *r)
{
    for (size_t i = c->count; i > 0; i--) /* the latest first: most often it is that one */
        if (same_claim(c->first[i - 1], r))
            return i - 1;
    c->first[c->count] = r;
    return c->count++;
}

static void claims_find(struct shared_claims *c, struct inventory_request *const *requests, size_t count)
{
    c->count = 0;
    for (size_t i = 0; i < count; i++)
        c->of[i] = has_shared_claim(requests[i]) ? claim_find(c, requests[i]) : 0;
}

static void claim_write(struct bytes *out, struct bytes *text, const struct inventory_request *r)
{
    bytes_clear(text);
    bytes_format(text, "%lld|", (long long)r->ttl_ms);
    if (r->hold.lines_count <= CART_LINES_MAX) /* an empty claim is refused there as bad */
        text_shared_claim_write(text, &r->hold);
    resp_data(out, text->data, text->len);
}

/* "1 id viewer": most of a call, so without formatting. */
static void reserve_write(struct bytes *out, const struct inventory_request *r, size_t claim)
{
    char word[24 + 2 * (ID_LEN_MAX + 1)], digits[24];
    size_t len = 0, count = 0;
    for (size_t n = claim + 1; n > 0; n /= 10)
        digits[count++] = (char)('0' + n % 10);
    while (count > 0)
        word[len++] = digits[--count];
    const char *ids[] = {r->hold.id.text, r->hold.viewer.text};
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        size_t id_len = strnlen(ids[i], ID_LEN_MAX);
        word[len++] = ' ';
        memcpy(word + len, ids[i], id_len);
        len += id_len;
    }
    resp_data(out, word, len);
}

/* "OP id number text" */
static void word_begin(struct bytes *text, const struct inventory_request *r, const char *id, int64_t number)
{
    bool is_restored_confirm = r->op == INVENTORY_CONFIRM && r->restores;
    bytes_format(text, "%c %s %lld ", is_restored_confirm ? 'Z' : op_letters[r->op], id, (long long)number);
}

static void stock_write(struct bytes *text, const struct inventory_request *r)
{
    switch (r->op) {
    case INVENTORY_ALLOCATE:
    case INVENTORY_WITHDRAW:
        word_begin(text, r, r->ref, r->units);
        bytes_text(text, r->sku.text);
        break;
    case INVENTORY_SYNC:
        word_begin(text, r, r->sku.text, r->units);
        bytes_format(text, "%lld|%lld|%lld", (long long)r->gone, (long long)r->version, (long long)r->counted_ms);
        break;
    case INVENTORY_RECALL:
        word_begin(text, r, r->sku.text, r->recall);
        break;
    default:
        word_begin(text, r, r->sku.text, r->units);
    }
}

static void other_write(struct bytes *text, const struct inventory_request *r, size_t claim)
{
    const struct hold *h = &r->hold;
    switch (r->op) {
    case INVENTORY_RESERVE:
        word_begin(text, r, h->id.text, r->ttl_ms);
        bytes_format(text, "%d|", h->offer);
        if (h->lines_count <= CART_LINES_MAX)
            text_claim_write(text, h);
        break;
    case INVENTORY_CONFIRM:
        word_begin(text, r, h->id.text, r->amount.minor);
        bytes_format(text, "%.3s|%s", r->amount.currency, r->ref);
        break;
    case INVENTORY_WAITLIST_JOIN:
        bytes_format(text, "%c %zu 0 %s", op_letters[r->op], claim + 1, h->viewer.text);
        break;
    case INVENTORY_WAITLIST_LEAVE:
        word_begin(text, r, h->lines_count == 0 ? "" : h->lines[0].sku.text, 0);
        bytes_text(text, h->viewer.text);
        break;
    case INVENTORY_FREEZE:
        word_begin(text, r, h->broadcast.text, r->frozen);
        bytes_format(text, "%s|%lld", r->epoch.text, (long long)r->version);
        break;
    case INVENTORY_EXTEND:
    case INVENTORY_RELEASE:
    case INVENTORY_TAKE_BACK:
    case INVENTORY_CHECKPOINT:
    case INVENTORY_HOLD_GET:
    case INVENTORY_EXPIRE:
        word_begin(text, r, h->id.text, r->ttl_ms);
        bytes_text(text, h->viewer.text);
        break;
    default:
        stock_write(text, r);
    }
}

static void request_write(struct bytes *out, struct bytes *text, const struct inventory_request *r, size_t claim)
{
    if (is_plain_reserve(r)) {
        reserve_write(out, r, claim);
        return;
    }
    bytes_clear(text);
    other_write(text, r, claim);
    resp_data(out, text->data, text->len);
}

void exec_write(struct bytes *out, const struct bytes *head, struct bytes *text, int64_t now_ms,
                struct inventory_request *const *requests, size_t count)
{
    struct shared_claims claims;
    claims_find(&claims, requests, count);
    resp_begin(out, 3 + STOCK_KEYS + 2 + claims.count + count);
    bytes_append(out, head->data, head->len);
    resp_number(out, now_ms);
    resp_number(out, (int64_t)claims.count);
    for (size_t i = 0; i < claims.count; i++)
        claim_write(out, text, claims.first[i]);
    for (size_t i = 0; i < count; i++)
        request_write(out, text, requests[i], claims.of[i]);
}
