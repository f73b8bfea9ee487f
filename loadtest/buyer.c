/* loadtest/buyer.c - one viewer: comes in, hears, loses the line, comes back.
 *
 *   buyer_join       the line is opened
 *     buyer_ready    welcomed; level once all that was missed has come
 *     buyer_message  events, pushes, answers
 *   buyer_left       comes back by itself, unless it meant to go */
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "loadtest/buyer.h"

#define BACK_FIRST_MS 250
#define BACK_LAST_MS 8000

/* ---- here or not ---- */

void crowd_presence(struct crowd *c)
{
    size_t missing = c->expected - c->level;
    char text[64];
    if (missing > 0 && !c->fault_open && c->faults_count < CROWD_FAULTS_MAX) {
        c->faults[c->faults_count] = (struct crowd_fault){.began_us = load_now_us()};
        c->fault_open = true;
    }
    if (!c->fault_open)
        return;
    struct crowd_fault *f = &c->faults[c->faults_count];
    if (missing > f->lost)
        f->lost = missing;
    if (missing > 0)
        return;
    f->ended_us = load_now_us();
    c->fault_open = false;
    c->faults_count++;
    snprintf(text, sizeof text, "all %zu back after %.0f ms", f->lost, (double)(f->ended_us - f->began_us) / 1000);
    series_mark(&c->series, (f->ended_us - c->began_us) / 1000, "back", text);
}

static void level_set(struct buyer *b, bool level)
{
    struct crowd *c = b->crowd;
    if (b->level == level || b->slow)
        return;
    b->level = level;
    if (level) {
        buyer_expect(b, true);
        c->level++;
        c->arrived += !b->arrived;
        b->arrived = true;
        if (b->lost_us != 0)
            histogram_add(&c->resume, load_now_us() - b->lost_us);
        b->lost_us = 0;
    } else {
        c->level--;
    }
}

void buyer_expect(struct buyer *b, bool expected)
{
    b->crowd->expected += (size_t)expected;
    b->crowd->expected -= (size_t)b->expected;
    b->expected = expected;
}

void buyer_join(struct buyer *b, int64_t due_us)
{
    b->due_us = due_us;
    b->away = false;
    b->moving = false;
    load_viewer_join(&b->crowd->set, &b->viewer);
}

void buyer_away(struct buyer *b, bool say_goodbye)
{
    b->away = true;
    load_timer_stop(&b->back);
    if (b->level)
        level_set(b, false);
    buyer_expect(b, false);
    load_close(&b->viewer.conn, say_goodbye ? 1000 : 0);
}

static void buyer_ready(struct load_viewer *v)
{
    struct buyer *b = (struct buyer *)v;
    struct crowd *c = b->crowd;
    b->live = true;
    b->fails = 0;
    b->since_pin = c->counts.pins;
    c->live++;
    c->attentive += !b->slow;
    c->counts.joins++;
    c->counts.reconnects += v->resumes + v->snapshots > 0;
    histogram_add(&c->join, load_now_us() - b->due_us);
    claims_resume(b);
    if (b->slow)
        slow_joined(b);
}

/* ---- what it hears ---- */

static void welcome_got(struct buyer *b, const char *text, size_t len)
{
    struct crowd *c = b->crowd;
    const char *value;
    size_t value_len;
    if (!load_find(text, len, "server_ms", &value, &value_len))
        return;
    int64_t ahead = strtoll(value, NULL, 10) - load_now_ms();
    if (!c->clock_known ||
        ahead > c->server_ahead_ms) /* later by what the message travelled: the most is the nearest */
        c->server_ahead_ms = ahead;
    c->clock_known = true;
}

/* {"t":"reconnect","after_ms":200,"jitter_ms":5000}: this node goes; all move, and not at once. */
static void reconnect_told(struct buyer *b, const char *text, size_t len)
{
    struct crowd *c = b->crowd;
    const char *after, *jitter;
    size_t n;
    int64_t after_ms = load_find(text, len, "after_ms", &after, &n) ? strtoll(after, NULL, 10) : 0;
    int64_t jitter_ms = load_find(text, len, "jitter_ms", &jitter, &n) ? strtoll(jitter, NULL, 10) : 0;
    if (b->moving || after_ms < 0 || jitter_ms < 0)
        return;
    b->moving = true;
    c->counts.moved++;
    load_timer_start(&c->set, &b->back, after_ms + (int64_t)rng_below(&c->set.rng, (uint64_t)jitter_ms + 1));
}

static void published(struct buyer *b, const struct load_peek *p, const char *text, size_t len)
{
    struct crowd *c = b->crowd;
    if (p->has_seq && !load_is(p->t, p->t_len, "snapshot")) {
        c->counts.events++;
        if (load_is(p->t, p->t_len, "pin.set")) {
            pin_seen(b);
            manner_pin_seen(b, p);
        }
    } else if (load_is(p->t, p->t_len, "hold")) {
        claim_pushed(b, p);
    } else if (load_is(p->t, p->t_len, "snapshot")) {
        claims_reconcile(b, text, len);
        if (b->since_pin < c->counts.pins)
            pin_seen(b); /* what is pinned is in it; it came instead of the event */
    } else if (load_is(p->t, p->t_len, "reconnect")) {
        reconnect_told(b, text, len);
    }
}

static void buyer_message(struct load_viewer *v, const struct load_peek *p, const char *text, size_t len)
{
    struct buyer *b = (struct buyer *)v;
    struct crowd *c = b->crowd;
    const char *after;
    size_t after_len;
    c->counts.received++;
    if (p->re == NULL) {
        published(b, p, text, len);
    } else if (load_is(p->t, p->t_len, "welcome")) {
        welcome_got(b, text, len);
        v->conn.retry_after_ms = 0;
    } else if (!claim_answer(b, p) && load_is(p->re, p->re_len, "hello") && p->d != NULL &&
               load_find(p->d, p->d_len, "retry_after_ms", &after, &after_len)) {
        v->conn.retry_after_ms = strtoll(after, NULL, 10);
    }
    /* A welcome that recovers nothing is followed by a snapshot: only that makes level. */
    if (!b->level && v->welcomed && v->seq >= v->head &&
        (p->re == NULL || (load_is(p->t, p->t_len, "welcome") && p->recovered))) {
        level_set(b, true);
        crowd_presence(c);
    }
}

/* ---- a line that is gone ---- */

static void buyer_back(struct load_timer *timer)
{
    struct buyer *b = container_of(timer, struct buyer, back);
    if (b->viewer.conn.state == LOAD_IDLE)
        buyer_join(b, load_now_us());
    else
        load_close(&b->viewer.conn, 1000); /* told to move: buyer_left goes on */
}

static int64_t back_ms(struct buyer *b)
{
    struct rng *rng = &b->crowd->set.rng;
    int64_t most = (int64_t)BACK_FIRST_MS << (b->fails < 5 ? b->fails : 5);
    int64_t wait = (int64_t)rng_below(rng, (uint64_t)(most < BACK_LAST_MS ? most : BACK_LAST_MS));
    int64_t told = b->viewer.conn.retry_after_ms;
    if (told > 0) /* everyone was told another time: keep to it */
        wait = told + (int64_t)rng_below(rng, (uint64_t)told / 10 + 1);
    return wait;
}

static void buyer_left(struct load_viewer *v, int code, const char *why)
{
    struct buyer *b = (struct buyer *)v;
    struct crowd *c = b->crowd;
    bool was_live = b->live;
    char detail[128];
    if (was_live) {
        b->live = false;
        c->live--;
        c->attentive -= !b->slow;
        pin_missed(b);
        level_set(b, false);
    }
    if (c->finishing || b->away)
        return;
    if (b->lost_us == 0 && b->expected)
        b->lost_us = load_now_us();
    if (was_live && !b->moving) {
        c->counts.lost++;
    } else if (!was_live) {
        c->counts.refused_joins++;
        b->fails++;
        snprintf(detail, sizeof detail, "%d %.100s", code, why);
        crowd_trouble(c, "a viewer could not join", detail);
    }
    crowd_presence(c);
    if (!list_is_linked(&b->back.link))
        load_timer_start(&c->set, &b->back, b->moving ? 1 : back_ms(b));
}

static const struct load_viewer_handler buyer_handler = {
    .ready = buyer_ready, .message = buyer_message, .left = buyer_left};

void buyer_init(struct buyer *b, struct crowd *c)
{
    b->viewer.handler = &buyer_handler;
    b->viewer.path = c->path;
    b->viewer.token = c->config.token;
    b->crowd = c;
    b->back.fire = buyer_back;
    b->lag_ms = -1;
}
