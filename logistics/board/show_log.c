/* logistics/board/show_log.c - a broadcast's estimate log: what each entry means to this node. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "logistics/board/inner.h"

/* ---- forgotten ---- */

static void show_forget_log(struct board_show *s)
{
    journal_finish(&s->begun);
    map_finish(&s->actual_ids);
    map_init(&s->actual_ids, BOARD_ACTUALS_MAX);
    actuals_forget(&s->told_units);
    s->shipped = 0;
    s->stamps_count = s->fan_count = 0;
    s->fan_gap_ms = 0;
    s->told_count = 0;
    s->last_tick = s->settled_seq = s->estimate_seq = s->cancelled_seq = 0;
    s->settled_cut = (struct place){0};
    s->last_by[0] = '\0';
}

void tally_forget(struct board_show *s)
{
    tally_finish(&s->tally);
    tally_init(&s->tally);
    s->generation++;
}

void show_start_over(struct board_show *s)
{
    tally_forget(s);
    show_forget_log(s);
    book_again(&s->book);
}

static void show_read_rewound(struct book *book)
{
    struct board_show *s = container_of(book, struct board_show, book);
    tally_forget(s);
    show_forget_log(s);
}

void show_let_go(struct board_show *s)
{
    s->is_closed = true;
    tally_forget(s);
    orders_free(s);
    map_init(&s->orders, CLAIMS_HOLDS_MAX);
    list_remove(&s->of_shop);
}

/* Every log that is followed is a name in each question to Redis: of what is over nobody asks for ever. */
void show_put_away(struct board_show *s)
{
    book_stop(&s->book);
    free(s->told);
    s->told = NULL;
    s->told_count = s->told_capacity = 0;
}

bool show_take_out(struct board_show *s)
{
    s->over_ms = 0;
    if (s->book.is_followed || !s->is_closed)
        return false;
    show_forget_log(s);
    book_follow(&s->book);
    return true;
}

/* ---- entries ---- */

static void tick_push(struct board_show *s, const struct journal *j)
{
    struct tick *tick = calloc(1, sizeof *tick);
    MUST(tick != NULL);
    *tick = (struct tick){.seq = j->seq,
                          .ms = j->ms,
                          .audience = j->kind == JOURNAL_TICK ? j->u.tick.audience : -1,
                          .cut = place_of(j->u.tick.ledger_id),
                          .event_seq = j->u.tick.event_seq,
                          .is_last = j->kind == JOURNAL_SETTLED};
    list_push_back(&s->tally.ticks, &tick->link);
}

static void seen_begun(struct board_show *s, struct journal *j)
{
    bool again = s->begun.seq != 0 && s->tally.estimator != NULL;
    journal_finish(&s->begun);
    s->begun = *j; /* taken */
    *j = (struct journal){0};
    if (again) { /* the ticks before it are to be told again */
        log_info("board.begun_again", "shop=%s broadcast=%s seq=%llu plan=%llu", s->shop->id.text, s->id.text,
                 (unsigned long long)s->begun.seq, (unsigned long long)s->begun.u.begun.plan_seq);
        show_start_over(s);
    }
}

static void seen_tick(struct board_show *s, const struct journal *j)
{
    if (strcmp(s->last_by, j->by) != 0 && s->last_by[0] != '\0')
        metric_add(&board_metrics[BOARD_LEADS], 1);
    s->last_tick = j->seq;
    s->last_tick_ms = j->ms;
    s->last_tick_events = j->u.tick.event_seq;
    s->last_tick_seen_ms = board_now(s->b);
    memcpy(s->last_by, j->by, sizeof s->last_by);
    if (!s->is_closed && (s->settled_seq == 0 || s->settled_seq == j->seq))
        tick_push(s, j);
}

/* A word of life cuts in what was cut in before, and changes nothing. */
static void seen_settled(struct board_show *s, const struct journal *j)
{
    struct place cut = place_of(j->u.tick.ledger_id);
    if (s->settled_seq == 0 || s->cancelled_seq > s->settled_seq || place_order(cut, s->settled_cut) > 0) {
        s->settled_seq = j->seq;
        s->settled_ms = j->ms;
        s->settled_cut = cut;
    }
    seen_tick(s, j);
}

/* Earlier ticks cut no further. Done ones cannot be undone: all is told again, and then they wait when this comes. */
static void seen_rewound(struct board_show *s, const struct journal *j)
{
    struct place cut = place_of(j->u.rewound.ledger_id);
    if (s->tally.done > 0) {
        show_start_over(s);
        return;
    }
    list_for_each (link, &s->tally.ticks) {
        struct tick *tick = container_of(link, struct tick, link);
        if (place_order(tick->cut, cut) > 0)
            tick->cut = cut;
        if (tick->event_seq > j->u.rewound.event_seq)
            tick->event_seq = j->u.rewound.event_seq;
    }
}

static void seen_stamp(struct board_show *s, const struct journal *j)
{
    const struct estimate_stamp *last = s->stamps_count == 0 ? NULL : &s->stamps[s->stamps_count - 1];
    if (last != NULL && last->ms == j->ms && last->seq == j->u.stamp.seq && strcmp(last->note, j->u.stamp.note) == 0)
        return; /* written twice, since the answer was lost */
    if (s->stamps_count == BOARD_STAMPS_MAX)
        return;
    if (s->stamps_count == s->stamps_capacity) {
        s->stamps_capacity = s->stamps_capacity == 0 ? 8 : 2 * s->stamps_capacity;
        s->stamps = realloc(s->stamps, s->stamps_capacity * sizeof *s->stamps);
        MUST(s->stamps != NULL);
    }
    struct estimate_stamp *stamp = &s->stamps[s->stamps_count++];
    *stamp = j->u.stamp;
    snprintf(stamp->id, sizeof stamp->id, "s%llu", (unsigned long long)j->seq);
    stamp->ms = j->ms;
    memcpy(stamp->by, j->by, sizeof stamp->by);
}

static void show_read_entry(struct book *book, struct journal *j)
{
    struct board_show *s = container_of(book, struct board_show, book);
    switch (j->kind) {
    case JOURNAL_BEGUN:
        seen_begun(s, j);
        break;
    case JOURNAL_TICK:
        seen_tick(s, j);
        break;
    case JOURNAL_SETTLED:
        seen_settled(s, j);
        break;
    case JOURNAL_REWOUND:
        seen_rewound(s, j);
        break;
    case JOURNAL_ESTIMATE:
        publish_seen(s, j);
        break;
    case JOURNAL_ACTUALS:
        inputs_actuals(s, j);
        break;
    case JOURNAL_STAMP:
        seen_stamp(s, j);
        break;
    default: /* of a shop: not here */
        break;
    }
    if (!s->book.is_caught_up)
        return;
    begin_tally(s);
    tally_run(s);
    if (j->kind == JOURNAL_STAMP)
        show_changed(s);
    settle_late(s);
    lead_check(s);
}

static void show_read_caught_up(struct book *book)
{
    struct board_show *s = container_of(book, struct board_show, book);
    if (s->document.seq > s->estimate_seq)
        s->document.seq = 0; /* of a tick that a fail-over lost: shown with its age until there is another */
    if (s->document_told > s->estimate_seq)
        s->document_told = s->estimate_seq;
    if (s->settled_told > s->settled_seq)
        s->settled_told = s->settled_seq;
    settle_seen(s);
    begin_tally(s);
    publish_fetch(s);
    show_changed(s);
    lead_check(s);
    asks_go_on(&s->asks);
}

const struct book_reader show_reader = {
    .entry = show_read_entry, .caught_up = show_read_caught_up, .rewound = show_read_rewound};
