/* loadtest/claim.c - one claim on units, from the tap to its end.
 *
 *   claim_ask          a fresh id: it is the hold's, and is kept until the end
 *     claim_answer     held, refused, or not known: then it is asked again under the same id
 *     claims_resume    so it is when the line broke between
 *   claim_then         keep, give back or pay
 *   claim_pushed       what the server says by itself: expired, paid, taken back
 *
 * Units count as ours from the answer that says so until we give them back, are told that they ended, or their time is over
 * by the server's clock: then they may be another's before the news reaches us. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "loadtest/buyer.h"

#define ASK_AGAIN_MS 5000
#define RETRY_FIRST_MS 200
#define RETRY_LAST_MS 4000
#define CLOCKS_APART_MS 50 /* a hold this near its end may be another's: clocks and lines are not exact */

static void claim_timer(struct load_timer *timer);

/* ---- the books ---- */

static void claim_move(struct claim *claim, enum claim_state next) /* the only writer of claim->state */
{
    struct crowd *c = claim->buyer->crowd;
    c->asking -= claim->state == CLAIM_ASKED;
    c->busy -= claim->state != CLAIM_NONE && claim->state != CLAIM_HELD;
    claim->state = next;
    c->asking += next == CLAIM_ASKED;
    c->busy += next != CLAIM_NONE && next != CLAIM_HELD;
}

static void claim_uncount(struct claim *claim)
{
    if (claim->counted)
        (void)books_move(claim->sku, -(int64_t)claim->units, 0);
    claim->counted = false;
}

static void claim_end(struct claim *claim)
{
    claim_uncount(claim);
    load_timer_stop(&claim->timer);
    claim_move(claim, CLAIM_NONE);
    if (claim->loops)
        wish_again(claim->buyer);
}

/* More is ours than there is, unless some of it ended by the clock and the news are still on the way. */
static void sweep(struct crowd *c, const struct books_sku *sku) /* NULL: of all */
{
    int64_t over_ms = crowd_server_ms(c) + CLOCKS_APART_MS;
    for (size_t i = 0; i < c->config.viewers; i++)
        for (size_t k = 0; k < CLAIMS_MAX; k++) {
            struct claim *claim = &c->buyers[i].claims[k];
            if ((sku == NULL || claim->sku == sku) && claim->counted && claim->expires_ms <= over_ms)
                claim_uncount(claim);
        }
}

static void claim_count(struct claim *claim, int64_t held, int64_t sold)
{
    struct crowd *c = claim->buyer->crowd;
    claim->counted = held > 0;
    if (books_move(claim->sku, held, sold))
        return;
    sweep(c, claim->sku);
    if (books_over(claim->sku) > 0) {
        books_doubt(claim->sku);
        stock_doubt(c);
    }
}

/* Paid for: ours for good. */
static void claim_sold(struct claim *claim)
{
    claim_count(claim, claim->counted ? -(int64_t)claim->units : 0, claim->units);
    claim_end(claim);
}

/* ---- asking ---- */

static void claim_send(struct claim *claim)
{
    if (!load_viewer_is_live(&claim->buyer->viewer)) { /* claims_resume asks when the line is back */
        claim->broken = true;
        return;
    }
    claim->taps_due++;
    claim->attempts++;
    load_sendf(&claim->buyer->viewer.conn, "{\"t\":\"reserve\",\"id\":\"%s\",\"lines\":[{\"sku\":\"%s\",\"qty\":%u}]}",
               claim->hold, claim->sku->sku, claim->units);
}

bool claim_ask(struct buyer *b, const struct wish *wish)
{
    struct crowd *c = b->crowd;
    struct claim *claim = b->claims;
    char random[21];
    while (claim < b->claims + CLAIMS_MAX && claim->state != CLAIM_NONE)
        claim++;
    if (claim == b->claims + CLAIMS_MAX)
        return false;
    *claim = (struct claim){.timer.fire = claim_timer,
                            .buyer = b,
                            .sku = wish->sku,
                            .then = wish->then,
                            .units = wish->qty,
                            .taps_left = wish->taps_later,
                            .loops = wish->loops,
                            .due_us = wish->due_us,
                            .then_ms = wish->then_ms};
    rng_text(&c->ids, random, 20);
    snprintf(claim->hold, sizeof claim->hold, "h_%s", random);
    c->counts.asked++;
    claim_move(claim, CLAIM_ASKED);
    for (unsigned i = 0; i < wish->taps_at_once; i++)
        claim_send(claim);
    load_timer_start(&c->set, &claim->timer,
                     claim->taps_left > 0 ? 1000 + (int64_t)rng_below(&c->set.rng, 2000) : ASK_AGAIN_MS);
    return true;
}

/* ---- what becomes of it ---- */

static void claim_give_back(struct claim *claim)
{
    claim_uncount(claim);
    claim_move(claim, CLAIM_GIVING_BACK);
    load_sendf(&claim->buyer->viewer.conn, "{\"t\":\"release\",\"id\":\"g_%s\",\"hold\":\"%s\"}", claim->hold,
               claim->hold);
    load_timer_start(&claim->buyer->crowd->set, &claim->timer, ASK_AGAIN_MS);
}

static void claim_then(struct claim *claim)
{
    struct crowd *c = claim->buyer->crowd;
    if (claim->then == THEN_PAY && c->config.integrator_token != NULL) {
        claim_move(claim, CLAIM_PAYING);
        load_timer_start(&c->set, &claim->timer, ASK_AGAIN_MS);
        (void)pay_start(claim);
    } else if (claim->then != THEN_KEEP) {
        claim_give_back(claim);
    }
}

static void then_plan(struct claim *claim)
{
    if (claim->then != THEN_KEEP && claim->then_ms == 0 && claim->taps_left == 0)
        claim_then(claim);
    else if (claim->taps_left == 0)
        load_timer_stop(&claim->timer);
    if (claim->state == CLAIM_HELD && claim->taps_left == 0 && claim->then != THEN_KEEP)
        load_timer_start(&claim->buyer->crowd->set, &claim->timer, claim->then_ms);
}

static int64_t backoff_ms(struct crowd *c, unsigned attempts)
{
    int64_t most = RETRY_FIRST_MS << (attempts < 5 ? attempts : 5);
    return 1 + (int64_t)rng_below(&c->set.rng, (uint64_t)(most < RETRY_LAST_MS ? most : RETRY_LAST_MS));
}

static void claim_timer(struct load_timer *timer)
{
    struct claim *claim = container_of(timer, struct claim, timer);
    struct crowd *c = claim->buyer->crowd;
    bool taps = claim->taps_left > 0;
    claim->taps_left -= taps;
    switch (claim->state) {
    case CLAIM_ASKED:
        c->counts.asked_again += !taps;
        claim_send(claim);
        load_timer_start(&c->set, timer, ASK_AGAIN_MS);
        break;
    case CLAIM_HELD:
        if (taps) {
            claim_send(claim);
            then_plan(claim);
        } else {
            claim_then(claim);
        }
        break;
    case CLAIM_GIVING_BACK:
        claim_give_back(claim);
        break;
    case CLAIM_PAYING:
        load_timer_start(&c->set, timer, ASK_AGAIN_MS);
        (void)pay_start(claim);
        break;
    case CLAIM_NONE:
        break;
    }
}

/* ---- what the server says ---- */

static bool text_member(const char *text, size_t len, const char *name, const char **ret, size_t *ret_len)
{
    if (text == NULL || !load_find(text, len, name, ret, ret_len) || *ret_len < 2 || **ret != '"')
        return false;
    *ret += 1;
    *ret_len -= 2;
    return true;
}

static int64_t number_member(const char *text, size_t len, const char *name)
{
    const char *value;
    size_t value_len;
    return text != NULL && load_find(text, len, name, &value, &value_len) ? strtoll(value, NULL, 10) : 0;
}

static void total_read(struct claim *claim, const struct load_peek *p)
{
    const char *total, *currency;
    size_t len, currency_len;
    if (!load_find(p->d, p->d_len, "total", &total, &len) || *total != '{')
        return;
    claim->amount = number_member(total, len, "amount");
    if (text_member(total, len, "currency", &currency, &currency_len) && currency_len == 3)
        snprintf(claim->currency, sizeof claim->currency, "%.3s", currency);
}

static void claim_held(struct claim *claim, const struct load_peek *p)
{
    struct crowd *c = claim->buyer->crowd;
    claim->expires_ms = number_member(p->d, p->d_len, "expires_ms");
    total_read(claim, p);
    claim_move(claim, CLAIM_HELD);
    c->counts.held++;
    c->held_answers++;
    claim_count(claim, claim->units, 0);
    then_plan(claim);
}

/* The hold's state, told in an answer or by itself. */
static void claim_told(struct claim *claim, const struct load_peek *p)
{
    const char *state;
    size_t len;
    if (!text_member(p->d, p->d_len, "state", &state, &len))
        return;
    if (load_is(state, len, "held")) {
        if (claim->state == CLAIM_ASKED)
            claim_held(claim, p);
    } else if (load_is(state, len, "confirmed")) {
        claim_sold(claim);
    } else { /* released, expired, void */
        claim_end(claim);
    }
}

static struct claim *claim_find(struct buyer *b, const char *hold, size_t len)
{
    for (size_t i = 0; i < CLAIMS_MAX; i++)
        if (b->claims[i].state != CLAIM_NONE && load_is(hold, len, b->claims[i].hold))
            return &b->claims[i];
    return NULL;
}

void claim_pushed(struct buyer *b, const struct load_peek *p)
{
    const char *hold;
    size_t len;
    struct claim *claim = text_member(p->d, p->d_len, "hold", &hold, &len) ? claim_find(b, hold, len) : NULL;
    if (claim != NULL)
        claim_told(claim, p);
}

static bool is_not_known(const char *code, size_t len)
{
    return load_is(code, len, "unavailable") || load_is(code, len, "overloaded") || load_is(code, len, "rate_limited");
}

static void claim_refused(struct claim *claim, const struct load_peek *p, const char *code, size_t len)
{
    struct crowd *c = claim->buyer->crowd;
    if (claim->state != CLAIM_ASKED)
        return;
    if (is_not_known(code, len)) {
        int64_t after = number_member(p->d, p->d_len, "retry_after_ms");
        c->counts.asked_again++;
        load_timer_start(&c->set, &claim->timer, after + backoff_ms(c, claim->attempts));
        return;
    }
    c->counts.refused++;
    if (claim->taps_due == 0 && claim->taps_left == 0)
        claim_end(claim);
}

static void reserve_answered(struct claim *claim, const struct load_peek *p)
{
    struct crowd *c = claim->buyer->crowd;
    const char *code = "held";
    size_t len = 4;
    bool hold = load_is(p->t, p->t_len, "hold");
    if (!hold && !text_member(p->d, p->d_len, "code", &code, &len))
        return;
    claim->taps_due -= claim->taps_due > 0;
    books_answer(&c->books, code, len);
    if (!claim->answered && (hold || !is_not_known(code, len))) {
        int64_t us = load_now_us() - claim->due_us;
        claim->answered = true;
        histogram_add(&c->reserve, us);
        histogram_add(&c->series.reserve, us);
        if (!claim->broken)
            histogram_add(&c->reserve_unbroken, us);
    }
    if (hold)
        claim_told(claim, p);
    else
        claim_refused(claim, p, code, len);
}

static void release_answered(struct claim *claim, const struct load_peek *p)
{
    const char *code;
    size_t len;
    if (claim->state != CLAIM_GIVING_BACK)
        return;
    if (load_is(p->t, p->t_len, "hold"))
        claim_told(claim, p);
    else if (text_member(p->d, p->d_len, "code", &code, &len) && !is_not_known(code, len))
        claim_end(claim); /* it had ended another way */
}

bool claim_answer(struct buyer *b, const struct load_peek *p)
{
    bool back = p->re_len > 2 && memcmp(p->re, "g_", 2) == 0;
    struct claim *claim = claim_find(b, p->re + (back ? 2 : 0), p->re_len - (back ? 2 : 0));
    if (claim == NULL)
        return false;
    if (back)
        release_answered(claim, p);
    else
        reserve_answered(claim, p);
    return true;
}

/* ---- a line that was lost ---- */

bool claims_wait(const struct buyer *b)
{
    for (size_t i = 0; i < CLAIMS_MAX; i++)
        if (b->claims[i].state == CLAIM_ASKED || b->claims[i].state == CLAIM_GIVING_BACK)
            return true;
    return false;
}

void claims_resume(struct buyer *b)
{
    for (size_t i = 0; i < CLAIMS_MAX; i++) {
        struct claim *claim = &b->claims[i];
        bool unanswered = claim->state == CLAIM_ASKED || (claim->state != CLAIM_NONE && claim->taps_due > 0);
        claim->taps_due = 0; /* answers of the old line do not come any more */
        claim->broken = true;
        if (unanswered && claim->state != CLAIM_GIVING_BACK) {
            b->crowd->counts.asked_again += claim->attempts > 0;
            claim_send(claim);
        } else if (claim->state == CLAIM_GIVING_BACK) {
            claim_give_back(claim);
        }
    }
}

void claims_reconcile(struct buyer *b, const char *text, size_t len)
{
    for (size_t i = 0; i < CLAIMS_MAX; i++) {
        struct claim *claim = &b->claims[i];
        if (claim->state == CLAIM_HELD && memmem(text, len, claim->hold, strlen(claim->hold)) == NULL)
            claim_end(claim);
    }
}

void claim_paid(struct buyer *b, const char *hold, int status)
{
    struct crowd *c = b->crowd;
    struct claim *claim = claim_find(b, hold, strlen(hold));
    if (status == 200)
        c->counts.paid++;
    else if (status / 100 == 4)
        c->counts.pay_refused++;
    if (claim == NULL || claim->state != CLAIM_PAYING)
        return; /* the viewer was told before us */
    if (status == 200) {
        claim_sold(claim);
    } else if (status / 100 == 4 && status != 429) {
        claim_end(claim); /* 410: too late */
    } else {
        load_timer_start(&c->set, &claim->timer, backoff_ms(c, ++claim->attempts));
    }
}

void claims_expire(struct crowd *c) { sweep(c, NULL); }

void claims_rest(struct buyer *b)
{
    for (size_t i = 0; i < CLAIMS_MAX; i++)
        if (b->claims[i].state == CLAIM_HELD)
            load_timer_stop(&b->claims[i].timer);
}

void claims_forget(struct buyer *b)
{
    for (size_t i = 0; i < CLAIMS_MAX; i++)
        load_timer_stop(&b->claims[i].timer);
}
