/* loadtest/books.h - what the viewers were told, in units: the load generator's own proof that nothing was promised twice.
 *
 * Per SKU: `held` and `sold` are what viewers of this crowd have been told is theirs, and is not ended. They may never be more
 * than was given to sell when the crowd came, less what others had bought and held by then, plus what its host gave since.
 *
 * What others held may end meanwhile and become ours; the shop's counts cannot tell that from a unit promised twice, for they are
 * the same in both. It is believed, noted in `freed`, and each of our holds is then to be asked for by its id. Pure. */
#ifndef LOADTEST_BOOKS_H
#define LOADTEST_BOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BOOKS_SKUS_MAX 64
#define BOOKS_ANSWERS_MAX 40

struct books_sku {
    char sku[64];
    bool known;                 /* the three below were told by the server */
    int64_t allocated;          /* now; grows and shrinks as the host gives and takes */
    int64_t sold_before;        /* by others, when the crowd came: no longer to be had */
    int64_t held_before;        /* by others, then: not to be had while it lasts */
    int64_t freed;              /* of those, what must have ended for all that we were told to be true */
    bool believed;              /* something had to be, since the crowd came: see above */
    int64_t available_before;   /* what could be sold then */
    int64_t held, sold;         /* units told to be ours: for a time; for good */
    int64_t most, oversold_max; /* of held + sold; of what was above the limit */
    int64_t doubted, asked; /* held + sold above the limit as we know it; of that, what the shop is being asked about */
};

struct books_answer {
    char code[32]; /* "held" or the error's code */
    uint64_t count;
};

struct books {
    struct books_sku skus[BOOKS_SKUS_MAX];
    size_t skus_count;
    struct books_answer answers[BOOKS_ANSWERS_MAX];
};

/* The one of that name, made when it is new; NULL when there are too many. */
struct books_sku *books_sku(struct books *b, const char *sku);
void books_answer(struct books *b, const char *code, size_t len);
uint64_t books_answered(const struct books *b, const char *code);

int64_t books_limit(const struct books_sku *s); /* how many units may be ours at once, as far as is known */
/* What the shop says before any of this is ours, or again later: `sold` and `held` include what is ours. */
void books_begin(struct books_sku *s, int64_t allocated, int64_t sold, int64_t held);
/* More or fewer units held (or sold). True while all is within the limit, or no limit is known. */
bool books_move(struct books_sku *s, int64_t held, int64_t sold);
int64_t books_over(const struct books_sku *s); /* units above the limit now; 0: none, or no limit is known */
/* Others may have given units meanwhile: what is above is doubted first, and judged when the shop has said what there is. */
void books_doubt(struct books_sku *s);
bool books_is_doubted(const struct books *b);
void books_judge(struct books_sku *s, int64_t doubted);
int64_t books_oversold_units(const struct books *b); /* the sum of the worst of each SKU */
int64_t books_outstanding(const struct books *b);
int64_t books_allocated(const struct books *b);

#endif
