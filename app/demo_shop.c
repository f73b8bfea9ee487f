#include "app/demo_shop.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/token.h"
#include "base/must.h"

#define HOLD_MS 300000
#define TOKEN_MS (7 * INT64_C(86400000))
#define ANSWER_WAIT_MS 10000
#define SHOWS_MAX 100 /* a show that was ended stays ended: the next run opens spring-drop-2, -3, ... */

extern const char demo_catalogue[], demo_run[], demo_logistics[]; /* scripts/examples, embedded */
extern const size_t demo_catalogue_len, demo_run_len, demo_logistics_len;

/* ---- one request after the other ---- */

static void asked_done(struct load_http *h, int status, const char *body, size_t len)
{
    struct demo_shop *s = h->ctx;
    s->status = status;
    snprintf(s->answer, sizeof s->answer, "%.*s", (int)(len < DEMO_ANSWER_MAX ? len : DEMO_ANSWER_MAX - 1), body);
    s->answered = true;
}

static int ask(struct demo_shop *s, const char *method, const char *path, const char *body, size_t len)
{
    struct load_http h = {.method = method,
                          .path = path,
                          .token = s->integrator,
                          .body = body,
                          .body_len = len,
                          .done = asked_done,
                          .ctx = s};
    s->answered = false;
    load_http_start(s->set, &h);
    for (int64_t until = load_now_ms() + ANSWER_WAIT_MS; !s->answered && load_now_ms() < until;)
        load_turn(s->set, 10);
    if (!s->answered) {
        load_close(&h.conn, 0);
        load_turn(s->set, 0);
        s->status = 0;
    }
    return s->status;
}

static enum result asked_wrong(const struct demo_shop *s, const char *what, struct fault *fault)
{
    return fault_set(fault, RESULT_UNAVAILABLE, "demo: %s was answered %d: %.300s", what, s->status, s->answer);
}

/* ---- the sample ---- */

static enum result token_of(struct demo_shop *s, enum role role, const char *sub, char *ret, size_t size,
                            struct fault *fault)
{
    struct bytes token = {0};
    int64_t now_ms = (int64_t)time(NULL) * 1000;
    struct auth_mint mint = {
        .role = role, .shop = DEMO_SHOP, .sub = sub, .issued_ms = now_ms, .expires_ms = now_ms + TOKEN_MS};
    enum result result = token_mint(s->config, &mint, &token, fault);
    if (result == RESULT_OK && token.len < size)
        memcpy(ret, token.data, token.len + 1);
    else if (result == RESULT_OK)
        result = fault_set(fault, RESULT_FULL, "demo: the token is too long");
    bytes_finish(&token);
    return result;
}

static enum result tokens_make(struct demo_shop *s, struct fault *fault)
{
    enum result result = token_of(s, ROLE_INTEGRATOR, "demo-shop", s->integrator, sizeof s->integrator, fault);
    if (result == RESULT_OK)
        result = token_of(s, ROLE_HOST, "host", s->host, sizeof s->host, fault);
    if (result == RESULT_OK)
        result = token_of(s, ROLE_VIEWER, NULL, s->viewer, sizeof s->viewer, fault);
    if (result == RESULT_OK)
        result = token_of(s, ROLE_LOGISTICS, "planner", s->logistics, sizeof s->logistics, fault);
    return result;
}

static bool show_is_over(const struct demo_shop *s)
{
    return strstr(s->answer, "\"state\":\"ended\"") != NULL || strstr(s->answer, "\"state\":\"settled\"") != NULL;
}

/* The first show that has not been ended; 404 means it is still to be made. */
static enum result show_find(struct demo_shop *s, struct fault *fault)
{
    char path[ID_LEN_MAX + 32];
    for (int i = 1; i <= SHOWS_MAX; i++) {
        snprintf(s->broadcast.text, sizeof s->broadcast.text, i == 1 ? DEMO_BROADCAST : DEMO_BROADCAST "-%d", i);
        snprintf(path, sizeof path, "/v1/broadcasts/%s", s->broadcast.text);
        int status = ask(s, "GET", path, NULL, 0);
        if (status == 404 || (status == 200 && !show_is_over(s)))
            return RESULT_OK;
        if (status != 200)
            return asked_wrong(s, path, fault);
    }
    return fault_set(fault, RESULT_FULL, "demo: %d shows were ended here; start afresh with another --data-dir",
                     SHOWS_MAX);
}

static enum result stock_allocate(struct demo_shop *s, const char *sku, int64_t units, const char *ref,
                                  struct fault *fault)
{
    char path[ID_LEN_MAX + 32], body[256];
    snprintf(path, sizeof path, "/v1/stock/%.63s/allocate", sku);
    int len = snprintf(body, sizeof body, "{\"units\":%lld,\"ref\":\"%s\"}", (long long)units, ref);
    return ask(s, "POST", path, body, (size_t)len) == 200 ? RESULT_OK : asked_wrong(s, path, fault);
}

/* What the plan needs, once: the ref names the show and the cue, so that a second start gives nothing twice. */
static enum result stock_first(struct demo_shop *s, struct fault *fault)
{
    json_t *run = json_loadb(demo_run, demo_run_len, 0, NULL), *cue;
    size_t i;
    enum result result = RESULT_OK;
    json_array_foreach(json_object_get(run, "cues"), i, cue)
    {
        char ref[160];
        const char *sku = json_string_value(json_object_get(cue, "sku"));
        json_int_t units = json_integer_value(json_object_get(cue, "planned_units"));
        snprintf(ref, sizeof ref, "%s-%.40s", s->broadcast.text, json_string_value(json_object_get(cue, "id")));
        if (result == RESULT_OK && sku != NULL && units > 0)
            result = stock_allocate(s, sku, units, ref, fault);
    }
    json_decref(run);
    return result;
}

static enum result show_make(struct demo_shop *s, struct fault *fault)
{
    char body[512], path[ID_LEN_MAX + 48];
    int len = snprintf(body, sizeof body,
                       "{\"id\":\"%s\",\"title\":\"Spring drop\",\"video\":{\"url\":\"\",\"still\":\"\"},"
                       "\"hold_ms\":%d}",
                       s->broadcast.text, HOLD_MS);
    if (ask(s, "POST", "/v1/broadcasts", body, (size_t)len) / 100 != 2)
        return asked_wrong(s, "POST /v1/broadcasts", fault);
    snprintf(path, sizeof path, "/v1/broadcasts/%s/run-of-show", s->broadcast.text);
    if (ask(s, "PUT", path, demo_run, demo_run_len) != 200)
        return asked_wrong(s, path, fault);
    return stock_first(s, fault);
}

/* Two places that ship, two pick-ups, three cartons; one that was put by a person stays. */
static enum result logistics_first(struct demo_shop *s, struct fault *fault)
{
    if (ask(s, "GET", "/v1/logistics", NULL, 0) != 200)
        return asked_wrong(s, "GET /v1/logistics", fault);
    if (strstr(s->answer, "\"sites\":[]") == NULL)
        return RESULT_OK;
    if (ask(s, "PUT", "/v1/logistics", demo_logistics, demo_logistics_len) != 200)
        return asked_wrong(s, "PUT /v1/logistics", fault);
    return RESULT_OK;
}

enum result demo_shop_open(struct demo_shop *s, struct load_set *set, const struct config *c, struct fault *fault)
{
    *s = (struct demo_shop){.set = set, .config = c};
    enum result result = tokens_make(s, fault);
    if (result == RESULT_OK && ask(s, "PUT", "/v1/catalogue", demo_catalogue, demo_catalogue_len) != 200)
        result = asked_wrong(s, "PUT /v1/catalogue", fault);
    if (result == RESULT_OK)
        result = logistics_first(s, fault);
    if (result == RESULT_OK)
        result = show_find(s, fault);
    if (result == RESULT_OK && s->status == 404)
        result = show_make(s, fault);
    snprintf(s->path, sizeof s->path, "/v1/broadcasts/%s/live", s->broadcast.text);
    return result;
}

void demo_shop_print_links(const struct demo_shop *s, const char *url)
{
    const char *show = s->broadcast.text;
    printf("\nThe demo runs at %s until Ctrl-C. It keeps its data in %s\n\n", url,
           config_text(s->config, SETTING_DATA_DIR));
    printf("  Host console   %s/host/#token=%s&broadcast=%s\n\n", url, s->host, show);
    printf("  Viewer page    %s/viewer/#token=%s&broadcast=%s\n\n", url, s->viewer, show);
    printf("  Logistics      %s/logistics/#token=%s&broadcast=%s\n\n", url, s->logistics, show);
    fflush(stdout);
}

/* ---- later ---- */

struct restock {
    struct load_http http;
    char path[ID_LEN_MAX + 32], body[256];
};

static void restocked(struct load_http *h, int status, const char *body, size_t len)
{
    struct restock *r = (struct restock *)h;
    (void)status; /* lost: the next look at the counts asks for more again */
    (void)body;
    (void)len;
    free(r);
}

void demo_shop_restock(struct demo_shop *s, const char *sku, int64_t units)
{
    char tail[13];
    struct restock *r = calloc(1, sizeof *r);
    MUST(r != NULL);
    rng_text(&s->set->rng, tail, 12);
    snprintf(r->path, sizeof r->path, "/v1/stock/%.63s/allocate", sku);
    int len = snprintf(r->body, sizeof r->body, "{\"units\":%lld,\"ref\":\"restock-%s\"}", (long long)units, tail);
    r->http = (struct load_http){.method = "POST",
                                 .path = r->path,
                                 .token = s->integrator,
                                 .body = r->body,
                                 .body_len = (size_t)len,
                                 .done = restocked};
    load_http_start(s->set, &r->http);
}
