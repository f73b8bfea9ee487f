/* loadtest/crowd.h - a host and N viewers in one thread, and the books on all of them.
 *
 * Each call below runs the crowd until its own end, in plain order: join, then pins, then reservations. One clock times it all:
 * the host's send and every viewer's receipt happen in this process. */
#ifndef LOADTEST_CROWD_H
#define LOADTEST_CROWD_H

#include <stdio.h>

#include "loadtest/client/load_viewer.h"
#include "loadtest/histogram.h"

#define CROWD_SKUS_MAX 64
#define CROWD_ANSWERS_MAX 32

struct crowd_config {
    const char *url;        /* ws://host:port[/v1/broadcasts/ID/live] */
    const char *broadcast;  /* NULL: from the url's path */
    const char *token;      /* of a viewer */
    const char *host_token; /* NULL: no host; then no pins and no allocations */
    size_t viewers;
    uint64_t seed;
    FILE *progress; /* NULL: none */
};

enum crowd_then { THEN_KEEP, THEN_RELEASE };

struct crowd_wishes { /* reservations */
    const char *sku;
    unsigned qty;
    enum crowd_then then;
    double per_second; /* open loop; 0: closed, each of `at_once` viewers asks again when answered */
    size_t at_once;
    int64_t last_ms;
};

struct crowd_answer {
    char code[32]; /* "held" or the error's code */
    uint64_t count;
};

struct crowd {
    struct crowd_config config;
    struct load_set set;
    char path[160];
    struct buyer *buyers;
    struct load_viewer host;
    bool returning; /* whoever loses the line comes back by itself */
    /* ---- books ---- */
    struct histogram join, pin, pin_last, reserve;
    size_t live;
    uint64_t lost, refused_joins, pins, pins_incomplete;
    struct crowd_answer answers[CROWD_ANSWERS_MAX];
    uint64_t held_answers, asked, unanswered;
    int64_t outstanding, outstanding_max, allocated; /* units: ours by the answers; and given, by the host's counts */
    bool oversold;
    char first_trouble[160];
    /* ---- the pin in flight ---- */
    int64_t pin_sent_us;
    size_t pin_receipts;
    int64_t pin_last_us;
    bool pin_answered;
    char host_error[64];
    char pinned[64]; /* in slot 0 now, as far as the host knows */
    size_t pin_turn;
    const struct crowd_wishes *wishes;
    int64_t progress_ms;
    char doing[48];
};

MUST_USE enum result crowd_init(struct crowd *c, const struct crowd_config *config);
void crowd_finish(struct crowd *c);

/* Brings all viewers (and the host) in at `per_second`; false when not all are live after `wait_ms` more. */
bool crowd_join(struct crowd *c, double per_second, int64_t wait_ms);
/* One pin every `every_ms`, over `skus` in turn, `count` times. */
bool crowd_pins(struct crowd *c, const char *const *skus, size_t skus_count, size_t count, int64_t every_ms);
/* Pins one after the other without pause for `last_ms`: the next goes out when the last viewer has the one before. */
uint64_t crowd_flood(struct crowd *c, const char *const *skus, size_t skus_count, int64_t last_ms);
void crowd_reserve(struct crowd *c, const struct crowd_wishes *wishes);
bool crowd_host_says(struct crowd *c,
                     const char *command); /* a host's message with id "x"; true when answered without error */
bool crowd_allocate(struct crowd *c, const char *sku, int64_t units);
void crowd_drop(struct crowd *c, double share); /* lines cut without a word */
/* All come back within `within_ms`; false when not all are live and level after `wait_ms` more. */
bool crowd_return(struct crowd *c, int64_t within_ms, int64_t wait_ms);
void crowd_wait(struct crowd *c, int64_t ms);

uint64_t crowd_sum(const struct crowd *c, size_t offset); /* of a uint64_t member of struct load_viewer */
#define CROWD_SUM(crowd, member) crowd_sum((crowd), offsetof(struct load_viewer, member))
bool crowd_is_sound(const struct crowd *c); /* no gap, no duplicate, nothing malformed, nothing oversold */
void crowd_report(const struct crowd *c, struct bytes *out, const char *name); /* one JSON object */
void crowd_print(const struct crowd *c, FILE *to);

#endif
