/* logistics/rules/outlook.h - what a fold says about the rest of its broadcast, as posteriors from which draws are made: which of the
 * open holds convert, how fast each SKU still sells while live, how much the replay brings.
 *
 * Section 3 of the study the estimator was built on, in its order: holds that convert (3.1), holds that are not people (3.2), demand
 * still to come (3.3), the common multiplier (3.4), the replay (3.5). Gamma-Poisson shrinkage after Robbins (1956) and Efron & Morris
 * (1975); sales at zero stock are censored, hence exposure counts while in stock alone (Conrad 1976; Nahmias 1994). */
#ifndef LIVESHELF_LOGISTICS_RULES_OUTLOOK_H
#define LIVESHELF_LOGISTICS_RULES_OUTLOOK_H

#include "logistics/rules/fold.h"
#include "logistics/rules/level.h"

#define ROWS_MAX (WAVES_MAX + 1)

struct outlook_sku {
    /* open lines */
    double open, converting;   /* all of them; expected to convert */
    double confirmed;          /* lines of people, which weigh what `converting` is known by */
    double holds_by[ROWS_MAX]; /* of those that convert: the share that does so with each wave or an earlier one */
    /* demand */
    double lines_live, lines_tail; /* converting lines so far: confirmed, and open ones by their chance */
    double in_stock, all, left;    /* weighted viewer-seconds: so far in stock, so far, still to come */
    double left_by[ROWS_MAX];      /* share of `left` whose orders make each wave */
    double rate, shape;            /* lines per weighted viewer-second, before this broadcast's level; Gamma shape */
    double tail_seen;              /* share of the replay's profile that passed so far, in stock */
    double tail_expected;          /* lines it should have brought so far: draws.c */
    double units_per_line;
};

struct outlook {
    bool live;
    double t, end_s;          /* end_s: when it ended, or is expected to */
    double pace, plan_t;      /* how much slower than planned it goes; where in the plan it is, in seconds */
    struct outlook_sku *skus; /* owned; as many as the fold has */
    double first_chance;      /* P(convert) of a hold that begins now */
    double confirmed;         /* over all SKUs */
    double suspect_lines;
    struct level live_level, tail_level;
    double viewers_sigma;         /* error, in logs, of the audience still to come */
    double tail_left, tail_sigma; /* share of the replay's profile to come; error of its shape */
    double tail_by[ROWS_MAX];     /* share of `tail_left` whose orders make each wave */
};

MUST_USE enum result outlook_init(struct outlook *o, const struct fold *f, double t, struct weighed *scratch);
void outlook_finish(struct outlook *o);

#endif
