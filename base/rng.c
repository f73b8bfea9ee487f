#include "base/rng.h"

#include "base/must.h"

/* Spreads one seed over the whole state; by itself it never yields the all-zero state that would stick. */
static uint64_t splitmix64_next(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void rng_seed(struct rng *r, uint64_t seed)
{
    for (unsigned i = 0; i < ARRAY_LEN(r->state); i++)
        r->state[i] = splitmix64_next(&seed);
}

uint64_t rng_below(struct rng *r, uint64_t bound)
{
    MUST(bound >= 1);
    /* 2^64 mod bound: numbers below it are drawn again, so that each remainder is equally likely. */
    uint64_t uneven = (UINT64_MAX - bound + 1) % bound;
    uint64_t x;
    do
        x = rng_next(r);
    while (x < uneven);
    return x % bound;
}

double rng_unit(struct rng *r)
{
    return (double)(rng_next(r) >> 11) * 0x1.0p-53; /* 53 bits: every value is exact, 1.0 never comes up */
}

void rng_text(struct rng *r, char *ret, size_t len)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    for (size_t i = 0; i < len; i++)
        ret[i] = letters[rng_below(r, sizeof letters - 1)];
    ret[len] = '\0';
}
