/* app/recording.h - a recorded broadcast, one JSON object per line, as the estimator wants to hear it.
 *
 * The first line is `start` {t, planned_end, ttl, horizon?, start_ms?, seed?, skus [{id, g?, mm?, stock?}], rundown? [{sku, t}],
 * logistics? (the shop's plan, as PUT /v1/logistics takes it)}; then, by time,
 *
 *   viewers {n}      pin {sku}      sku {sku, g?}      stock {sku, units, wh?}      waitlist {sku}      leave {sku}      end      close
 *   hold {id, sku, qty, wh?, buyer?}      release, expire, extend {id}      cancel, return {id, qty?}      ship {id, wh?}
 *   confirm {id}, and for a hold that is not open (paid late) {id, sku, qty, wh?, buyer?}
 *
 * each with `type` and `t`, seconds since the start; those of a hold with `sku` where an id has several. Members and types that are not named here are let pass: later versions add to them.
 * What is wrong is said with its line and member. One thread. */
#ifndef LIVESHELF_APP_RECORDING_H
#define LIVESHELF_APP_RECORDING_H

#include <jansson.h>
#include <stdio.h>

#include "logistics/rules/estimator.h"

#define RECORDING_TIME_MAX_S 1e8 /* three years */
#define RECORDING_TEXT_MAX 200   /* bytes of a hold's id or a buyer */

struct recording {
    struct estimator_plan plan; /* of the start line; its arrays belong to the recording */
    struct logistics_plan logistics;
    char why[256]; /* what was wrong: "line 4: hold: qty: 1 to 1000000 is expected" */
    struct estimator_sku *skus;
    struct planned_pin *run;
    FILE *from;
    size_t line;
    char *text;
    size_t text_size;
    json_t *event; /* of the line read last: lends its texts */
};

/* Reads the start line. `logistics`: the shop's sites, waves and cartons, copied; NULL: those of the start; where neither names a
 * site, those that the start's stock names, in the order of their names. RESULT_MALFORMED: see `why`; RESULT_NO_MEMORY. Close it in any case. */
MUST_USE enum result recording_open(struct recording *r, FILE *from, const struct logistics_plan *logistics);
/* RESULT_NOT_FOUND: no further event. *ret borrows until the next call. RESULT_MALFORMED: see `why`; RESULT_NO_MEMORY. */
MUST_USE enum result recording_next(struct recording *r, struct sale_event *ret);
void recording_close(struct recording *r); /* leaves `from` open; zeroed memory is fine */

#endif
