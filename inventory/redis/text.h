/* inventory/redis/text.h - the texts that inventory.lua keeps and speaks, as C values. Pure; what comes in may be anything.
 *
 *   hold   "id H|expires|extends|offer|order|viewer|broadcast|currency|sku:units:minor:version,..."
 *   row    "available:held:sold:allocated:stopped:limit:version:waiting:tracked" */
#ifndef LIVESHELF_INVENTORY_REDIS_TEXT_H
#define LIVESHELF_INVENTORY_REDIS_TEXT_H

#include "base/bytes.h"
#include "core/broadcast/movement.h"

struct text { /* a piece of a larger text */
    const char *at;
    size_t len;
};

/* Takes what stands before the next `mark`, and the mark; without one, the rest. False when nothing is left. */
bool text_take(struct text *from, char mark, struct text *ret);
bool text_is(struct text t, const char *word);
bool text_number(struct text t, int64_t low, int64_t high, int64_t *ret); /* decimal, perhaps with '-', nothing else */
bool text_id(struct text t, char ret[ID_LEN_MAX + 1]);                    /* a valid id */
bool text_ref(struct text t, char ret[REF_LEN_MAX + 1]); /* visible ASCII without '|' and ','; may be empty */

/* RESULT_OK, or RESULT_MALFORMED with *ret in any state. */
MUST_USE enum result text_hold_record(struct text record, struct hold *ret); /* all but the id */
MUST_USE enum result text_hold(struct text text, struct hold *ret);
struct row_rest {    /* of a row, what the ports do not show */
    int64_t waiting; /* viewers in line */
    bool tracked;    /* units per viewer are counted */
};
MUST_USE enum result text_row(struct text row, struct stock_count *ret,
                              struct row_rest *ret_rest); /* all but the SKU */

/* "viewer|broadcast|currency|lines": what a reserve or a wish promises. The hold's values must be valid ids. */
void text_claim_write(struct bytes *out, const struct hold *h);

#endif
