/* app/recording_export.c - the board itself folds a broadcast once more, far from any node, and what it tells its estimator is
 * written down.
 *
 *   recording_export
 *     replay_open          a board whose time stands still and whose ports have nothing but what Redis keeps: it leads nothing
 *     replay_ledger        every entry, so that the board knows how far the ledger goes
 *     replay_events        what happened, stepped as on any node
 *     replay_run           the logs and the ledger it asks for, until it asks for nothing more
 *       recorded_begun, recorded_fed, recorded_ticked     into lines, tick by tick
 *     recording_close      a file is whole or as it was */
#include "app/recording_export.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/recording_write.h"
#include "base/list.h"
#include "base/log.h"
#include "core/broadcast/broadcast.h"
#include "logistics/board/board.h"
#include "ws/wire/event_codec.h"
#include "ws/wire/journal_codec.h"

#define STEP_S 0.001 /* what came behind a tick is written behind it */

struct told { /* an event between two ticks: its line is made when its place is known */
    struct sale_event event;
    char *hold, *sku, *buyer; /* owned; NULL: none */
};
struct wanted { /* a log or the ledger that the board follows */
    struct list link;
    struct log_follow *log; /* NULL: the ledger */
    struct ledger_follow *ledger;
};
struct replay {
    struct archive *archive;
    struct broadcast_id id;
    struct fault *fault;
    enum result result; /* of the reading; what is read is told to nobody after it went wrong */
    /* ---- the board and its ports ---- */
    struct clock clock;
    struct log log;
    struct ledger ledger;
    struct store store;
    struct work work;
    struct board *board;
    struct broadcast broadcast;
    struct claims claims;
    struct catalogue catalogue;
    struct archive_state state;
    struct list wanted, followed; /* struct wanted: to be told, and told once */
    struct wanted *telling;       /* NULL: it was let go while it was told */
    /* ---- what is written ---- */
    FILE *out;
    struct bytes line;
    struct logistics_plan logistics;
    struct told *told;
    size_t told_count, told_capacity;
    double ticked; /* seconds of the last tick; < 0: none yet */
    uint64_t ticks, events;
    bool has_begun;
};

static enum result replay_fail(struct replay *r, enum result result, const char *why)
{
    if (r->result == RESULT_OK)
        r->result = fault_set(r->fault, result, "shop %s, broadcast %s: %s", r->archive->shop.text, r->id.text, why);
    return r->result;
}

/* ---- lines ---- */

static void line_flush(struct replay *r)
{
    bool fits = bytes_result(&r->line) == RESULT_OK && fwrite(r->line.data, 1, r->line.len, r->out) == r->line.len;
    if (!fits)
        (void)replay_fail(r, RESULT_IO, "it cannot be written");
    bytes_clear(&r->line);
}

static void told_free(struct replay *r)
{
    for (size_t i = 0; i < r->told_count; i++) {
        free(r->told[i].hold);
        free(r->told[i].sku);
        free(r->told[i].buyer);
    }
    r->told_count = 0;
}

static char *text_keep(const char *text)
{
    char *kept = text == NULL ? NULL : strdup(text);
    MUST(text == NULL || kept != NULL);
    return kept;
}

/* The board begins its fold again when what it had believed turns out otherwise: so does the recording. */
static void recorded_begun(void *ctx, const struct broadcast_id *id, const struct estimator_plan *plan)
{
    struct replay *r = ctx;
    if (!ID_EQUAL(*id, r->id))
        return;
    told_free(r);
    logistics_plan_finish(&r->logistics);
    r->ticked = -1.0;
    r->ticks = r->events = 0;
    r->has_begun = true;
    MUST(plan->logistics == NULL || logistics_plan_copy(&r->logistics, plan->logistics) == RESULT_OK);
    if (fflush(r->out) != 0 || ftruncate(fileno(r->out), 0) != 0 || fseek(r->out, 0, SEEK_SET) != 0)
        (void)replay_fail(r, RESULT_IO, "it cannot be written");
    recording_write_start(&r->line, &r->archive->shop, id, plan);
    line_flush(r);
}

static void recorded_fed(void *ctx, const struct broadcast_id *id, const struct sale_event *e)
{
    struct replay *r = ctx;
    if (!ID_EQUAL(*id, r->id))
        return;
    if (r->told_count == r->told_capacity) {
        r->told_capacity = r->told_capacity == 0 ? 64 : 2 * r->told_capacity;
        r->told = realloc(r->told, r->told_capacity * sizeof *r->told);
        MUST(r->told != NULL);
    }
    r->told[r->told_count++] =
        (struct told){.event = *e, .hold = text_keep(e->hold), .sku = text_keep(e->sku), .buyer = text_keep(e->buyer)};
}

/* What a tick cut in stands between the tick before and this one, whatever its own time: the estimator takes what comes behind its time
 * as of now, and whoever asks for the moment of a tick is to see exactly what the board saw. */
static void recorded_ticked(void *ctx, const struct broadcast_id *id, double t)
{
    struct replay *r = ctx;
    if (!ID_EQUAL(*id, r->id))
        return;
    double low = r->ticked < 0 ? 0.0 : r->ticked + STEP_S, high = t < low ? low : t;
    for (size_t i = 0; i < r->told_count; i++) {
        struct sale_event e = r->told[i].event;
        double at = e.t < low ? low : e.t > high ? high : e.t;
        e.hold = r->told[i].hold;
        e.sku = r->told[i].sku;
        e.buyer = r->told[i].buyer;
        recording_write_event(&r->line, &e, at, &r->logistics);
    }
    r->events += r->told_count;
    r->ticks++;
    r->ticked = high;
    told_free(r);
    if (r->line.len > 0)
        line_flush(r);
}

/* ---- ports: nothing happens by itself, nothing is changed ---- */

static int64_t stands_still(struct clock *clock)
{
    (void)clock;
    return 0;
}

static void never_started(struct clock *clock, struct clock_timer *timer, int64_t delay_ms)
{
    (void)clock;
    (void)timer;
    (void)delay_ms;
}

static void never_stopped(struct clock *clock, struct clock_timer *timer)
{
    (void)clock;
    (void)timer;
}

static void never_appended(struct log *log, struct log_append *append)
{
    (void)log;
    (void)append;
}

static void never_answered(struct store *store, struct store_request *request)
{
    (void)store;
    (void)request;
}

static void never_worked(struct work *work, struct work_job *job)
{
    (void)work;
    (void)job;
}

static void want(struct replay *r, struct log_follow *log, struct ledger_follow *ledger)
{
    struct wanted *w = calloc(1, sizeof *w);
    MUST(w != NULL);
    w->log = log;
    w->ledger = ledger;
    list_push_back(&r->wanted, &w->link);
}

static void let_go_of(struct replay *r, struct list *of, const struct log_follow *log,
                      const struct ledger_follow *ledger)
{
    list_for_each (link, of) {
        struct wanted *w = container_of(link, struct wanted, link);
        if (w->log != log || w->ledger != ledger)
            continue;
        if (r->telling == w)
            r->telling = NULL;
        list_remove(&w->link);
        free(w);
    }
}

static void let_go(struct replay *r, const struct log_follow *log, const struct ledger_follow *ledger)
{
    let_go_of(r, &r->wanted, log, ledger);
    let_go_of(r, &r->followed, log, ledger);
}

static void log_followed(struct log *log, struct log_follow *follow)
{
    want(container_of(log, struct replay, log), follow, NULL);
}

static void log_unfollowed(struct log *log, struct log_follow *follow)
{
    let_go(container_of(log, struct replay, log), follow, NULL);
}

static void ledger_followed(struct ledger *ledger, struct ledger_follow *follow)
{
    want(container_of(ledger, struct replay, ledger), NULL, follow);
}

static void ledger_unfollowed(struct ledger *ledger, struct ledger_follow *follow)
{
    let_go(container_of(ledger, struct replay, ledger), NULL, follow);
}

static const struct show_view *nothing_open(void *ctx, const struct shop_id *shop, const struct broadcast_id *broadcast)
{
    (void)ctx;
    (void)shop;
    (void)broadcast;
    return NULL; /* so the board never writes */
}

static void replay_init(struct replay *r, struct archive *a, struct fault *fault)
{
    *r = (struct replay){.archive = a, .fault = fault, .ticked = -1.0};
    list_init(&r->wanted);
    list_init(&r->followed);
    claims_init(&r->claims);
    catalogue_init(&r->catalogue);
}

static enum result replay_open(struct replay *r)
{
    struct board_config config = {.node = {"recording"},
                                  .clock = &r->clock,
                                  .log = &r->log,
                                  .ledger = &r->ledger,
                                  .store = &r->store,
                                  .work = &r->work,
                                  .codec = {journal_encode, journal_decode},
                                  .show = nothing_open,
                                  .recorder = {recorded_begun, recorded_fed, recorded_ticked},
                                  .ctx = r,
                                  .limits = board_limits_default};
    r->clock = (struct clock){stands_still, never_started, never_stopped};
    r->log = (struct log){never_appended, log_followed, log_unfollowed};
    r->ledger = (struct ledger){ledger_followed, ledger_unfollowed};
    r->store = (struct store){never_answered};
    r->work = (struct work){never_worked};
    broadcast_init(&r->broadcast, &r->archive->shop, &r->id);
    return board_create(&config, &r->board);
}

static void replay_close(struct replay *r)
{
    if (r->board != NULL)
        board_stop(r->board);
    board_destroy(r->board);
    list_for_each (link, &r->wanted)
        free(container_of(link, struct wanted, link));
    list_for_each (link, &r->followed)
        free(container_of(link, struct wanted, link));
    broadcast_finish(&r->broadcast);
    claims_finish(&r->claims);
    catalogue_finish(&r->catalogue);
    told_free(r);
    free(r->told);
    logistics_plan_finish(&r->logistics);
    bytes_finish(&r->line);
}

/* ---- what Redis keeps ---- */

static enum result archive_fault(struct replay *r, enum result result)
{
    return replay_fail(r, result == RESULT_MALFORMED ? RESULT_CONFLICT : result, r->archive->ask.why);
}

static enum result observe_entry(void *ctx, const struct ledger_entry *entry)
{
    struct replay *r = ctx;
    board_ledger_entry(r->board, &r->archive->shop, entry);
    return RESULT_OK;
}

static enum result replay_ledger(struct replay *r)
{
    enum result result = archive_state_get(r->archive, &r->state);
    if (result == RESULT_OK && r->state.entries > 0)
        result = archive_each(r->archive, "", r->state.last_id, observe_entry, r);
    return result == RESULT_OK ? result : archive_fault(r, result);
}

static enum result observe_event(void *ctx, uint64_t seq, const char *data, size_t len)
{
    struct replay *r = ctx;
    struct event e = {0};
    enum result result = event_decode(data, len, &e);
    if (result != RESULT_OK)
        return replay_fail(r, RESULT_CONFLICT, "its event log has an entry that this version cannot read");
    e.seq = seq;
    result = seq == r->broadcast.seq + 1 ? broadcast_step(&r->broadcast, &e) : RESULT_MALFORMED;
    if (result == RESULT_OK) {
        struct show_view view = {.broadcast = &r->broadcast, .claims = &r->claims, .catalogue = &r->catalogue};
        board_event(r->board, &view, &e);
    }
    event_finish(&e);
    return result == RESULT_OK ? result : replay_fail(r, RESULT_CONFLICT, "its event log does not hold together");
}

static enum result replay_events(struct replay *r)
{
    enum result result = archive_log_each(r->archive, LOG_EVENTS, &r->id, observe_event, r);
    if (result == RESULT_OK && r->broadcast.seq == 0)
        return replay_fail(r, RESULT_NOT_FOUND, "there is no such broadcast");
    return result == RESULT_OK || r->result != RESULT_OK ? result : archive_fault(r, result);
}

/* What the broadcast itself taught is left out: the board lets go of what it has learned from. */
static bool is_own_digest(const struct replay *r, const struct journal *j)
{
    return j->kind == JOURNAL_DIGEST && ID_EQUAL(j->u.digest.broadcast, r->id);
}

static enum result tell_log_entry(void *ctx, uint64_t seq, const char *data, size_t len)
{
    struct replay *r = ctx;
    struct journal j = {0};
    if (r->telling == NULL)
        return RESULT_CONFLICT; /* it follows no longer */
    bool hidden = journal_decode(data, len, &j) == RESULT_OK && is_own_digest(r, &j);
    journal_finish(&j);
    if (!hidden)
        r->telling->log->entry(r->telling->log, seq, data, len);
    return r->result != RESULT_OK ? r->result : r->telling == NULL ? RESULT_CONFLICT : RESULT_OK;
}

static enum result tell_ledger_entry(void *ctx, const struct ledger_entry *entry)
{
    struct replay *r = ctx;
    if (r->telling != NULL)
        r->telling->ledger->entry(r->telling->ledger, entry);
    return r->result != RESULT_OK ? r->result : r->telling == NULL ? RESULT_CONFLICT : RESULT_OK;
}

static enum result tell(struct replay *r, struct wanted *w)
{
    enum result result = RESULT_OK;
    r->telling = w;
    if (w->ledger != NULL && r->state.entries > 0)
        result = archive_each(r->archive, "", r->state.last_id, tell_ledger_entry, r);
    else if (w->log != NULL && id_equal(w->log->shop.text, r->archive->shop.text))
        result = archive_log_each(r->archive, w->log->kind, &w->log->broadcast, tell_log_entry, r);
    if (r->result != RESULT_OK)
        return r->result;
    if (r->telling == NULL)
        return RESULT_OK;
    if (result != RESULT_OK)
        return archive_fault(r, result);
    if (w->ledger != NULL)
        w->ledger->caught_up(w->ledger);
    else if (w->log != NULL)
        w->log->caught_up(w->log);
    r->telling = NULL;
    return r->result;
}

static enum result replay_run(struct replay *r)
{
    enum result result = RESULT_OK;
    while (result == RESULT_OK && !list_is_empty(&r->wanted)) {
        struct wanted *w = container_of(r->wanted.next, struct wanted, link);
        list_remove(&w->link);
        list_push_back(&r->followed, &w->link);
        result = tell(r, w);
    }
    if (result == RESULT_OK && r->ticks == 0)
        return replay_fail(r, RESULT_NOT_FOUND,
                           r->has_begun ? "it has no estimates yet" : "no estimates were made of it");
    return result;
}

/* ---- where it goes ---- */

struct target {
    const char *name; /* NULL: standard output */
    char part[4096];
};

static enum result target_open(struct replay *r, struct target *t)
{
    int len = t->name == NULL ? 0 : snprintf(t->part, sizeof t->part, "%s.part", t->name);
    if (len < 0 || (size_t)len >= sizeof t->part)
        return fault_set(r->fault, RESULT_IO, "%s: the name is too long", t->name);
    r->out = t->name == NULL ? tmpfile() : fopen(t->part, "w+");
    if (r->out == NULL)
        return fault_set(r->fault, RESULT_IO, "%s cannot be written: %m",
                         t->name == NULL ? "a temporary file" : t->part);
    return RESULT_OK;
}

/* A ledger that was cut no longer tells what was sold before. */
static void warn_cut(const struct replay *r)
{
    if (strtoll(r->state.first_id, NULL, 10) > r->broadcast.started_ms)
        fprintf(stderr, "liveshelf ledger: the ledger begins after broadcast %s did: what it sold before is missing\n",
                r->id.text);
}

static enum result copy_out(struct replay *r)
{
    char chunk[65536];
    rewind(r->out);
    for (size_t len; (len = fread(chunk, 1, sizeof chunk, r->out)) > 0;)
        if (fwrite(chunk, 1, len, stdout) != len)
            break;
    return ferror(r->out) == 0 && fflush(stdout) == 0 && ferror(stdout) == 0
               ? RESULT_OK
               : fault_set(r->fault, RESULT_IO, "standard output takes no more");
}

static enum result target_commit(struct replay *r, const struct target *t)
{
    if (t->name == NULL)
        return copy_out(r);
    bool safe = fflush(r->out) == 0 && fsync(fileno(r->out)) == 0 && rename(t->part, t->name) == 0;
    if (!safe)
        return fault_set(r->fault, RESULT_IO, "%s cannot be written: %m", t->name);
    printf("shop %s, broadcast %s: %" PRIu64 " events up to %.3f s written to %s; estimates were made %" PRIu64
           " times\n",
           r->archive->shop.text, r->id.text, r->events, r->ticked, t->name, r->ticks);
    return RESULT_OK;
}

static void target_close(struct replay *r, const struct target *t)
{
    if (r->out == NULL)
        return;
    fclose(r->out);
    if (t->name != NULL)
        unlink(t->part); /* gone already when it became the file */
}

enum result recording_export(struct archive *a, const char *broadcast, const char *out, struct fault *fault)
{
    struct replay r;
    struct target target = {.name = out};
    log_level_set(LOG_WARN); /* what the board tells a node's operator of its ways is nothing here */
    replay_init(&r, a, fault);
    if (ID_PARSE(&r.id, broadcast, strlen(broadcast)) != RESULT_OK)
        return fault_set(fault, RESULT_MALFORMED, "--recording is the id of a broadcast");
    enum result result = target_open(&r, &target);
    if (result == RESULT_OK)
        result = replay_open(&r);
    if (result == RESULT_OK)
        result = replay_ledger(&r);
    if (result == RESULT_OK)
        result = replay_events(&r);
    if (result == RESULT_OK)
        result = replay_run(&r);
    if (result == RESULT_OK) {
        warn_cut(&r);
        result = target_commit(&r, &target);
    }
    replay_close(&r);
    target_close(&r, &target);
    return result;
}
