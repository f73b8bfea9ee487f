/* loadtest/crowd.h - a host and N viewers in one thread, and the books on all of them.
 *
 *   crowd.c       the turn; who comes in, is cut, comes back; faults
 *   buyer.c       what a viewer does with a message; claims, and what becomes of them
 *   claim.c       one claim: asked until it is answered, given back or paid for
 *   wishes.c      who wants what when: open and closed loop
 *   manners.c     what goes on all the while: coming and going, clocks, buyers after a pin, slow readers
 *   host.c        pins, stock, commands
 *   stock_check.c GET /v1/stock before and after
 *
 * Each call below runs the crowd until its own end, in plain order: join, then pins, then reservations. One clock times it all:
 * the host's send and every viewer's receipt happen in this process. Open-loop acts are timed from the moment they were due, not
 * from when this process came to do them: a stalled server, or a stalled load generator, cannot hide what it did not let happen.
 *
 * A viewer who loses the line comes back alone: exponential back-off with full jitter, what the server says of the time to
 * come back honoured, resume from the last event seen. Nobody else may host meanwhile; who gives stock meanwhile is found out by
 * asking the shop, which needs a token that may. */
#ifndef LOADTEST_CROWD_H
#define LOADTEST_CROWD_H

#include <signal.h>
#include <stdio.h>

#include "loadtest/books.h"
#include "loadtest/client/load_viewer.h"
#include "loadtest/histogram.h"
#include "loadtest/series.h"

#define CROWD_SKUS_MAX 64
#define CROWD_FAULTS_MAX 64
#define CROWD_RAMP_MAX 8
#define CROWD_MANNERS_MAX 16

struct crowd;
struct crowd_config {
    const char *url;              /* ws://host:port[/v1/broadcasts/ID/live] */
    const char *broadcast;        /* NULL: from the url's path */
    const char *token;            /* of a viewer */
    const char *host_token;       /* NULL: no host; then no pins and no allocations */
    const char *integrator_token; /* NULL: nobody pays; what would be paid for is given back */
    size_t viewers;
    uint64_t seed;
    double speed;                      /* every duration of a scenario is divided by it; 0 counts as 1 */
    const volatile sig_atomic_t *stop; /* not 0: end what goes on now; NULL: never */
    /* At most 4 times a second; `second`: there is a new row in the series. NULL: nobody looks. */
    void (*watch)(void *ctx, const struct crowd *c, bool second);
    void *watch_ctx;
};

enum crowd_then { THEN_KEEP, THEN_RELEASE, THEN_PAY }; /* THEN_PAY without an integrator's token releases */

struct crowd_wishes { /* reservations */
    const char *sku;
    unsigned qty;
    enum crowd_then then;
    double per_second; /* open loop; 0: closed, each of `at_once` viewers asks again when answered */
    size_t at_once;
    bool once; /* closed loop: nobody asks again */
    int64_t last_ms;
};

struct crowd_wishing {                 /* wishes that are being had */
    const struct crowd_wishes *wishes; /* NULL: none */
    int64_t began_us;
    uint64_t wished;
};

struct crowd_step { /* of the ramp: so much of the crowd within so long */
    double share, seconds;
};

enum manner_kind { MANNER_COME_AND_GO, MANNER_CLOCK, MANNER_BUYERS, MANNER_RESERVE };

/* NOLINTBEGIN(clang-analyzer-optin.performance.Padding): there is one crowd and a few manners; they are read in this order */
/* What goes on beside the phases. Times are as written; the crowd's speed divides them. */
struct crowd_manner {
    enum manner_kind kind;
    double per_second; /* come_and_go: leaves a second */
    double away_ms[2]; /* come_and_go */
    double every_ms;   /* clock: of each viewer */
    double lag_ms[2];  /* clock, buyers: how late a viewer's video is; constant per viewer, +- 1 s */
    double share;      /* buyers: of those who see a pin */
    double median_ms,
        early_ms; /* buyers: from seeing to tapping, log-normal: half within one, a tenth within the other */
    double retries, double_taps; /* buyers: shares that tap again later; twice at once */
    double give_back, commit_ms; /* buyers: share that never pays; half of the others pay within so long */
    unsigned qty;                /* buyers */
    struct crowd_wishes wishes;  /* reserve: open loop */
};

struct crowd_fault {            /* viewers were lost who had not meant to go */
    int64_t began_us, ended_us; /* first lost, all back and level; 0: not yet */
    size_t lost;
};

/* Counters that are told as they are, see loadtest/numbers.h. */
struct crowd_counts {
    uint64_t lost, moved, refused_joins, joins, reconnects;
    uint64_t received, events; /* messages of any kind; numbered events; summed over viewers */
    uint64_t pins, pins_incomplete, pins_interrupted;
    uint64_t asked, asked_again, held, refused, unanswered, paid, pay_refused, skipped;
    uint64_t missing; /* at the end: lost, and not back and level */
    uint64_t stock_mismatches;
};

struct buyer;
struct crowd {
    struct crowd_config config;
    struct load_set set;
    char path[160];
    struct buyer *buyers;
    struct load_viewer host;
    struct load_timer host_back;
    unsigned host_fails;
    char host_path[320]; /* with a ticket when the host was told to wait */
    struct load_http ticket;
    bool host_in_line, ticket_asking;
    uint64_t host_losses;
    int64_t began_us; /* of crowd_init */
    int64_t began_unix_ms;
    int64_t server_ahead_ms; /* the server's clock less ours, as near as welcomes tell */
    bool clock_known;
    bool stopped, finishing;
    /* ---- books ---- */
    struct histogram join, pin, pin_last, reserve, reserve_unbroken, resume;
    struct crowd_counts counts;
    struct books books;
    uint64_t held_answers;
    struct series series;
    char first_trouble[160];
    char stock_why[160]; /* what GET /v1/stock did not agree with; "": nothing */
    /* ---- who is here ---- */
    size_t live, level, expected, attentive; /* welcomed; up to date; should be; live and no slow reader */
    size_t arrived;                          /* were level at least once */
    struct crowd_fault faults[CROWD_FAULTS_MAX];
    size_t faults_count;
    bool fault_open;
    struct crowd_step ramp[CROWD_RAMP_MAX];
    size_t ramp_count, ramp_joined;
    int64_t ramp_began_us;
    /* ---- what goes on ---- */
    struct crowd_wishing wishing;
    const struct crowd_manner *manners;
    size_t manners_count;
    struct crowd_wishing manner_wishing[CROWD_MANNERS_MAX];
    int64_t manner_began_us;
    uint64_t manner_acts[CROWD_MANNERS_MAX];
    struct list payments;
    struct rng ids; /* of holds: never the same again, whatever the seed */
    struct load_http doubt;
    bool doubt_asking;
    size_t asking, busy; /* claims without an answer; those, and what is being given back or paid */
    double slow_read_ms, slow_ping_ms;
    size_t slow_read_bytes;
    size_t buyer_turn;
    /* ---- the pin in flight ---- */
    int64_t pin_sent_us, pin_last_us;
    size_t pin_waiting;
    char host_asked[24]; /* the id of the command whose answer is waited for */
    uint64_t host_commands;
    bool host_answered;
    bool pin_cut; /* the last one: may have gone out or not */
    char host_error[64];
    char pinned[64]; /* in slot 0 now, as far as the host knows */
    size_t pin_turn;
    char doing[48];
    int64_t watched_us;
};
/* NOLINTEND(clang-analyzer-optin.performance.Padding) */

MUST_USE enum result crowd_init(struct crowd *c, const struct crowd_config *config);
void crowd_finish(struct crowd *c);
void crowd_turn(struct crowd *c, int wait_ms); /* one turn of everything */
/* `ms` of the scenario's time in milliseconds of the clock. */
int64_t crowd_scaled(const struct crowd *c, double ms);

/* Brings all viewers (and the host) in at `per_second`; false when not all are live after `wait_ms` more. */
bool crowd_join(struct crowd *c, double per_second, int64_t wait_ms);
/* Begins to bring them in by steps, and returns when the host and those of the first step are there; false: they are not. */
bool crowd_ramp(struct crowd *c, const struct crowd_step *steps, size_t count, int64_t wait_ms);
bool crowd_join_rest(struct crowd *c, int64_t wait_ms); /* those of the later steps */
void crowd_drop(struct crowd *c, double share,
                bool stay_away); /* lines cut without a word; all back by themselves, or away */
/* Those who stay away come back within `within_ms`; false when not all are live and level after `wait_ms` more. */
bool crowd_return(struct crowd *c, int64_t within_ms, int64_t wait_ms);
void crowd_wait(struct crowd *c, int64_t ms);

/* One pin every `every_ms`, over `skus` in turn, `count` times. */
bool crowd_pins(struct crowd *c, const char *const *skus, size_t skus_count, size_t count, int64_t every_ms);
/* A host's message: its "t", and its further members, each with a comma before it ("": none). True when answered without error. */
bool crowd_host_says(struct crowd *c, const char *type, const char *members);
bool crowd_allocate(struct crowd *c, const char *sku, int64_t units);
bool crowd_stock(struct crowd *c, const char *sku, int64_t available); /* gives or takes until so many can be sold */

void crowd_reserve(struct crowd *c, const struct crowd_wishes *wishes);
/* From now on, beside all else; borrowed until the crowd is finished. */
void crowd_behave(struct crowd *c, const struct crowd_manner *manners, size_t count);
/* That share of the viewers reads `bytes` every `read_ms` (0: nothing at all) into a tiny buffer, and pings every `ping_ms`. */
void crowd_slow(struct crowd *c, double share, double read_ms, size_t bytes, double ping_ms);

/* Reads what there is to sell; false when it could not be asked. Once before the show, once behind it (then it compares). */
bool crowd_stock_before(struct crowd *c);
bool crowd_stock_after(struct crowd *c);
/* No new wishes; waits for what is on the way and who is not back: what then has no answer, and who is missing, is counted. */
void crowd_settle(struct crowd *c);

uint64_t crowd_sum(const struct crowd *c, size_t offset); /* of a uint64_t member of struct load_viewer */
#define CROWD_SUM(crowd, member) crowd_sum((crowd), offsetof(struct load_viewer, member))
bool crowd_is_sound(
    const struct crowd *c); /* no gap, no duplicate, nothing malformed, nothing oversold, all answered */
/* What is wrong, one line each, with `say(ctx, line)`; nothing when it is sound. */
void crowd_why(const struct crowd *c, void (*say)(void *ctx, const char *line), void *ctx);
void crowd_print(const struct crowd *c, FILE *to);

#endif
