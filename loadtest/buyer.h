/* loadtest/buyer.h - one viewer of the crowd and what they claim. For the crowd's own files. */
#ifndef LOADTEST_BUYER_H
#define LOADTEST_BUYER_H

#include "loadtest/crowd.h"

#define CLAIMS_MAX 4         /* of one viewer at a time; who has as many wishes for nothing more */
#define ANSWER_WAIT_MS 15000 /* what has no answer by then has none */
#define STOPPED_WAIT_MS 2000 /* whoever pressed Ctrl-C does not wait long */

enum claim_state {
    CLAIM_NONE,
    CLAIM_ASKED,       /* no answer yet: asked again under the same id until there is one */
    CLAIM_HELD,        /* told to be ours */
    CLAIM_GIVING_BACK, /* released by us; no longer counted as ours */
    CLAIM_PAYING,      /* counted as ours */
};

struct claim {
    struct load_timer timer; /* asks again; taps again; gives back or pays */
    struct buyer *buyer;
    struct books_sku *sku;
    enum claim_state state;
    enum crowd_then then;
    unsigned units, taps_due, taps_left, attempts; /* sent and not answered; still to be made */
    bool counted;                                  /* in the books as held */
    bool broken;                                   /* the viewer's line was down between wish and answer */
    bool answered;                                 /* its first answer was timed */
    bool loops;                                    /* of the closed loop: ended, the viewer wishes again */
    int64_t due_us, then_ms, expires_ms; /* of the wish; from held to giving back or paying; by the server's clock */
    int64_t amount;
    char currency[4];
    char hold[24];
};

struct buyer {
    struct load_viewer viewer; /* first: callbacks get this */
    struct crowd *crowd;
    struct load_timer back, think, read; /* comes back or moves; sees a pin and wants it; reads a little */
    unsigned fails;                      /* to come in, one after the other */
    bool live, level, expected, away, moving, slow, arrived;
    int64_t due_us, lost_us; /* when to come in; since when gone against the will, 0: not */
    uint64_t since_pin, seen_pin;
    int64_t lag_ms; /* of the video; below 0: not drawn yet */
    const struct crowd_manner *wants;
    struct books_sku *wants_sku;
    int64_t wants_us;
    struct claim claims[CLAIMS_MAX];
};

struct wish {
    struct books_sku *sku;
    unsigned qty;
    enum crowd_then then;
    int64_t due_us, then_ms;
    unsigned taps_at_once, taps_later;
    bool loops;
};

void buyer_init(struct buyer *b, struct crowd *c);

void crowd_trouble(struct crowd *c, const char *what, const char *detail); /* the first is kept */
int64_t crowd_server_ms(const struct crowd *c);
void crowd_presence(struct crowd *c); /* after `level` or `expected` changed */
bool crowd_goes_on(const struct crowd *c, int64_t until_ms);

void buyer_join(struct buyer *b, int64_t due_us);
void buyer_away(struct buyer *b, bool say_goodbye); /* leaves, and is not missed */
void buyer_expect(struct buyer *b, bool expected);
double crowd_between(struct crowd *c, const double range[2]);

bool claim_ask(struct buyer *b, const struct wish *wish);      /* false: no room for another */
bool claim_answer(struct buyer *b, const struct load_peek *p); /* true: it was one */
void claim_pushed(struct buyer *b, const struct load_peek *p);
bool claims_wait(const struct buyer *b); /* for an answer that only its own line can bring */
void claims_resume(struct buyer *b);     /* the line is back */
void claims_reconcile(struct buyer *b, const char *text, size_t len); /* with a snapshot */
void claim_paid(struct buyer *b, const char *hold, int status);       /* 0: no answer */
void claims_expire(struct crowd *c);                                  /* what is over by the clock counts no longer */
void claims_rest(struct buyer *b); /* what is held stays so: nothing is given back, paid or tapped again */
void claims_forget(struct buyer *b);
bool pay_start(struct claim *claim); /* false: no memory */
void pay_finish(struct crowd *c);

void stock_doubt(struct crowd *c); /* asks the shop what there is, unless it is being asked */

void wishes_run(struct crowd *c);
void wish_again(struct buyer *b); /* of the closed loop */
void manners_run(struct crowd *c);
void manner_pin_seen(struct buyer *b, const struct load_peek *p);
void slow_joined(struct buyer *b);
bool ramp_run(struct crowd *c); /* false: all have been let in */

void host_init(struct crowd *c);
void host_join(struct crowd *c);
void pin_seen(struct buyer *b);
void pin_missed(struct buyer *b); /* left, or reads slowly from now on */

#endif
