/* app/demo_guest.c - a life before the screen.
 *
 *   guest_come        a new person joins
 *     guest_sees      something is pinned: some want it, after a while
 *     guest_claims    reserve; sold out: some get in line
 *     guest_holds     theirs: most pay (as the shop's checkout does, over HTTP), some give back, some forget
 *   guest_looks       every now and then: how far behind the host their video is
 *   guest_goes        after minutes; later somebody else takes the seat */
#include "app/demo_guest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WANTS_SHARE 0.14
#define TWO_UNITS_SHARE 0.15
#define WAITS_SHARE 0.45
#define PAYS_SHARE 0.72
#define GIVES_BACK_SHARE 0.14 /* the rest forget, and the hold expires */
#define WISH_MEAN_MS 14000
#define PAY_MEAN_MS 22000
#define DOUBT_MEAN_MS 12000
#define STAY_MEAN_MS 240000
#define EMPTY_SEAT_MEAN_MS 15000
#define RETRY_MS 2000
#define PAUSE_MIN_MS 700
#define LOOK_MS 10000 /* as the page does */
#define LAG_MIN_MS 4000
#define LAG_MORE_MEAN_MS 2500

static void guest_come(struct demo_guest *g);

static double chance(struct demo_guest *g) { return rng_unit(&g->shop->set->rng); }

static int64_t some_time(struct demo_guest *g, int64_t mean_ms)
{
    return PAUSE_MIN_MS + (int64_t)(-log(1 - chance(g)) * (double)mean_ms);
}

static void after(struct demo_guest *g, int64_t ms, void (*act)(struct demo_guest *g))
{
    g->act = act;
    load_timer_start(g->shop->set, &g->next, ms);
}

static void next_due(struct load_timer *timer)
{
    struct demo_guest *g = container_of(timer, struct demo_guest, next);
    g->act(g);
}

/* ---- paying ---- */

static void guest_paid(struct load_http *h, int status, const char *body, size_t len)
{
    struct demo_guest *g = h->ctx;
    (void)status; /* 200, or too late: the hold's end is told on the socket */
    (void)body;
    (void)len;
    g->paying = false;
}

static void guest_pays(struct demo_guest *g)
{
    if (ID_IS_NONE(g->hold) || g->paying)
        return;
    snprintf(g->pay_path, sizeof g->pay_path, "/v1/holds/%s/confirm", g->hold.text);
    snprintf(g->pay_key, sizeof g->pay_key, "pay-%.59s", g->hold.text);
    int len = snprintf(g->pay_body, sizeof g->pay_body, "{\"order\":\"D-%s\",\"amount\":%lld,\"currency\":\"%s\"}",
                       g->hold.text, (long long)g->total_minor, g->currency);
    g->pay = (struct load_http){.method = "POST",
                                .path = g->pay_path,
                                .token = g->shop->integrator,
                                .idempotency_key = g->pay_key,
                                .body = g->pay_body,
                                .body_len = (size_t)len,
                                .done = guest_paid,
                                .ctx = g};
    g->paying = true;
    g->hold = (struct hold_id){0};
    load_http_start(g->shop->set, &g->pay);
}

static void guest_gives_back(struct demo_guest *g)
{
    if (!ID_IS_NONE(g->hold))
        load_sendf(&g->viewer.conn, "{\"t\":\"release\",\"id\":\"r\",\"hold\":\"%s\"}", g->hold.text);
    g->hold = (struct hold_id){0};
}

static void guest_forgets(struct demo_guest *g) { g->hold = (struct hold_id){0}; }

static void guest_holds(struct demo_guest *g)
{
    double x = chance(g);
    if (x < PAYS_SHARE)
        after(g, some_time(g, PAY_MEAN_MS), guest_pays);
    else if (x < PAYS_SHARE + GIVES_BACK_SHARE)
        after(g, some_time(g, DOUBT_MEAN_MS), guest_gives_back);
    else
        guest_forgets(g);
}

/* ---- wanting ---- */

static void guest_claims(struct demo_guest *g)
{
    char hold[21];
    if (!load_viewer_is_live(&g->viewer) || ID_IS_NONE(g->wish))
        return;
    rng_text(&g->shop->set->rng, hold, 20);
    load_sendf(&g->viewer.conn, "{\"t\":\"reserve\",\"id\":\"h_%s\",\"lines\":[{\"sku\":\"%s\",\"qty\":%d}]}", hold,
               g->wish.text, chance(g) < TWO_UNITS_SHARE ? 2 : 1);
}

static void guest_sees(struct demo_guest *g, const char *object, size_t len)
{
    const char *sku;
    size_t sku_len;
    bool busy = !ID_IS_NONE(g->wish) || !ID_IS_NONE(g->hold) || g->waiting;
    if (busy || chance(g) >= WANTS_SHARE || !load_find(object, len, "sku", &sku, &sku_len) || sku_len < 3)
        return;
    if (ID_PARSE(&g->wish, sku + 1, sku_len - 2) == RESULT_OK)
        after(g, some_time(g, WISH_MEAN_MS), guest_claims);
}

static void guest_is_refused(struct demo_guest *g, const char *d, size_t len)
{
    const char *may_wait;
    size_t may_wait_len;
    bool waitlist = load_find(d, len, "waitlist", &may_wait, &may_wait_len) && load_is(may_wait, may_wait_len, "true");
    if (waitlist && !ID_IS_NONE(g->wish) && chance(g) < WAITS_SHARE) {
        g->waiting = true;
        load_sendf(&g->viewer.conn, "{\"t\":\"waitlist.join\",\"id\":\"w\",\"sku\":\"%s\",\"qty\":1}", g->wish.text);
    }
    g->wish = (struct sku_id){0};
}

/* ---- hearing ---- */

static bool hold_take(struct demo_guest *g, const char *d, size_t len)
{
    const char *hold, *total, *value;
    size_t hold_len, total_len, value_len;
    if (!load_find(d, len, "hold", &hold, &hold_len) || hold_len < 3 ||
        !load_find(d, len, "total", &total, &total_len) || !load_find(total, total_len, "amount", &value, &value_len))
        return false;
    g->total_minor = strtoll(value, NULL, 10);
    if (!load_find(total, total_len, "currency", &value, &value_len) || value_len != 5)
        return false;
    memcpy(g->currency, value + 1, 3);
    return ID_PARSE(&g->hold, hold + 1, hold_len - 2) == RESULT_OK;
}

static void guest_hears_of_hold(struct demo_guest *g, const struct load_peek *p)
{
    const char *state;
    size_t state_len;
    if (p->d == NULL || !load_find(p->d, p->d_len, "state", &state, &state_len) ||
        !load_is(state, state_len, "\"held\""))
        return;
    bool offered = p->re == NULL; /* from the waitlist */
    if (!offered && p->re[0] != 'h')
        return;
    if (hold_take(g, p->d, p->d_len)) {
        g->waiting = false;
        g->wish = (struct sku_id){0};
        guest_holds(g);
    }
}

static void guest_message(struct load_viewer *v, const struct load_peek *p, const char *text, size_t len)
{
    struct demo_guest *g = (struct demo_guest *)v;
    const char *pins;
    size_t pins_len;
    (void)text;
    (void)len;
    if (load_is(p->t, p->t_len, "pin.set") && p->d != NULL)
        guest_sees(g, p->d, p->d_len);
    else if (load_is(p->t, p->t_len, "snapshot") && p->d != NULL &&
             load_find(p->d, p->d_len, "pins", &pins, &pins_len) && pins_len > 2)
        guest_sees(g, pins + 1, pins_len - 2); /* the first one */
    else if (load_is(p->t, p->t_len, "hold"))
        guest_hears_of_hold(g, p);
    else if (load_is(p->t, p->t_len, "error") && p->re != NULL && p->re[0] == 'h' && p->d != NULL)
        guest_is_refused(g, p->d, p->d_len);
}

/* ---- watching ---- */

static void guest_looks(struct load_timer *timer)
{
    struct demo_guest *g = container_of(timer, struct demo_guest, look);
    struct timespec now;
    if (!load_viewer_is_live(&g->viewer))
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t playing_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 - g->lag_ms;
    load_sendf(&g->viewer.conn, "{\"t\":\"clock\",\"id\":\"k\",\"playing_ms\":%lld}", (long long)playing_ms);
    load_timer_start(g->shop->set, &g->look, LOOK_MS);
}

/* ---- coming and going ---- */

static void guest_goes(struct load_timer *timer)
{
    struct demo_guest *g = container_of(timer, struct demo_guest, leave);
    g->gone = true;
    load_viewer_leave(&g->viewer);
}

static void guest_ready(struct load_viewer *v)
{
    struct demo_guest *g = (struct demo_guest *)v;
    if (g->leave.link.next == NULL || !list_is_linked(&g->leave.link))
        load_timer_start(g->shop->set, &g->leave, some_time(g, STAY_MEAN_MS));
    load_timer_start(g->shop->set, &g->look, 1 + (int64_t)(chance(g) * LOOK_MS));
}

static void guest_left(struct load_viewer *v, int code, const char *why)
{
    struct demo_guest *g = (struct demo_guest *)v;
    (void)code;
    (void)why;
    load_timer_stop(&g->look);
    if (g->gone) {
        load_timer_stop(&g->leave);
        after(g, some_time(g, EMPTY_SEAT_MEAN_MS), guest_come);
    } else { /* a restart, a drain: the same person comes back and resumes */
        after(g, some_time(g, RETRY_MS), guest_come);
    }
}

static void guest_come(struct demo_guest *g)
{
    if (g->gone) {
        g->gone = g->waiting = false;
        g->lag_ms = LAG_MIN_MS - (int64_t)(log(1 - chance(g)) * LAG_MORE_MEAN_MS);
        g->wish = (struct sku_id){0};
        g->hold = (struct hold_id){0};
        g->viewer.key[0] = g->viewer.epoch[0] = '\0';
        g->viewer.seq = 0;
    }
    if (g->paying) { /* the seat is taken again when the last one's payment is through */
        after(g, RETRY_MS, guest_come);
        return;
    }
    load_viewer_join(g->shop->set, &g->viewer);
}

void demo_guest_init(struct demo_guest *g, struct demo_shop *shop, int64_t delay_ms)
{
    static const struct load_viewer_handler handler = {
        .ready = guest_ready, .message = guest_message, .left = guest_left};
    *g = (struct demo_guest){.shop = shop,
                             .gone = true,
                             .next = {.fire = next_due},
                             .leave = {.fire = guest_goes},
                             .look = {.fire = guest_looks}};
    g->viewer.handler = &handler;
    g->viewer.path = shop->path;
    g->viewer.token = shop->viewer;
    after(g, delay_ms, guest_come);
}
