#include "ws/lws/portions.h"

#include <stdlib.h>

#define WAYS 4 /* an address is looked for in so many places */

enum result portions_init(struct portions *s)
{
    s->slots = calloc(PORTIONS, sizeof *s->slots);
    return s->slots == NULL ? RESULT_NO_MEMORY : RESULT_OK;
}

void portions_finish(struct portions *s)
{
    free(s->slots);
    s->slots = NULL;
}

static double portion_rate(double per_second)
{
    double rate = per_second * PORTION_OF_RATE;
    return rate > PORTION_PER_SECOND_MIN ? rate : PORTION_PER_SECOND_MIN;
}

static double still_taken(const struct portion *portion, double per_second, int64_t now_ms)
{
    double back = (double)(now_ms - portion->at_ms) * portion_rate(per_second) / 1000;
    if (back <= 0)
        return portion->taken; /* the clock was set back */
    return portion->taken > back ? portion->taken - back : 0;
}

static struct portion *set_of(const struct portions *s, uint64_t who)
{
    return &s->slots[who % (PORTIONS / WAYS) * WAYS];
}

static struct portion *portion_find(const struct portions *s, uint64_t who)
{
    struct portion *set = set_of(s, who);
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].who == who)
            return &set[i];
    }
    return NULL;
}

bool portions_is_left(const struct portions *s, uint64_t who, double per_second, int64_t now_ms)
{
    const struct portion *portion = portion_find(s, who);
    return portion == NULL ||
           still_taken(portion, per_second, now_ms) + 1 <= portion_rate(per_second) * PORTION_BURST_MS / 1000;
}

void portions_take(struct portions *s, uint64_t who, double per_second, int64_t now_ms)
{
    struct portion *set = set_of(s, who), *portion = portion_find(s, who);
    double taken = portion == NULL ? 0 : still_taken(portion, per_second, now_ms);
    for (size_t i = 0; portion == NULL && i < WAYS; i++) {
        bool least = true;
        for (size_t j = 0; j < WAYS; j++)
            least = least && still_taken(&set[i], per_second, now_ms) <= still_taken(&set[j], per_second, now_ms);
        portion = least ? &set[i] : NULL;
    }
    MUST(portion != NULL); /* one of them has had least */
    *portion = (struct portion){.who = who, .taken = taken + 1, .at_ms = now_ms};
}
