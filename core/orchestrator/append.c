/* core/orchestrator/append.c - one compare-and-append, from events to folded.
 *
 *   append_start      encodes, asks behind what this node has folded
 *     append_ask      silence is asked again with the same expected seq: it cannot get in twice
 *     append_answered in the log: wait for the fold; somebody was faster: wait for theirs, then plan again
 *     append_again    what was waited for does not come: asked again
 *   append_settle     the end, told on a later turn
 *
 * Silence leaves a doubt: the entry may be ours although a later attempt hears `conflict`. The follow settles it: what is
 * delivered at our seq either is our first entry, byte for byte, or it is not. */
#include "core/orchestrator/journeys.h"

#include <string.h>

#define WAIT_MS_MAX 3000           /* for what the log said it has */
#define SEQ_AT_CATCH_UP UINT64_MAX /* after a rewind: settled when the log has been read to its head */

static void append_ask(struct append *a);
static void append_answered(struct log_append *ask);
static void append_wait(struct append *a, enum append_step step, uint64_t seq);
static void append_again(struct clock_timer *timer);
static void append_check(struct append *a);
static void append_settle(struct append *a, enum append_end end);
static void append_settled(struct turn *turn);

static enum result append_encode(struct append *a, const struct event *events, size_t count)
{
    MUST(count >= 1 && count <= EVENT_BATCH_MAX);
    for (size_t i = 0; i < count; i++) {
        bytes_clear(&a->entries[i]);
        a->entries[i].limit = LOG_ENTRY_MAX;
        enum result result = a->o->config.codec.encode(&events[i], &a->entries[i]);
        if (result == RESULT_OK)
            result = bytes_result(&a->entries[i]);
        if (result != RESULT_OK)
            return result;
    }
    return RESULT_OK;
}

enum result append_start(struct append *a, struct orchestrator *o, struct logbook *book, const struct event *events,
                         size_t count)
{
    MUST(a->step == APPEND_IDLE && a->done != NULL);
    a->o = o;
    enum result result = append_encode(a, events, count);
    if (result != RESULT_OK)
        return result;
    a->book = book;
    a->attempts = 0;
    a->doubted = a->ours = false;
    a->turn.run = append_settled;
    a->again.fire = append_again;
    a->ask = (struct log_append){.shop = book->follow.shop,
                                 .broadcast = book->follow.broadcast,
                                 .expected_seq = book->seq,
                                 .entries = a->entries,
                                 .count = count,
                                 .done = append_answered};
    list_push_back(&book->appends, &a->link);
    append_ask(a);
    return RESULT_OK;
}

/* A seq says where an entry goes, not what it follows: behind another history than ours it could be nonsense. */
static bool append_holds_back(struct append *a)
{
    if (!a->book->doubted)
        return false;
    if (a->attempts < ASK_ATTEMPTS_MAX) {
        a->step = APPEND_RESTING;
        a->o->config.clock->start(a->o->config.clock, &a->again, ASK_AGAIN_MS << (a->attempts - 1));
    } else {
        append_settle(a, a->doubted ? APPEND_UNKNOWN : APPEND_UNAVAILABLE);
    }
    return true;
}

static void append_ask(struct append *a)
{
    a->step = APPEND_ASKED;
    a->attempts++;
    if (append_holds_back(a))
        return;
    a->o->config.log->append(a->o->config.log, &a->ask); /* port; continues in append_answered */
}

static void append_answered(struct log_append *ask)
{
    struct append *a = container_of(ask, struct append, ask);
    bool silent = ask->result == RESULT_NO_ANSWER || (a->doubted && ask->result == RESULT_UNAVAILABLE);
    if (a->book->broken) {
        append_settle(a, APPEND_UNKNOWN); /* nobody will ever see it folded here */
    } else if (ask->result == RESULT_OK) {
        a->ours = true;
        append_wait(a, APPEND_FOLDING, ask->expected_seq + ask->count);
    } else if (ask->result == RESULT_CONFLICT && ask->head >= ask->expected_seq) {
        append_wait(a, APPEND_CATCHING_UP, ask->head);
    } else if (silent && a->attempts < ASK_ATTEMPTS_MAX) {
        a->doubted = true;
        a->step = APPEND_RESTING;
        a->o->config.clock->start(a->o->config.clock, &a->again, ASK_AGAIN_MS << (a->attempts - 1));
        append_check(a);
    } else {
        append_settle(a, silent ? APPEND_UNKNOWN : APPEND_UNAVAILABLE); /* a head behind ours: history is being lost */
    }
}

static void append_wait(struct append *a, enum append_step step, uint64_t seq)
{
    a->step = step;
    a->wait_seq = seq;
    a->o->config.clock->start(a->o->config.clock, &a->again, WAIT_MS_MAX);
    append_check(a);
}

/* What is waited for does not come, although the log was read to its head: a fail-over lost it before this node was given it, so
 * nothing that it was given is missing, and no rewind is told. Asked again the log says how far it goes. */
static void append_again(struct clock_timer *timer)
{
    struct append *a = container_of(timer, struct append, again);
    bool waits = a->step == APPEND_FOLDING || a->step == APPEND_CATCHING_UP;
    if (waits && a->wait_seq == SEQ_AT_CATCH_UP)
        return;
    if (waits && (!a->book->caught_up || a->book->doubted)) {
        a->o->config.clock->start(a->o->config.clock, timer, WAIT_MS_MAX);
        return;
    }
    a->doubted |= a->step == APPEND_FOLDING; /* it was said to be in: no answer now does not mean that it is not */
    append_ask(a);
}

/* Has this node seen enough of the log to know how it ended? */
static void append_check(struct append *a)
{
    uint64_t seq = a->book->seq;
    if (a->step == APPEND_RESTING && a->ours && seq >= a->ask.expected_seq + a->ask.count) {
        append_settle(a, APPEND_FOLDED);
    } else if (a->step == APPEND_FOLDING && seq >= a->wait_seq) {
        append_settle(a, APPEND_FOLDED);
    } else if (a->step == APPEND_CATCHING_UP && seq >= a->wait_seq) {
        append_settle(a, a->ours ? APPEND_FOLDED : APPEND_BEATEN);
    }
}

static void append_settle(struct append *a, enum append_end end)
{
    a->o->config.clock->stop(a->o->config.clock, &a->again);
    a->step = APPEND_IDLE;
    a->end = end;
    list_remove(&a->link);
    turn_take(a->o, &a->turn); /* a listener of the log is no place to plan the next act */
}

static void append_settled(struct turn *turn)
{
    struct append *a = container_of(turn, struct append, turn);
    a->done(a);
}

void append_finish(struct append *a)
{
    if (a->o != NULL)
        a->o->config.clock->stop(a->o->config.clock, &a->again);
    for (size_t i = 0; i < EVENT_BATCH_MAX; i++)
        bytes_finish(&a->entries[i]);
}

/* ---- the log's side ---- */

void logbook_init(struct logbook *book) { list_init(&book->appends); }

void logbook_delivered(struct logbook *book, uint64_t seq, const char *data, size_t len)
{
    list_for_each (link, &book->appends) {
        struct append *a = container_of(link, struct append, link);
        const struct bytes *first = &a->entries[0];
        if (a->ask.expected_seq + 1 == seq)
            a->ours = first->len == len && memcmp(first->data, data, len) == 0;
    }
}

static void logbook_check(struct logbook *book)
{
    list_for_each (link, &book->appends)
        append_check(container_of(link, struct append, link));
}

void logbook_folded(struct logbook *book, uint64_t seq)
{
    book->seq = seq;
    logbook_check(book);
}

void logbook_caught_up(struct logbook *book)
{
    book->caught_up = true;
    book->doubted = false;
    list_for_each (link, &book->appends) {
        struct append *a = container_of(link, struct append, link);
        if (a->step == APPEND_CATCHING_UP && a->wait_seq == SEQ_AT_CATCH_UP)
            append_settle(a, a->ours ? APPEND_FOLDED : APPEND_BEATEN);
    }
}

void logbook_broke(struct logbook *book)
{
    book->broken = true;
    list_for_each (link, &book->appends) {
        struct append *a = container_of(link, struct append, link);
        if (a->step == APPEND_FOLDING || a->step == APPEND_CATCHING_UP)
            append_settle(a, APPEND_UNKNOWN);
    }
}

/* What was in the log may be there no more: whoever waited for it plans again once all is read. */
void logbook_rewound(struct logbook *book)
{
    book->seq = 0;
    book->caught_up = book->broken = false;
    list_for_each (link, &book->appends) {
        struct append *a = container_of(link, struct append, link);
        a->ours = false;
        if (a->step == APPEND_FOLDING || a->step == APPEND_CATCHING_UP) {
            a->step = APPEND_CATCHING_UP;
            a->wait_seq = SEQ_AT_CATCH_UP;
        }
    }
}
