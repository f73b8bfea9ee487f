/* logistics/board/settle.c - nothing more is expected of a broadcast: what it taught is kept.
 *
 *   settle_is_due   the replay's time is over and no hold is open; or the shop says so (asks.c)
 *   settle_check    the leader's: the last estimate, then the digest into the shop's log, then closed in the log of all shops
 *   settle_seen     every node: what was folded is let go
 *
 * Each step is taken by whoever leads when it is due, and a step done twice counts once. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "logistics/board/inner.h"
#include "logistics/rules/conformal.h"

#define TAIL_HOURS_DEFAULT 72
#define SHIPPED_PERCENT_MIN 80 /* of what is firm: less, and not all was told */

/* ---- what was told, for the score ---- */

void settle_told(struct board_show *s, const struct journal *j)
{
    if (s->told_count == s->told_capacity && s->told_count < TOLD_MAX) {
        s->told_capacity = s->told_capacity == 0 ? 256 : 2 * s->told_capacity;
        s->told = realloc(s->told, s->told_capacity * sizeof *s->told);
        MUST(s->told != NULL);
    }
    size_t at = s->told_count < TOLD_MAX ? s->told_count++ : TOLD_MAX - 1;
    s->told[at] = (struct told_estimate){.seq = j->u.estimate.tick,
                                         .ms = j->u.estimate.as_of_ms,
                                         .firm = j->u.estimate.firm,
                                         .units = j->u.estimate.units,
                                         .parcels = j->u.estimate.parcels};
}

/* The first is half of the plan; of a show that ended before that, half of what it was. */
static int64_t moment_ms(const struct board_show *s, size_t moment)
{
    double planned_s = (double)s->begun.u.begun.planned_ms / 1000.0, end_s = show_seconds(s, s->end_ms);
    double at_s = estimate_moment_s(moment, planned_s, end_s);
    return s->start_ms + (int64_t)(1000.0 * (moment == 0 && at_s > end_s ? end_s / 2.0 : at_s));
}

/* The newest that was told up to the moment; NULL: none since the moment before. */
static const struct told_estimate *told_at(const struct board_show *s, size_t moment)
{
    int64_t from_ms = moment == 0 ? s->start_ms : moment_ms(s, moment - 1), to_ms = moment_ms(s, moment);
    for (size_t i = s->told_count; i > 0; i--)
        if (s->told[i - 1].ms <= to_ms)
            return s->told[i - 1].ms >= from_ms ? &s->told[i - 1] : NULL;
    return NULL;
}

/* ---- due ---- */

bool settle_is_due(const struct board_show *s, int64_t now_ms)
{
    const struct logistics_plan *plan = s->tally.plan;
    int64_t hours = plan == NULL || plan->tail_hours == 0 ? TAIL_HOURS_DEFAULT : (int64_t)plan->tail_hours;
    return s->settled_seq == 0 && s->end_ms > 0 && now_ms >= s->end_ms + hours * 3600000 && s->volume.held == 0;
}

/* ---- the digest ---- */

static void points_fill(const struct board_show *s, struct journal *j)
{
    const struct course *course = &s->volume.course;
    size_t step = course->count / JOURNAL_POINTS_MAX + 1;
    for (size_t i = (course->count - 1) % step; i < course->count; i += step)
        j->u.digest.points[j->u.digest.points_count++] = (struct journal_point){
            .s = (course->points[i].ms - s->start_ms) / 1000, .firm = course->points[i].confirmed};
}

/* What the shop said has left, unless it has told of too little yet: then what is firm. */
static int64_t shipped_units(const struct board_show *s, int64_t firm)
{
    int64_t most = s->tally.is_cut || s->shipped <= s->volume.confirmed ? s->shipped : s->volume.confirmed;
    return most * 100 >= firm * SHIPPED_PERCENT_MIN && most > 0 ? most : firm;
}

static enum result digest_text(const struct board_show *s, int64_t shipped, struct bytes *ret)
{
    struct digest *digest = NULL;
    enum result result = estimator_digest(s->tally.estimator, &digest);
    if (result != RESULT_OK)
        return result;
    for (size_t m = 0; m < ESTIMATE_MOMENTS; m++) {
        const struct told_estimate *told = told_at(s, m);
        if (told != NULL)
            digest_score(digest, m, &told->units, (double)shipped);
    }
    result = digest_write(digest, ret);
    digest_destroy(digest);
    return result;
}

static void digest_put(struct board_show *s, const struct show_view *view)
{
    const struct told_estimate *last = &s->told[s->told_count - 1];
    int64_t now_ms = board_now(s->b);
    struct journal j = {.kind = JOURNAL_DIGEST, .ms = now_ms > s->settled_ms ? now_ms : s->settled_ms};
    struct bytes text = {.limit = JOURNAL_DIGEST_MAX};
    memcpy(j.by, s->b->config.node.text, sizeof j.by);
    j.u.digest.broadcast = s->id;
    j.u.digest.start_ms = s->start_ms;
    memcpy(j.u.digest.title, view->broadcast->details.title, sizeof j.u.digest.title);
    j.u.digest.shipped = shipped_units(s, last->firm);
    enum result result = digest_text(s, j.u.digest.shipped, &text);
    if (result == RESULT_OK)
        result = bytes_result(&text);
    if (result != RESULT_OK) { /* settled all the same; it teaches nothing */
        log_error("board.digest", "shop=%s broadcast=%s result=%s", s->shop->id.text, s->id.text, result_name(result));
        bytes_clear(&text);
    }
    j.u.digest.text = bytes_take(&text, &j.u.digest.text_len);
    if (s->volume.course.count > 0)
        points_fill(s, &j);
    s->is_asking = book_write(&s->shop->book, &j, true, lead_written, s);
    journal_finish(&j);
    bytes_finish(&text);
}

/* ---- after it ---- */

static bool is_kept(const struct board_show *s)
{
    const struct shop_digest *d = map_get(&s->shop->digest_of, s->id.text);
    return d != NULL && d->ms >= s->settled_ms;
}

bool settle_is_done(const struct board_show *s)
{
    return s->settled_seq > 0 && s->estimate_seq >= s->settled_seq && is_kept(s) && !settle_is_late(s);
}

void settle_seen(struct board_show *s)
{
    if (settle_is_done(s) && !s->is_closed && list_is_empty(&s->asks))
        show_let_go(s);
}

/* ---- late ---- */

bool settle_is_late(const struct board_show *s)
{
    return s->settled_seq > 0 && !s->is_late_lost &&
           (place_order(s->sold_at, s->settled_cut) > 0 || s->cancelled_seq > s->settled_seq);
}

void settle_open(struct board_show *s)
{
    if (!s->is_closed || s->settled_seq == 0)
        return;
    s->is_closed = false;
    if (!list_is_linked(&s->of_shop))
        list_push_back(&s->shop->on, &s->of_shop);
    show_start_over(s);
    book_follow(&s->book);
}

/* Of one that is not open here nothing is known but when it was settled: opened, it is seen. */
static bool is_late_elsewhere(const struct board_show *s)
{
    const struct shop_digest *d = map_get(&s->shop->digest_of, s->id.text);
    return !s->is_on && s->shop->book.is_caught_up && d != NULL && s->sold_ms > d->ms;
}

void settle_late(struct board_show *s)
{
    if (is_late_elsewhere(s)) {
        unsettled_write(s, true);
        return;
    }
    if (!s->is_on || !s->book.is_caught_up || !settle_is_late(s))
        return;
    unsettled_write(s, true); /* who put its log away reads it again */
    if (s->is_closed) {
        log_info("board.late", "shop=%s broadcast=%s something came after it was settled", s->shop->id.text,
                 s->id.text);
        settle_open(s);
    } else if (tally_is_current(s) && s->tally.is_cut) {
        log_warn("board.late_lost",
                 "shop=%s broadcast=%s what came after it was settled is not in its last estimate: the ledger was cut",
                 s->shop->id.text, s->id.text);
        s->is_late_lost = true;
    }
}

bool settle_is_owed(const struct board_show *s)
{
    const struct board_listener *to = &s->b->config.listener;
    return to->owed != NULL && to->owed(s->b->config.ctx, &s->shop->id, &s->id);
}

void settle_check(struct board_show *s)
{
    if (s->settled_seq == 0) {
        unsettled_write(s, true);
        return;
    }
    settle_seen(s);
    if (s->is_closed && !settle_is_done(s)) /* who led before could not finish it */
        settle_open(s);
    if (s->estimate_seq < s->settled_seq || settle_is_late(s))
        return; /* publish.c is at it, or lead.c */
    if (s->is_closed) {
        unsettled_write(s, settle_is_owed(s));
        return;
    }
    const struct show_view *view = s->b->config.show(s->b->config.ctx, &s->shop->id, &s->id);
    if (view != NULL && tally_is_current(s) && s->told_count > 0 && book_is_idle(&s->shop->book) &&
        s->shop->book.written <= s->shop->book.head)
        digest_put(s, view);
}
