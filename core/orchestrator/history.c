/* core/orchestrator/history.c - a broadcast's log read again, for those who were away longer than any ring remembers.
 *
 *   orchestrator_replay   a follow of its own, from the first entry
 *     replay_entry        folded into a fresh copy by the pure rules, told with the state of then
 *     replay_pause        a slice is over: everyone else gets a turn, then it goes on from there
 *   replay_end            enough, as far as this node is, or history was lost; `done` on a later turn */
#include "core/orchestrator/journeys.h"

#include <stdlib.h>

#include "base/log.h"

/* What one slice may fold. Redis hands out a few dozen entries per turn anyway; the stand-in gives everything at once, and
 * runs of show are large. */
#define SLICE_ENTRIES 512
#define SLICE_BYTES (512u << 10)

struct replay {
    struct orchestrator *o;
    struct orchestrator_replay *ask;
    struct list link; /* in o->replays */
    struct turn turn;
    struct log_follow follow;
    struct broadcast b; /* as it was */
    struct run_of_show run;
    struct preflight preflight;
    size_t slice_entries, slice_bytes;
};

static void replay_follow(struct replay *r);
static void replay_entry(struct log_follow *follow, uint64_t seq, const char *data, size_t len);
static enum result replay_step(struct replay *r, const char *data, size_t len, struct event *e);
static bool replay_tell(struct replay *r, struct show *show, const struct event *e);
static void replay_pause(struct replay *r);
static void replay_caught_up(struct log_follow *follow);
static void replay_rewound(struct log_follow *follow);
static void replay_end(struct replay *r, enum result result);

static void replay_free(struct replay *r)
{
    list_remove(&r->link);
    list_remove(&r->turn.link);
    broadcast_finish(&r->b);
    run_of_show_finish(&r->run);
    r->ask->impl = NULL;
    free(r);
}

enum result orchestrator_replay(struct orchestrator *o, struct orchestrator_replay *ask)
{
    ask->impl = NULL;
    if (show_find(o, &ask->shop, &ask->broadcast) == NULL)
        return RESULT_UNAVAILABLE;
    struct replay *r = calloc(1, sizeof *r);
    if (r == NULL)
        return RESULT_NO_MEMORY;
    r->o = o;
    r->ask = ask;
    ask->impl = r;
    broadcast_init(&r->b, &ask->shop, &ask->broadcast);
    list_push_back(&o->replays, &r->link);
    replay_follow(r);
    return RESULT_OK;
}

void orchestrator_replay_cancel(struct orchestrator_replay *ask)
{
    struct replay *r = ask->impl;
    if (r == NULL)
        return;
    r->o->config.log->unfollow(r->o->config.log, &r->follow);
    replay_free(r);
}

/* From behind what is folded. */
static void replay_follow(struct replay *r)
{
    struct log *log = r->o->config.log;
    r->slice_entries = r->slice_bytes = 0;
    r->follow = (struct log_follow){.shop = r->ask->shop,
                                    .broadcast = r->ask->broadcast,
                                    .from_seq = r->b.seq,
                                    .entry = replay_entry,
                                    .caught_up = replay_caught_up,
                                    .rewound = replay_rewound};
    log->follow(log, &r->follow);
}

static void replay_entry(struct log_follow *follow, uint64_t seq, const char *data, size_t len)
{
    struct replay *r = container_of(follow, struct replay, follow);
    struct show *show = show_find(r->o, &r->ask->shop, &r->ask->broadcast);
    if (show == NULL || seq > show->b.seq) { /* what is newer the audience is told as it is folded */
        replay_end(r, show == NULL ? RESULT_UNAVAILABLE : RESULT_OK);
        return;
    }
    struct event e = {0};
    enum result result = seq == r->b.seq + 1 ? replay_step(r, data, len, &e) : RESULT_MALFORMED;
    bool more = result == RESULT_OK && (seq <= r->ask->after_seq || replay_tell(r, show, &e));
    event_finish(&e);
    r->slice_entries++;
    r->slice_bytes += len;
    if (!more)
        replay_end(r, result);
    else if (r->slice_entries >= SLICE_ENTRIES || r->slice_bytes >= SLICE_BYTES)
        replay_pause(r);
}

static enum result replay_step(struct replay *r, const char *data, size_t len, struct event *e)
{
    enum result result = r->o->config.codec.decode(data, len, e);
    e->seq = r->b.seq + 1;
    if (result == RESULT_OK)
        result = broadcast_step(&r->b, e);
    /* Only hosts are told of cards and plans, and those are most of the work. */
    return result == RESULT_OK && e->kind == EVENT_SHELF && r->ask->for_hosts ? show_read_run(&r->b, &r->run) : result;
}

static bool replay_tell(struct replay *r, struct show *show, const struct event *e)
{
    struct show_view view = *show_view(show);
    view.broadcast = &r->b;
    view.run = r->b.document == NULL ? NULL : &r->run;
    view.preflight = NULL;
    if (e->kind == EVENT_SHELF && r->ask->for_hosts) {
        preflight_judge(show->shop, &r->b, &r->run, &r->preflight); /* by the stock of now: that of then is gone */
        view.preflight = &r->preflight;
    }
    return r->ask->event(r->ask, &view, e);
}

static void replay_goes_on(struct turn *turn) { replay_follow(container_of(turn, struct replay, turn)); }

static void replay_pause(struct replay *r)
{
    r->o->config.log->unfollow(r->o->config.log, &r->follow);
    r->turn.run = replay_goes_on;
    turn_take(r->o, &r->turn);
}

static void replay_caught_up(struct log_follow *follow)
{
    replay_end(container_of(follow, struct replay, follow), RESULT_OK);
}

/* Of what was told already nobody knows whether it still is history. */
static void replay_rewound(struct log_follow *follow)
{
    replay_end(container_of(follow, struct replay, follow), RESULT_UNAVAILABLE);
}

static void replay_ended(struct turn *turn)
{
    struct replay *r = container_of(turn, struct replay, turn);
    struct orchestrator_replay *ask = r->ask;
    replay_free(r);
    ask->done(ask);
}

static void replay_end(struct replay *r, enum result result)
{
    r->o->config.log->unfollow(r->o->config.log, &r->follow);
    log_write(result == RESULT_OK ? LOG_DEBUG : LOG_WARN, "replay.ended", "shop=%s broadcast=%s seq=%llu result=%s",
              r->b.shop.text, r->b.id.text, (unsigned long long)r->b.seq, result_name(result));
    r->ask->result = result;
    r->turn.run = replay_ended;
    turn_take(r->o, &r->turn);
}

bool replay_reads(const struct show *show)
{
    list_for_each (at, &show->shop->o->replays) {
        const struct replay *r = container_of(at, struct replay, link);
        if (ID_EQUAL(r->b.shop, show->shop->id) && ID_EQUAL(r->b.id, show->b.id))
            return true;
    }
    return false;
}

void replays_free(struct orchestrator *o)
{
    list_for_each (at, &o->replays)
        replay_free(container_of(at, struct replay, link));
}
