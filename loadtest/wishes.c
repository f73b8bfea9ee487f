/* loadtest/wishes.c - who wants what when.
 *
 * Open loop: wishes fall due at a steady rate whatever becomes of them, and each is timed from when it was due. A viewer
 * whose line is down wishes all the same, and asks when it is back. Closed loop: so many viewers, each asks again when it was
 * answered; it shows what a server can do, and flatters its times. */
#include <string.h>

#include "loadtest/buyer.h"

#define BACK_TO_ASK_MS 500 /* those who come back for an answer do not all come at once */

static bool is_free(const struct buyer *b)
{
    for (size_t i = 0; i < CLAIMS_MAX; i++)
        if (b->claims[i].state != CLAIM_NONE)
            return false;
    return (b->expected || b->live) && !b->slow;
}

static bool wish_have(struct buyer *b, const struct crowd_wishes *w, int64_t due_us, bool loops)
{
    struct wish wish = {.sku = books_sku(&b->crowd->books, w->sku),
                        .qty = w->qty,
                        .then = w->then,
                        .due_us = due_us,
                        .taps_at_once = 1,
                        .loops = loops};
    return wish.sku != NULL && claim_ask(b, &wish);
}

/* The next one in turn who has nothing on the way. */
static struct buyer *buyer_free(struct crowd *c)
{
    for (size_t tried = 0; tried < c->config.viewers; tried++) {
        struct buyer *b = &c->buyers[c->buyer_turn++ % c->config.viewers];
        if (is_free(b))
            return b;
    }
    return NULL;
}

static void open_loop(struct crowd *c, struct crowd_wishing *w)
{
    double every_us = 1e6 / w->wishes->per_second;
    int64_t now = load_now_us();
    uint64_t due = (uint64_t)((double)(now - w->began_us) / every_us);
    for (; w->wished < due; w->wished++) {
        struct buyer *b = buyer_free(c);
        if (b == NULL) { /* all have something: these wishes nobody has */
            c->counts.skipped += due - w->wished;
            w->wished = due;
            return;
        }
        (void)wish_have(b, w->wishes, w->began_us + (int64_t)((double)(w->wished + 1) * every_us), false);
    }
}

void wishes_run(struct crowd *c)
{
    if (c->wishing.wishes != NULL && c->wishing.wishes->per_second > 0)
        open_loop(c, &c->wishing);
    for (size_t i = 0; i < c->manners_count; i++)
        if (c->manner_wishing[i].wishes != NULL)
            open_loop(c, &c->manner_wishing[i]);
}

void wish_again(struct buyer *b)
{
    const struct crowd_wishes *w = b->crowd->wishing.wishes;
    if (w != NULL && w->per_second <= 0 && !w->once)
        (void)wish_have(b, w, load_now_us(), true);
}

void crowd_reserve(struct crowd *c, const struct crowd_wishes *wishes)
{
    int64_t until = load_now_ms() + wishes->last_ms;
    size_t asked = 0;
    snprintf(c->doing, sizeof c->doing, "reserve");
    c->wishing = (struct crowd_wishing){.wishes = wishes, .began_us = load_now_us()};
    for (size_t i = 0; wishes->per_second <= 0 && i < c->config.viewers && asked < wishes->at_once; i++)
        if (is_free(&c->buyers[i]) && c->buyers[i].live)
            asked += wish_have(&c->buyers[i], wishes, load_now_us(), true);
    while (crowd_goes_on(c, until) && !(wishes->once && c->asking == 0))
        crowd_turn(c, 1);
    c->wishing.wishes = NULL;
    until = load_now_ms() + ANSWER_WAIT_MS;
    while (c->asking > 0 && c->manners_count == 0 && crowd_goes_on(c, until))
        crowd_turn(c, 1);
    c->counts.unanswered = c->asking;
}

/* Nothing begins any more that needs a line which does not come back. */
static void buyer_stay_away(struct buyer *b)
{
    claims_rest(b);
    if (b->viewer.conn.state == LOAD_IDLE)
        load_timer_stop(&b->back);
}

void crowd_settle(struct crowd *c)
{
    c->manners_count = 0;
    c->wishing.wishes = NULL;
    snprintf(c->doing, sizeof c->doing, "settle");
    for (size_t i = 0; i < c->config.viewers; i++) {
        struct buyer *b = &c->buyers[i];
        load_timer_stop(&b->think);
        if (!b->away || b->expected)
            continue;
        if (claims_wait(b)) /* it left before it was answered: nobody else can ask under that id */
            load_timer_start(&c->set, &b->back, (int64_t)rng_below(&c->set.rng, BACK_TO_ASK_MS));
        else
            buyer_stay_away(b);
    }
    int64_t until = load_now_ms() + (c->stopped ? STOPPED_WAIT_MS : ANSWER_WAIT_MS);
    while ((c->busy > 0 || c->doubt_asking || c->level < c->expected) && load_now_ms() < until)
        crowd_turn(c, 1);
    c->counts.unanswered = c->asking;
    c->counts.missing = c->expected - c->level;
}
