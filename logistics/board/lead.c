/* logistics/board/lead.c - whose tick it is, and when.
 *
 * Who wrote the last tick leads, and writes the next one a period later. Anybody else writes one when none came for a period and a
 * grace; of those who try one wins, since an entry is appended only at the head that its writer has read. So nothing is handed
 * over: whoever reads the log has what the former leader had.
 *
 *   lead_check    what is to be done now, or when to look again
 *     due_next      nothing begun: begin. A new plan: begin again. Settled: settle.c. Otherwise a tick
 *     tick_write    no tick without all before it: a node that is behind does not lead */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "logistics/board/inner.h"

#define TAIL_FAST_MS INT64_C(1200000) /* after the end: replay and late payments come in quickly */
#define TAIL_MIDDLE_MS INT64_C(14400000)
#define TAIL_FAST_PERIOD_MS 15000
#define TAIL_MIDDLE_PERIOD_MS 60000
#define TAIL_SLOW_PERIOD_MS 300000
#define BLOCKED_MS_MAX 10000 /* so long a tick may name what has not come yet; then it is lost */
#define RETRY_MS 1000
#define OVER_MS 600000

/* The end is to be told at once: until then all is said to be on air. */
static bool end_waits(const struct board_show *s) { return s->end_seq > s->last_tick_events && s->settled_seq == 0; }

static bool is_own(const struct board_show *s) { return id_equal(s->last_by, s->b->config.node.text); }

static int64_t longer(int64_t a, int64_t b) { return a > b ? a : b; }

int64_t lead_period_ms(const struct board_show *s, int64_t now_ms)
{
    int64_t live_ms = s->b->config.limits.estimate_ms, since_ms = now_ms - s->end_ms;
    /* Its own alone: what other broadcasts sell of the shop would keep all that ended at it. */
    bool waits = s->tally.moves > 0 || !list_is_empty(&s->tally.actuals);
    if (is_own(s) && s->tally.blocked_ms > 0)
        return live_ms;
    bool is_late = settle_is_late(s);
    if (s->settled_seq > 0 && !is_late) /* who settled it may have died before all that follows was done */
        return longer(live_ms, is_own(s) || settle_is_done(s) ? TAIL_SLOW_PERIOD_MS : TAIL_FAST_PERIOD_MS);
    if (s->end_ms == 0 || waits || is_late || end_waits(s))
        return live_ms;
    if (since_ms < TAIL_FAST_MS)
        return longer(live_ms, TAIL_FAST_PERIOD_MS);
    return longer(live_ms, since_ms < TAIL_MIDDLE_MS ? TAIL_MIDDLE_PERIOD_MS : TAIL_SLOW_PERIOD_MS);
}

static void lead_set(struct board_show *s, bool leads)
{
    const struct board_listener *to = &s->b->config.listener;
    if (s->leads == leads)
        return;
    s->leads = leads;
    metric_add(&board_metrics[BOARD_LEADING], leads ? 1 : -1);
    log_info("board.lead", "shop=%s broadcast=%s leads=%d seq=%llu", s->shop->id.text, s->id.text, leads,
             (unsigned long long)s->last_tick);
    if (to->lead != NULL)
        to->lead(s->b->config.ctx, &s->shop->id, &s->id, leads);
}

/* ---- entries ---- */

void lead_written(struct book_wish *wish)
{
    struct board_show *s = wish->ctx;
    s->is_asking = false;
    if (wish->result == RESULT_OK || wish->result == RESULT_CONFLICT)
        lead_check(s);
    else
        s->b->config.clock->start(s->b->config.clock, &s->timer, RETRY_MS);
}

void lead_cut(const struct board_show *s, enum journal_kind kind, struct journal *ret)
{
    *ret = (struct journal){.kind = kind, .ms = board_now(s->b)};
    if (ret->ms < s->last_tick_ms)
        ret->ms = s->last_tick_ms; /* another node's clock is ahead */
    memcpy(ret->by, s->b->config.node.text, sizeof ret->by);
    snprintf(ret->u.tick.ledger_id, sizeof ret->u.tick.ledger_id, "%llu-%llu", (unsigned long long)s->tally.covered.ms,
             (unsigned long long)s->tally.covered.seq);
    ret->u.tick.event_seq = s->events_seq;
    ret->u.tick.audience = -1;
}

static void cut_write(struct board_show *s, enum journal_kind kind, int64_t audience)
{
    struct journal j;
    lead_cut(s, kind, &j);
    j.u.tick.audience = audience;
    s->is_asking = book_write(&s->book, &j, true, lead_written, s);
}

/* A word of life of what is settled: it cuts in no more than that did. */
static bool word_write(struct board_show *s)
{
    struct journal j;
    lead_cut(s, JOURNAL_SETTLED, &j);
    snprintf(j.u.tick.ledger_id, sizeof j.u.tick.ledger_id, "%llu-%llu", (unsigned long long)s->settled_cut.ms,
             (unsigned long long)s->settled_cut.seq);
    s->is_asking = book_write(&s->book, &j, true, lead_written, s);
    return true;
}

/* False: not now; the timer, an entry or the end of a reading comes back to it. */
static bool tick_write(struct board_show *s, const struct show_view *view)
{
    int64_t now_ms = board_now(s->b);
    if (!tally_is_current(s)) {
        bool is_lost = s->tally.blocked_ms > 0 && !s->tally.is_reading && now_ms - s->tally.blocked_ms > BLOCKED_MS_MAX;
        if (!is_lost)
            return false;
        log_warn("board.rewound", "shop=%s broadcast=%s tick=%llu what it counted in is gone; all is folded again",
                 s->shop->id.text, s->id.text, (unsigned long long)s->last_tick);
        s->tally.blocked_ms = now_ms;
        cut_write(s, JOURNAL_REWOUND, -1);
        return true;
    }
    bool is_last = s->settled_seq > 0 || settle_is_due(s, now_ms);
    cut_write(s, is_last ? JOURNAL_SETTLED : JOURNAL_TICK, (int64_t)view->audience);
    return true;
}

/* ---- when ---- */

static uint64_t plan_seq(const struct board_shop *shop) { return shop->plan == NULL ? 0 : shop->plan->version; }

static int64_t due_ms(const struct board_show *s, int64_t now_ms)
{
    int64_t grace_ms = s->b->config.limits.takeover_ms;
    if (s->last_tick == 0)
        return s->begun.seq == 0 ? now_ms : s->begun.ms;
    if (is_own(s) && end_waits(s))
        return now_ms;
    /* Who did not lead waits longer by a grace of its own, so that not all try at once. */
    uint64_t spread = s->b->config.seed % (uint64_t)(grace_ms / 2 + 1);
    /* Its writer's clock may be ahead: what was seen an hour ago is an hour old. */
    int64_t last_ms = s->last_tick_ms < s->last_tick_seen_ms ? s->last_tick_ms : s->last_tick_seen_ms;
    return last_ms + lead_period_ms(s, now_ms) + (is_own(s) ? 0 : grace_ms + (int64_t)spread);
}

static bool due_next(struct board_show *s, const struct show_view *view)
{
    bool is_whole = s->is_closed || tally_is_current(s); /* else what it settled on may be lost */
    if (s->settled_seq > 0 && is_whole && !settle_is_late(s))
        return word_write(s);
    if (s->settled_seq == 0 && (s->begun.seq == 0 || s->begun.u.begun.plan_seq != plan_seq(s->shop)))
        return begin_write(s, view);
    return tick_write(s, view);
}

/* Settled, told, kept and owed to nobody. Who leads and was asked for a replay while it closed goes on: settle_check opens it again. */
static bool is_over(const struct board_show *s)
{
    return s->is_closed && s->settled_seq > 0 && !unsettled_has(s) && !(s->leads && settle_is_owed(s));
}

/* For OVER_MS it stays as it is: what is asked of it is asked more than once. */
static void over_check(struct board_show *s)
{
    struct clock *clock = s->b->config.clock;
    int64_t now_ms = board_now(s->b);
    if (s->over_ms == 0)
        s->over_ms = now_ms;
    clock->stop(clock, &s->timer);
    if (s->book.is_followed && now_ms - s->over_ms < OVER_MS)
        clock->start(clock, &s->timer, OVER_MS - (now_ms - s->over_ms));
    else if (s->book.is_followed && book_is_idle(&s->book))
        show_put_away(s);
}

void lead_check(struct board_show *s)
{
    struct clock *clock = s->b->config.clock;
    if (!s->is_on || s->b->is_stopped || !s->book.is_caught_up || !s->shop->book.is_caught_up)
        return;
    if (!is_over(s) && show_take_out(s))
        return;                           /* opened again: comes back when it is read */
    if (s->book.written < s->book.head) { /* the log lost its end, which is about to be told */
        clock->start(clock, &s->timer, RETRY_MS);
        return;
    }
    publish_check(s);
    if (s->is_asking)
        return;
    if (s->book.written > s->book.head) { /* what was appended is about to be told */
        clock->start(clock, &s->timer, BLOCKED_MS_MAX);
        return;
    }
    lead_set(s, s->last_tick > 0 && is_own(s) && !is_over(s));
    if (is_over(s)) {
        over_check(s);
        return;
    }
    if (s->leads)
        settle_check(s);
    if (s->is_asking)
        return;
    int64_t now_ms = board_now(s->b), due = due_ms(s, now_ms);
    const struct show_view *view = now_ms < due ? NULL : s->b->config.show(s->b->config.ctx, &s->shop->id, &s->id);
    if (view != NULL && due_next(s, view))
        return; /* its answer comes back here */
    bool is_behind = due <= now_ms || (s->leads && s->estimate_seq < s->last_tick && due - now_ms > RETRY_MS);
    clock->start(clock, &s->timer, is_behind ? RETRY_MS : due - now_ms);
}

void lead_fire(struct clock_timer *timer)
{
    struct board_show *s = container_of(timer, struct board_show, timer);
    if (!s->is_asking)
        s->book.written = s->book.head; /* it did not come: whoever appends next is told where the head is */
    lead_check(s);
}
