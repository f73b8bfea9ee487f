/* tests/contract/inventory/wave.h - many requests under way to Redis at once, for what may go wrong meanwhile. */
#ifndef LIVESHELF_TESTS_CONTRACT_INVENTORY_WAVE_H
#define LIVESHELF_TESTS_CONTRACT_INVENTORY_WAVE_H

#include "tests/unit/unit.h"

#include "tests/contract/inventory/stage.h"

#define WAVE_UNITS 1000000

extern struct stage stage;

void stage_open_redis(const struct stage_config *config);                 /* skips the test when there is no Redis */
struct inventory_request wave_reserve(const char *name, unsigned number); /* of a mug, for an hour */
void wave_allocate(void);                                                 /* WAVE_UNITS mugs */
struct stock_count wave_count(void);                                      /* of mugs, now */

struct wave {
    struct inventory_request *requests;
    size_t count, open;
    bool is_done;
};
void wave_start(struct wave *w, const char *name,
                size_t count); /* so many reserves; `requests` is the caller's to free */
void wave_ask(struct wave *w); /* its requests as they are */
void wave_end(struct wave *w); /* waits for all answers */
size_t wave_with(const struct wave *w, enum result result);
void wave_is_held(const struct wave *w); /* each was done, now or by a sending before */

#endif
