/* loadtest/stock_check.c - GET /v1/stock before and after: what the shop says it sold must cover what viewers were told is theirs,
 * and its own sum must hold. Needs a token that may read the shop's stock: the integrator's, or a host's of the whole shop. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "loadtest/buyer.h"

#define AGREE_WITHIN_MS 5000 /* what is read may be a moment older than what a viewer was told */
#define ASK_EVERY_MS 100

struct stock_ask {
    struct load_http http;
    bool done;
    int status;
    json_t *answer;
};

static void stock_told(struct load_http *http, int status, const char *body, size_t len)
{
    struct stock_ask *ask = http->ctx;
    ask->done = true;
    ask->status = status;
    ask->answer = status == 200 ? json_loadb(body, len, 0, NULL) : NULL;
}

static void ask_prepare(const struct crowd *c, struct load_http *http)
{
    *http = (struct load_http){.method = "GET",
                               .path = "/v1/stock",
                               .token = c->config.integrator_token != NULL ? c->config.integrator_token
                                                                           : c->config.host_token};
}

/* The rows; NULL: not to be had. The caller's to json_decref. */
static json_t *stock_read(struct crowd *c)
{
    struct stock_ask ask = {0};
    json_t *rows = NULL;
    ask_prepare(c, &ask.http);
    ask.http.done = stock_told;
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
    if (ask.answer != NULL)
        rows = json_incref(json_object_get(ask.answer, "stock"));
    json_decref(ask.answer);
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
        s->known = true;
        s->allocated = number(row, "allocated");
        s->sold_before = number(row, "sold") - s->sold;
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
    ask_prepare(c, &c->doubt);
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

bool crowd_stock_after(struct crowd *c)
{
    bool read = false;
    claims_expire(c);
    for (int64_t until = load_now_ms() + AGREE_WITHIN_MS;;) {
        json_t *rows = stock_read(c);
        read = rows != NULL;
        if (read)
            c->counts.stock_mismatches = rows_check(c, rows);
        json_decref(rows);
        if (c->counts.stock_mismatches == 0 || c->stopped || load_now_ms() >= until)
            return read;
        crowd_wait(c, ASK_EVERY_MS);
        claims_expire(c);
    }
}
