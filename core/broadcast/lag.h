/* core/broadcast/lag.h - how much later than the host acts the viewers see it: a histogram of the last LAG_SLOTS slots of time.
 *
 * Pure. A viewer is to be counted once per slot; the caller sees to that. Lags are milliseconds, kept to a sixteenth or 250 ms,
 * and read back rounded up. */
#ifndef LIVESHELF_CORE_BROADCAST_LAG_H
#define LIVESHELF_CORE_BROADCAST_LAG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "core/broadcast/view.h"

#define LAG_SLOT_MS 10000  /* as often as viewers say where their video is */
#define LAG_SLOTS 3        /* looked back: the present slot and two before it */
#define LAG_MIN_MS (-5000) /* clocks differ: so far ahead of the host still counts, as no lag at all */
#define LAG_MAX_MS 600000  /* further behind somebody watches a recording, or has a broken clock */
#define LAG_BUCKETS 131

struct lag {
    int64_t slot; /* the present one's number since 1970 */
    struct {
        uint32_t said, buckets[LAG_BUCKETS];
    } slots[LAG_SLOTS]; /* by number modulo LAG_SLOTS */
};
/* False, and nothing counted: it cannot be (outside LAG_MIN_MS..LAG_MAX_MS). Times that go back count into the present slot. */
bool lag_add(struct lag *lag, int64_t now_ms, int64_t lag_ms);

struct lag_sum {
    uint64_t viewers; /* of the fullest slot: who says it every LAG_SLOT_MS is in each once */
    uint64_t said, buckets[LAG_BUCKETS];
};
void lag_sum_add(struct lag_sum *sum, struct lag *lag, int64_t now_ms);
/* "viewers,bucket:count,bucket:count"; and back, added to `sum`. What is no such text is passed over. */
void lag_sum_write(const struct lag_sum *sum, struct bytes *out);
void lag_sum_read(struct lag_sum *sum, const char *text);
struct lag_view lag_sum_view(const struct lag_sum *sum);

#endif
