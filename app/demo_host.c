#include "app/demo_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_AFTER_MS 6000
#define CUE_MS 45000
#define STEP_BACK_MS 120000 /* so long after a person's last act the automatic host goes on */
#define RETRY_MS 1000
#define LOW_UNITS 3
#define RESTOCK_MIN_MS 15000
#define RESTOCK_SPREAD_MS 30000
#define RESTOCK_UNITS_MIN 12
#define RESTOCK_UNITS_SPREAD 18
#define PROMISE                                                                                                        \
    "{\"t\":\"extra.add\",\"id\":\"x\",\"sku\":\"mug-red\",\"kind\":\"freebie\",\"adds\":\"sticker\",\"first_"         \
    "orders\":50,"                                                                                                     \
    "\"text\":\"a sticker with every mug\"}"

static void after(struct demo_host *h, int64_t ms) { load_timer_start(h->shop->set, &h->next, ms); }

/* ---- acting ---- */

static void act(struct demo_host *h, const char *what)
{
    h->asking = true;
    load_sendf(&h->viewer.conn, "%s", what);
}

static void host_due(struct load_timer *timer)
{
    struct demo_host *h = container_of(timer, struct demo_host, next);
    char go[160];
    int64_t quiet_ms = load_now_ms() - h->others_ms;
    after(h, CUE_MS);
    if (!h->hosting || h->asking || !load_viewer_is_live(&h->viewer))
        return;
    if (h->others_ms != 0 && quiet_ms < STEP_BACK_MS) {
        after(h, STEP_BACK_MS - quiet_ms);
        return;
    }
    if (strcmp(h->state, "live") == 0 && !h->promised) { /* said again after a restart, it changes nothing */
        h->promised = true;
        act(h, PROMISE);
        after(h, RETRY_MS);
    } else if (strcmp(h->state, "live") == 0 && h->cues_count > 0) {
        snprintf(go, sizeof go, "{\"t\":\"cue.go\",\"id\":\"a\",\"cue\":\"%s\"}", h->cues[h->cue % h->cues_count].text);
        h->cue = (h->cue + 1) % h->cues_count;
        act(h, go);
    } else if (strcmp(h->state, "draft") == 0 || strcmp(h->state, "rehearsal") == 0 ||
               strcmp(h->state, "scheduled") == 0) {
        act(h, "{\"t\":\"start\",\"id\":\"s\",\"force\":true}");
        after(h, RETRY_MS);
    } /* paused or ended by a person: theirs to resume */
}

/* ---- stock ---- */

static struct demo_restock *restock_of(struct demo_host *h, const char *sku, size_t len)
{
    for (size_t i = 0; i < DEMO_SKUS_MAX; i++) {
        struct demo_restock *r = &h->restocks[i];
        if (ID_IS_NONE(r->sku) && ID_PARSE(&r->sku, sku, len) != RESULT_OK)
            return NULL;
        if (load_is(sku, len, r->sku.text))
            return r;
    }
    return NULL;
}

static void stock_look(struct demo_host *h, struct demo_restock *r, int64_t available)
{
    struct rng *rng = &h->shop->set->rng;
    int64_t now = load_now_ms();
    if (r == NULL || available > LOW_UNITS || strcmp(h->state, "live") != 0)
        return;
    if (r->due_ms == 0) { /* the van is on its way */
        r->due_ms = now + RESTOCK_MIN_MS + (int64_t)rng_below(rng, RESTOCK_SPREAD_MS);
    } else if (now >= r->due_ms) {
        r->due_ms = 0;
        demo_shop_restock(h->shop, r->sku.text, RESTOCK_UNITS_MIN + (int64_t)rng_below(rng, RESTOCK_UNITS_SPREAD));
    }
}

/* {"mug-red":{"allocated":40,"available":7,...},...}; each key comes before its `{`. */
static void counts_read(struct demo_host *h, const char *d, size_t len)
{
    const char *at = d, *end = d + len;
    while (at < end && (at = memmem(at, (size_t)(end - at), "\":{", 3)) != NULL) {
        const char *name = at;
        while (name > d && name[-1] != '"')
            name--;
        const char *available = memmem(at, (size_t)(end - at), "\"available\":", 12);
        if (available != NULL)
            stock_look(h, restock_of(h, name, (size_t)(at - name)), strtoll(available + 12, NULL, 10));
        at += 3;
    }
}

/* ---- hearing ---- */

static void state_take(struct demo_host *h, const char *object, size_t len)
{
    const char *value;
    size_t value_len;
    if (load_find(object, len, "state", &value, &value_len) && value_len > 2 && value_len - 2 < sizeof h->state)
        snprintf(h->state, sizeof h->state, "%.*s", (int)value_len - 2, value + 1);
}

/* "run_of_show":[{"id":"c1",...},...]: only the cues' own ids start an object. */
static void cues_take(struct demo_host *h, const char *run, size_t len)
{
    const char *at = run, *end = run + len;
    h->cues_count = 0;
    while (at < end && h->cues_count < CUES_MAX && (at = memmem(at, (size_t)(end - at), "{\"id\":\"", 7)) != NULL) {
        at += 7;
        const char *quote = memchr(at, '"', (size_t)(end - at));
        if (quote != NULL && ID_PARSE(&h->cues[h->cues_count], at, (size_t)(quote - at)) == RESULT_OK)
            h->cues_count++;
    }
}

static void snapshot_take(struct demo_host *h, const struct load_peek *p)
{
    const char *value;
    size_t len;
    if (load_find(p->d, p->d_len, "broadcast", &value, &len))
        state_take(h, value, len);
    if (load_find(p->d, p->d_len, "run_of_show", &value, &len))
        cues_take(h, value, len);
    if (load_find(p->d, p->d_len, "cue_index", &value, &len) && h->cues_count > 0)
        h->cue = (size_t)(strtoll(value, NULL, 10) + 1) % h->cues_count;
    if (load_find(p->d, p->d_len, "counts", &value, &len))
        counts_read(h, value, len);
    h->own_seq = p->seq;
}

static void event_take(struct demo_host *h, const struct load_peek *p)
{
    if (load_is(p->t, p->t_len, "state"))
        state_take(h, p->d, p->d_len);
    if (h->asking || p->seq <= h->own_seq || load_is(p->t, p->t_len, "shelf") || load_is(p->t, p->t_len, "details"))
        return;
    if (h->others_ms == 0 && h->hosting) {
        puts("A host has taken over; the automatic host goes on after two quiet minutes.");
        fflush(stdout);
    }
    h->others_ms = load_now_ms();
}

static void host_message(struct load_viewer *v, const struct load_peek *p, const char *text, size_t len)
{
    struct demo_host *h = (struct demo_host *)v;
    (void)text;
    (void)len;
    if (p->re != NULL && !load_is(p->t, p->t_len, "welcome")) {
        h->asking = false;
        h->own_seq = p->has_seq ? p->seq : h->own_seq;
    } else if (p->d == NULL) {
        return;
    } else if (load_is(p->t, p->t_len, "snapshot")) {
        snapshot_take(h, p);
    } else if (load_is(p->t, p->t_len, "counts")) {
        counts_read(h, p->d, p->d_len);
    } else if (p->has_seq) {
        event_take(h, p);
    }
}

static void host_back(struct load_timer *timer)
{
    struct demo_host *h = container_of(timer, struct demo_host, back);
    load_viewer_join(h->shop->set, &h->viewer);
}

static void host_left(struct load_viewer *v, int code, const char *why)
{
    struct demo_host *h = (struct demo_host *)v;
    (void)code;
    (void)why;
    h->asking = false;
    load_timer_start(h->shop->set, &h->back, RETRY_MS);
}

void demo_host_init(struct demo_host *h, struct demo_shop *shop, bool hosting)
{
    static const struct load_viewer_handler handler = {.message = host_message, .left = host_left};
    *h = (struct demo_host){.shop = shop, .hosting = hosting, .next = {.fire = host_due}, .back = {.fire = host_back}};
    h->viewer.handler = &handler;
    h->viewer.path = shop->path;
    h->viewer.token = shop->host;
    load_viewer_join(shop->set, &h->viewer);
    after(h, START_AFTER_MS);
}
