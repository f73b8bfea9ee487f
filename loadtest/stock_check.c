/* loadtest/stock_check.c - GET /v1/stock before and after: what the shop says it sold must cover what viewers were told is theirs,
 * and its own sum must hold. Where others' holds had to end for that, the shop must also know each of ours by its id. Needs a
 * token that may read the shop's stock: the integrator's, or a host's of the whole shop. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "loadtest/buyer.h"

#define AGREE_WITHIN_MS 5000 /* what is read may be a moment older than what a viewer was told */
#define ASK_EVERY_MS 100
#define HOLDS_ASKED_MAX 1000 /* of one SKU, by id; the others are believed */

struct shop_ask {
    struct load_http http;
    bool done;
    int status;
    json_t *answer;
};

static void shop_told(struct load_http *http, int status, const char *body, size_t len)
{
    struct shop_ask *ask = http->ctx;
    ask->done = true;
    ask->status = status;
    ask->answer = status == 200 ? json_loadb(body, len, 0, NULL) : NULL;
}

static void ask_prepare(const struct crowd *c, struct load_http *http, const char *path)
{
    *http = (struct load_http){.method = "GET",
                               .path = path,
                               .token = c->config.integrator_token != NULL ? c->config.integrator_token
                                                                           : c->config.host_token};
}

/* What is at `path`; NULL: not to be had. The caller's to json_decref. ret_status 0: there was no answer. */
static json_t *shop_read(struct crowd *c, const char *path, int *ret_status)
{
    struct shop_ask ask = {0};
    *ret_status = 0;
    ask_prepare(c, &ask.http, path);
    ask.http.done = shop_told;
    ask.http.ctx = &ask;
    if (ask.http.token == NULL)
        return NULL;
    load_http_start(&c->set, &ask.http);
    for (int64_t until = load_now_ms() + ANSWER_WAIT_MS; !ask.done && load_now_ms() < until;)
        crowd_turn(c, 1);
    if (!ask.done) {
        load_close(&ask.http.conn, 0);
        while (!ask.done)
            crowd_turn(c, 0);
    }
    *ret_status = ask.status;
    return ask.answer;
}

/* The rows; NULL: not to be had. The caller's to json_decref. */
static json_t *stock_read(struct crowd *c)
{
    int status;
    json_t *answer = shop_read(c, "/v1/stock", &status), *rows = json_incref(json_object_get(answer, "stock"));
    json_decref(answer);
    return rows;
}

static int64_t number(const json_t *row, const char *name) { return json_integer_value(json_object_get(row, name)); }

bool crowd_stock_before(struct crowd *c)
{
    json_t *rows = stock_read(c), *row;
    size_t at;
    bool read = rows != NULL;
    json_array_foreach(rows, at, row)
    {
        const char *sku = json_string_value(json_object_get(row, "sku"));
        struct books_sku *s = sku == NULL ? NULL : books_sku(&c->books, sku);
        if (s == NULL)
            continue;
        books_begin(s, number(row, "allocated"), number(row, "sold"), number(row, "held"));
        s->available_before = number(row, "available");
    }
    json_decref(rows);
    return read;
}

/* ---- while it runs: more is promised than we know of ---- */

static void doubts_judge(struct crowd *c, json_t *rows)
{
    for (size_t i = 0; i < c->books.skus_count; i++) {
        struct books_sku *s = &c->books.skus[i];
        size_t at;
        json_t *row;
        json_array_foreach(rows, at, row)
        {
            const char *sku = json_string_value(json_object_get(row, "sku"));
            if (s->asked > 0 && sku != NULL && strcmp(sku, s->sku) == 0)
                s->allocated = number(row, "allocated");
        }
        if (s->asked == 0)
            continue;
        books_judge(s, s->asked); /* nobody may tell: then it is what we know that counts */
        s->asked = 0;
        if (s->oversold_max > 0)
            crowd_trouble(c, "more was promised than there is", s->sku);
    }
}

static void doubt_told(struct load_http *http, int status, const char *body, size_t len)
{
    struct crowd *c = http->ctx;
    json_t *answer = status == 200 ? json_loadb(body, len, 0, NULL) : NULL;
    c->doubt_asking = false;
    doubts_judge(c, json_object_get(answer, "stock"));
    json_decref(answer);
    if (books_is_doubted(&c->books) && !c->finishing)
        stock_doubt(c); /* of what came behind the question */
}

void stock_doubt(struct crowd *c)
{
    if (c->doubt_asking)
        return;
    for (size_t i = 0; i < c->books.skus_count; i++)
        c->books.skus[i].asked = c->books.skus[i].doubted;
    ask_prepare(c, &c->doubt, "/v1/stock");
    if (c->doubt.token == NULL) {
        doubts_judge(c, NULL);
        return;
    }
    c->doubt.done = doubt_told;
    c->doubt.ctx = c;
    c->doubt_asking = true;
    load_http_start(&c->set, &c->doubt);
}

/* ---- behind it ---- */

/* Empty `ret`: nothing is wrong with this row. */
static void row_check(const json_t *row, const struct books_sku *s, char *ret, size_t size)
{
    long long allocated = number(row, "allocated"), available = number(row, "available"), held = number(row, "held"),
              sold = number(row, "sold"), told = s->sold_before + s->held + s->sold;
    ret[0] = '\0';
    if (available + held + sold != allocated)
        snprintf(ret, size, "%s: %lld available + %lld held + %lld sold are not %lld allocated", s->sku, available,
                 held, sold, allocated);
    else if (held + sold < told)
        snprintf(ret, size, "%s: the shop counts %lld held or sold, viewers were told of %lld", s->sku, held + sold,
                 told);
}

static uint64_t rows_check(struct crowd *c, json_t *rows)
{
    uint64_t wrong = 0;
    size_t at;
    json_t *row;
    c->stock_why[0] = '\0';
    json_array_foreach(rows, at, row)
    {
        char why[160];
        const char *sku = json_string_value(json_object_get(row, "sku"));
        const struct books_sku *s = sku == NULL ? NULL : books_sku(&c->books, sku);
        if (s == NULL)
            continue;
        row_check(row, s, why, sizeof why);
        wrong += why[0] != '\0';
        if (why[0] != '\0' && c->stock_why[0] == '\0')
            snprintf(c->stock_why, sizeof c->stock_why, "%s", why);
    }
    return wrong;
}

static void pause_ms(struct crowd *c, int64_t ms) /* also when whoever runs it wants to stop */
{
    for (int64_t until = load_now_ms() + ms; load_now_ms() < until;)
        crowd_turn(c, 1);
}

enum known { KNOWN, NOT_KNOWN, NO_ANSWER };

/* Does the shop say held or paid, as the viewer was told? */
static enum known hold_ask(struct crowd *c, const struct claim *claim)
{
    char path[64], hold[sizeof claim->hold];
    int status;
    snprintf(hold, sizeof hold, "%s", claim->hold);
    snprintf(path, sizeof path, "/v1/holds/%s", hold);
    json_t *answer = shop_read(c, path, &status);
    const char *state = json_string_value(json_object_get(answer, "state"));
    bool gone = status == 404 || (state != NULL && strcmp(state, "held") != 0 && strcmp(state, "confirmed") != 0);
    json_decref(answer);
    claims_expire(c);
    if (!claim->counted || strcmp(claim->hold, hold) != 0) /* its end was told meanwhile */
        return KNOWN;
    return status == 0 ? NO_ANSWER : gone ? NOT_KNOWN : KNOWN;
}

/* Units that viewers were told are theirs and that the shop does not know of, also when the news had time to come. */
static int64_t units_unknown(struct crowd *c, const struct books_sku *s)
{
    int64_t units = 0, until = 0;
    size_t asked = 0;
    for (size_t i = 0; i < c->config.viewers * CLAIMS_MAX && asked < HOLDS_ASKED_MAX; i++) {
        const struct claim *claim = &c->buyers[i / CLAIMS_MAX].claims[i % CLAIMS_MAX];
        enum known known = KNOWN;
        if (claim->sku != s || !claim->counted)
            continue;
        for (asked++; (known = hold_ask(c, claim)) == NOT_KNOWN;) {
            until = until == 0 ? load_now_ms() + AGREE_WITHIN_MS : until;
            if (load_now_ms() >= until)
                break;
            pause_ms(c, ASK_EVERY_MS);
        }
        if (known == NO_ANSWER) /* nor would the others have one */
            return units;
        units += known == NOT_KNOWN ? claim->units : 0;
    }
    return units;
}

static void believed_check(struct crowd *c, struct books_sku *s)
{
    int64_t unknown = s->believed ? units_unknown(c, s) : 0;
    if (unknown > s->oversold_max)
        s->oversold_max = unknown;
}

bool crowd_stock_after(struct crowd *c)
{
    bool read = false;
    int64_t until = load_now_ms() + (c->stopped ? STOPPED_WAIT_MS : AGREE_WITHIN_MS);
    claims_expire(c);
    for (;;) {
        json_t *rows = stock_read(c);
        read = rows != NULL;
        if (read)
            c->counts.stock_mismatches = rows_check(c, rows);
        json_decref(rows);
        if (c->counts.stock_mismatches == 0 || load_now_ms() >= until)
            break;
        pause_ms(c, ASK_EVERY_MS);
        claims_expire(c);
    }
    for (size_t i = 0; read && i < c->books.skus_count; i++)
        believed_check(c, &c->books.skus[i]);
    return read;
}
