/* core/ports/log.h - event logs: append if nobody was faster, follow from the start, never miss one.
 *
 * A log is named by its kind, shop and broadcast (none: the shop's own). Entries are opaque bytes numbered from 1 without
 * gaps. Real: inventory/redis. Stand-in: inventory/memory. `done` and listeners run on the loop thread, never from inside
 * the call. */
#ifndef LIVESHELF_CORE_PORTS_LOG_H
#define LIVESHELF_CORE_PORTS_LOG_H

#include "base/bytes.h"
#include "base/types.h"
#include "core/broadcast/event.h"

#define LOG_ENTRY_MAX (2u << 20) /* bytes of one entry */

enum log_kind {
    LOG_EVENTS,    /* what happened, as the host and the shop decided it */
    LOG_ESTIMATES, /* what logistics was told, and what it was told from */
};

struct log_append { /* owned by the caller until done */
    enum log_kind kind;
    struct shop_id shop;
    struct broadcast_id broadcast;
    uint64_t expected_seq;       /* the log's head must be exactly this; entries get expected_seq+1.. */
    const struct bytes *entries; /* 1..EVENT_BATCH_MAX; appended all or none */
    size_t count;
    /* RESULT_OK; RESULT_CONFLICT: the head is `head`, nothing appended; RESULT_UNAVAILABLE: not asked;
     * RESULT_NO_ANSWER: asked, silence: follow the log to learn */
    enum result result;
    uint64_t head;
    void (*done)(struct log_append *append);
    void *impl[6];
};

struct log_follow { /* owned by the caller until log_unfollow */
    enum log_kind kind;
    struct shop_id shop;
    struct broadcast_id broadcast;
    uint64_t from_seq; /* the first entry delivered is from_seq + 1 */
    /* In order, each exactly once. `data` is borrowed. */
    void (*entry)(struct log_follow *follow, uint64_t seq, const char *data, size_t len);
    /* The head was reached for the first time (also for an empty or missing log: seq 0 then), and after each
     * reconnect. */
    void (*caught_up)(struct log_follow *follow);
    /* History was lost: the log no longer holds what was delivered (fail-over, restore). Delivery goes on from entry 1; the
     * follower forgets its state inside this call. */
    void (*rewound)(struct log_follow *follow);
    void *impl[8];
};

struct log {
    void (*append)(struct log *log, struct log_append *append);
    void (*follow)(struct log *log, struct log_follow *follow);
    void (*unfollow)(struct log *log, struct log_follow *follow);
};

/* How events become entries; given to the orchestrator so that the core needs no JSON. */
struct event_codec {
    enum result (*encode)(const struct event *e, struct bytes *out);
    enum result (*decode)(const char *data, size_t len, struct event *ret); /* the caller finishes *ret */
};

#endif
