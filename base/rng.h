/* base/rng.h - small seedable generator (xoshiro256**; Blackman & Vigna, "Scrambled linear
 * pseudorandom number generators", 2021; seeded by splitmix64). For tests, jitter and ids that need
 * to be unique, never for secrets. Same seed, same numbers, on every machine. */
#ifndef LIVESHELF_BASE_RNG_H
#define LIVESHELF_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
    uint64_t state[4];
};

void rng_seed(struct rng *r, uint64_t seed);
static inline uint64_t rng_rotate(uint64_t x, unsigned by) { return (x << by) | (x >> (64 - by)); }
static inline uint64_t rng_next(struct rng *r) /* here, since an estimate makes a million of them */
{
    uint64_t *s = r->state;
    uint64_t result = rng_rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rng_rotate(s[3], 45);
    return result;
}
uint64_t rng_below(struct rng *r, uint64_t bound); /* 0..bound-1, unbiased; bound >= 1 */
double rng_unit(struct rng *r);                    /* [0, 1) */
/* Writes `len` characters of [a-z0-9] and a NUL: 36^len ids. */
void rng_text(struct rng *r, char *ret, size_t len);

#endif
