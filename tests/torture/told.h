/* tests/torture/told.h - what the ledger told, kept until it is compared with the model; and both as text. */
#ifndef LIVESHELF_TESTS_TORTURE_TOLD_H
#define LIVESHELF_TESTS_TORTURE_TOLD_H

#include "base/bytes.h"
#include "tests/torture/model.h"

struct told_entry { /* an entry of the ledger, with memory of its own */
    struct list link;
    struct ledger_entry entry;
    struct movement *movements;
    struct stock_count *counts;
};
struct told_entry *told_copy(const struct ledger_entry *entry);
void told_free(struct told_entry *t);

/* Is the entry what the model says of its last call? Otherwise *difference says what is not. Counts are compared with
 * the model's as they are now. Of a checkpoint the order of holds, SKUs and clocks is free, that of a line is not. */
bool told_agrees(const struct told_entry *t, const struct model *m, struct bytes *difference);

bool told_same_hold(const struct hold *a, const struct hold *b);
bool told_same_count(const struct stock_count *a, const struct stock_count *b);
void told_write_hold(struct bytes *out, const struct hold *h);
void told_write_count(struct bytes *out, const struct stock_count *c);
void told_write_state(struct bytes *out, const struct model *m); /* clocks and SKUs */
void told_write_request(struct bytes *out, const struct inventory_request *r);

#endif
