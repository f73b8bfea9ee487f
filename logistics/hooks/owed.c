/* logistics/hooks/owed.c - what a duty owes next, and what becomes of a lane when its message was taken or not. No I/O. */
#include <stdlib.h>
#include <string.h>

#include "logistics/hooks/inner.h"

#define S INT64_C(1000)
#define MIN (60 * S)
#define H (60 * MIN)
static const int64_t retry_ms[HOOKS_TRIES_MAX - 1] = {5 * S,  5 * MIN, 30 * MIN, 2 * H, 5 * H,
                                                      10 * H, 14 * H,  20 * H,   24 * H};
#define RETRY_AFTER_MAX_MS (24 * H)

int64_t hooks_retry_ms(uint32_t tries)
{
    MUST(tries >= 1 && tries < HOOKS_TRIES_MAX);
    return retry_ms[tries - 1];
}

/* ---- heads ---- */

static bool duty_wants(const struct duty *duty, enum hook_type type)
{
    return (duty->sink->endpoint.types & BIT(type)) != 0;
}

/* The first change of a later place; with `only`, the one of that place. */
static const struct promise_change *change_behind(const struct hook_view *view, uint64_t place, uint64_t *ret_place)
{
    uint64_t nth = 0;
    for (size_t i = 0; i < view->changes_count; i++) {
        nth = i > 0 && view->changes[i - 1].seq == view->changes[i].seq ? nth + 1 : 0;
        *ret_place = place_of(view->changes[i].seq, nth);
        if (*ret_place > place)
            return &view->changes[i];
    }
    return NULL;
}

/* Where to go on. A fail-over may have lost events that were told already: when another change stands in the place of the last one
 * told, or the history ends before it, all are told again. Those that are the same have the same ids; nothing is left out. */
static uint64_t changes_told(const struct lane *lane, const struct hook_view *view)
{
    uint64_t place = 0;
    if (lane->place == 0 || lane->ms == 0 || view->changes_count == 0)
        return lane->place;
    const struct promise_change *last = change_behind(view, lane->place - 1, &place);
    bool same = last != NULL && (place > lane->place || last->ms == lane->ms);
    return same ? lane->place : 0;
}

static bool changes_head(const struct duty *duty, const struct hook_view *view, struct message *ret)
{
    uint64_t place = 0;
    const struct promise_change *change = NULL;
    if (duty_wants(duty, HOOK_PROMISE_CHANGED))
        change = change_behind(view, changes_told(&duty->lanes[LANE_CHANGES], view), &place);
    if (change != NULL) {
        *ret = (struct message){.lane = LANE_CHANGES,
                                .type = HOOK_PROMISE_CHANGED,
                                .seq = change->seq,
                                .place = place,
                                .identity = place,
                                .ms = change->ms,
                                .change = change};
        return true;
    }
    if (!view->settled || duty->settled == view->estimate_seq || view->estimate == NULL ||
        !duty_wants(duty, HOOK_VOLUMES_SETTLED))
        return false;
    *ret = (struct message){.lane = LANE_CHANGES,
                            .type = HOOK_VOLUMES_SETTLED,
                            .seq = view->estimate_seq,
                            .place = duty->lanes[LANE_CHANGES].place,
                            .identity = view->estimate_seq,
                            .ms = view->estimate_ms};
    return true;
}

/* A later one: also one of a smaller seq, behind a fail-over that lost some. */
static bool is_later(const struct lane *lane, const struct hook_view *view)
{
    return view->estimate_seq > lane->place || (lane->ms > 0 && view->estimate_ms > lane->ms);
}

/* The last estimate of all comes with volumes.settled, to those who want that. */
static bool volumes_head(const struct duty *duty, const struct hook_view *view, struct message *ret)
{
    if (view->estimate == NULL || !is_later(&duty->lanes[LANE_VOLUMES], view) ||
        !duty_wants(duty, HOOK_VOLUMES_UPDATED) || (view->settled && duty_wants(duty, HOOK_VOLUMES_SETTLED)))
        return false;
    *ret = (struct message){.lane = LANE_VOLUMES,
                            .type = HOOK_VOLUMES_UPDATED,
                            .seq = view->estimate_seq,
                            .place = view->estimate_seq,
                            .identity = view->estimate_seq,
                            .ms = view->estimate_ms};
    return true;
}

static const struct replay *replay_next(const struct duty *duty)
{
    const struct sink *sink = duty->sink;
    for (size_t i = 0; i < sink->replays_count; i++)
        if (sink->replays[i].number > duty->lanes[LANE_REPLAY].place &&
            ID_EQUAL(sink->replays[i].what.broadcast, duty->broadcast))
            return &sink->replays[i];
    return NULL;
}

static bool replay_head(const struct duty *duty, const struct hook_view *view, struct message *ret)
{
    const struct replay *replay = replay_next(duty);
    const struct promise_change *change = NULL;
    uint64_t place = 0;
    char id[HOOK_MESSAGE_LEN + 1];
    while (replay != NULL && (change = change_behind(view, place, &place)) != NULL) {
        *ret = (struct message){.lane = LANE_REPLAY,
                                .type = HOOK_PROMISE_CHANGED,
                                .seq = change->seq,
                                .place = replay->number,
                                .identity = place,
                                .ms = change->ms,
                                .change = change};
        message_id(id, duty, ret);
        if (strcmp(id, replay->what.message) == 0)
            return true;
    }
    return false;
}

bool lane_head(const struct duty *duty, enum lane_kind lane, const struct hook_view *view, struct message *ret)
{
    switch (lane) {
    case LANE_REPLAY:
        return replay_head(duty, view, ret);
    case LANE_CHANGES:
        return changes_head(duty, view, ret);
    case LANE_VOLUMES:
        return volumes_head(duty, view, ret);
    case LANES:
        break;
    }
    return false;
}

/* ---- letters ---- */

static struct hook_dead *letter_find(const struct duty *duty, const char *message)
{
    for (size_t i = 0; i < duty->letters_count; i++)
        if (strcmp(duty->letters[i].message, message) == 0)
            return &duty->letters[i];
    return NULL;
}

void letter_remove(struct duty *duty, const char *message)
{
    struct hook_dead *letter = letter_find(duty, message);
    if (letter == NULL)
        return;
    size_t behind = duty->letters_count - (size_t)(letter - duty->letters) - 1;
    memmove(letter, letter + 1, behind * sizeof *letter);
    duty->letters_count--;
    duty->letters_dirty = true;
}

void letter_add(struct duty *duty, const struct hook_dead *letter)
{
    letter_remove(duty, letter->message);
    if (duty->letters == NULL) {
        duty->letters = calloc(HOOKS_LETTERS_MAX, sizeof *duty->letters);
        MUST(duty->letters != NULL);
    }
    if (duty->letters_count == HOOKS_LETTERS_MAX)
        letter_remove(duty, duty->letters[0].message);
    duty->letters[duty->letters_count++] = *letter;
    duty->letters_dirty = true;
}

/* ---- replays ---- */

static void lane_again(struct lane *lane) { *lane = (struct lane){.place = lane->place}; }

static void replay_range(struct duty *duty, uint64_t after_seq)
{
    uint64_t place = place_of(after_seq, PLACE_LAST);
    for (size_t i = duty->letters_count; i-- > 0;)
        if (duty->letters[i].type != HOOK_PROMISE_CHANGED || duty->letters[i].seq > after_seq)
            letter_remove(duty, duty->letters[i].message);
    lane_again(&duty->lanes[LANE_CHANGES]);
    lane_again(&duty->lanes[LANE_VOLUMES]);
    if (duty->lanes[LANE_CHANGES].place > place)
        duty->lanes[LANE_CHANGES].place = place;
    duty->lanes[LANE_VOLUMES].place = 0;
    duty->settled = 0;
}

/* False: it is a change, to be sent by itself. */
static bool replay_apply(struct duty *duty, const struct hook_replay *what, const struct hook_view *view)
{
    struct message change;
    if (what->message[0] == '\0') {
        replay_range(duty, what->after_seq);
        return true;
    }
    const struct hook_dead *letter = letter_find(duty, what->message);
    if (letter != NULL && letter->type == HOOK_PROMISE_CHANGED)
        return !replay_head(duty, view, &change); /* one that is remembered no more cannot be sent: its letter stays */
    if (letter != NULL && letter->type == HOOK_VOLUMES_SETTLED) {
        duty->settled = 0;
        lane_again(&duty->lanes[LANE_CHANGES]);
    } else if (letter != NULL) {
        duty->lanes[LANE_VOLUMES] = (struct lane){0}; /* the newest one, which replaces it */
    }
    letter_remove(duty, what->message);
    return true;
}

bool duty_is_replaying(const struct duty *duty) { return replay_next(duty) != NULL; }

void duty_replay(struct duty *duty, const struct hook_view *view)
{
    for (const struct replay *r; (r = replay_next(duty)) != NULL && replay_apply(duty, &r->what, view);) {
        duty->lanes[LANE_REPLAY] = (struct lane){.place = r->number};
        duty->places_dirty = true;
    }
}

/* ---- taken, or not ---- */

static void lane_move_on(struct duty *duty, const struct message *m)
{
    struct lane *lane = &duty->lanes[m->lane];
    lane->place = m->place;
    lane->tries = 0;
    lane->next_ms = lane->early_ms = lane->quiet_ms = 0;
    if (m->type == HOOK_VOLUMES_SETTLED)
        duty->settled = m->seq; /* the last change is still the same */
    else
        lane->ms = m->ms;
    duty->places_dirty = true;
}

void lane_news(struct lane *lane, int64_t now_ms)
{
    if (lane->failing_ms > 0 && lane->early_ms == 0)
        lane->early_ms = now_ms > lane->quiet_ms ? now_ms : lane->quiet_ms;
}

int64_t lane_due_ms(const struct lane *lane)
{
    return lane->early_ms > 0 && lane->early_ms < lane->next_ms ? lane->early_ms : lane->next_ms;
}

void lane_delivered(struct duty *duty, const struct message *m, int64_t next_ms)
{
    lane_move_on(duty, m);
    duty->lanes[m->lane].next_ms = next_ms;
    duty->lanes[m->lane].failing_ms = 0;
}

/* How many tries the message would have had by now, if the lane had been free for it when it came to be. Where an endpoint was
 * gone for days, each message behind the first has waited as long: it is not given another three days of its own. */
static uint32_t tries_by(int64_t waited_ms)
{
    uint32_t tries = 1;
    for (int64_t at_ms = 0; tries < HOOKS_TRIES_MAX; tries++) {
        at_ms += retry_ms[tries - 1];
        if ((double)at_ms * (1 - HOOKS_JITTER) > (double)waited_ms)
            break;
    }
    return tries;
}

bool lane_failed(struct duty *duty, const struct message *m, int64_t now_ms, int64_t retry_after_ms, double jitter)
{
    struct lane *lane = &duty->lanes[m->lane];
    int64_t asked_ms = retry_after_ms > RETRY_AFTER_MAX_MS ? RETRY_AFTER_MAX_MS : retry_after_ms;
    bool was_early = lane_due_ms(lane) < lane->next_ms && now_ms < lane->next_ms;
    lane->early_ms = 0;
    lane->quiet_ms = now_ms + (asked_ms > HOOKS_NEWS_MS ? asked_ms : HOOKS_NEWS_MS);
    if (was_early) {
        if (now_ms + asked_ms > lane->next_ms)
            lane->next_ms = now_ms + asked_ms;
        return false;
    }
    if (lane->failing_ms == 0)
        lane->failing_ms = now_ms;
    lane->tries++;
    uint32_t by_now = tries_by(now_ms - (m->ms > lane->failing_ms ? m->ms : lane->failing_ms));
    if (by_now > lane->tries)
        lane->tries = by_now;
    duty->places_dirty = true;
    if (lane->tries >= HOOKS_TRIES_MAX) {
        lane_move_on(duty, m);
        return true;
    }
    int64_t wait_ms = (int64_t)((double)hooks_retry_ms(lane->tries) * jitter);
    lane->next_ms = now_ms + (asked_ms > wait_ms ? asked_ms : wait_ms);
    return false;
}
