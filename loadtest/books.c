#include "loadtest/books.h"

#include <stdio.h>
#include <string.h>

struct books_sku *books_sku(struct books *b, const char *sku)
{
    for (size_t i = 0; i < b->skus_count; i++)
        if (strcmp(b->skus[i].sku, sku) == 0)
            return &b->skus[i];
    if (b->skus_count == BOOKS_SKUS_MAX)
        return NULL;
    struct books_sku *s = &b->skus[b->skus_count++];
    *s = (struct books_sku){0};
    snprintf(s->sku, sizeof s->sku, "%.63s", sku);
    return s;
}

void books_answer(struct books *b, const char *code, size_t len)
{
    for (size_t i = 0; i < BOOKS_ANSWERS_MAX; i++) {
        struct books_answer *a = &b->answers[i];
        if (a->code[0] == '\0')
            snprintf(a->code, sizeof a->code, "%.*s", (int)(len < 31 ? len : 31), code);
        if (strlen(a->code) == len && memcmp(a->code, code, len) == 0) {
            a->count++;
            return;
        }
    }
}

uint64_t books_answered(const struct books *b, const char *code)
{
    for (size_t i = 0; i < BOOKS_ANSWERS_MAX; i++)
        if (strcmp(b->answers[i].code, code) == 0)
            return b->answers[i].count;
    return 0;
}

int64_t books_limit(const struct books_sku *s) { return s->allocated - s->sold_before - s->held_before + s->freed; }

void books_begin(struct books_sku *s, int64_t allocated, int64_t sold, int64_t held)
{
    s->known = true;
    s->allocated = allocated;
    s->sold_before = sold - s->sold;
    s->held_before = held > s->held ? held - s->held : 0;
    s->freed = 0;
}

int64_t books_over(const struct books_sku *s)
{
    int64_t over = s->held + s->sold - books_limit(s);
    return s->known && over > 0 ? over : 0;
}

bool books_move(struct books_sku *s, int64_t held, int64_t sold)
{
    s->held += held;
    s->sold += sold;
    if (books_over(s) > 0)
        return false;
    if (s->held + s->sold > s->most)
        s->most = s->held + s->sold;
    return true;
}

void books_doubt(struct books_sku *s)
{
    if (s->held + s->sold > s->doubted)
        s->doubted = s->held + s->sold;
}

bool books_is_doubted(const struct books *b)
{
    for (size_t i = 0; i < b->skus_count; i++)
        if (b->skus[i].doubted > 0)
            return true;
    return false;
}

void books_judge(struct books_sku *s, int64_t doubted)
{
    int64_t over = doubted - books_limit(s), may_end = s->held_before - s->freed;
    int64_t ended = over < may_end ? over : may_end;
    if (doubted > s->most)
        s->most = doubted;
    if (ended > 0) {
        s->freed += ended;
        s->believed = true;
        over -= ended;
    }
    if (over > s->oversold_max)
        s->oversold_max = over;
    if (s->doubted <= doubted)
        s->doubted = 0;
}

static int64_t sum(const struct books *b, int64_t (*of)(const struct books_sku *s))
{
    int64_t all = 0;
    for (size_t i = 0; i < b->skus_count; i++)
        all += of(&b->skus[i]);
    return all;
}

static int64_t oversold_of(const struct books_sku *s) { return s->oversold_max; }
static int64_t outstanding_of(const struct books_sku *s) { return s->held + s->sold; }
static int64_t allocated_of(const struct books_sku *s) { return s->allocated; }

int64_t books_oversold_units(const struct books *b) { return sum(b, oversold_of); }
int64_t books_outstanding(const struct books *b) { return sum(b, outstanding_of); }
int64_t books_allocated(const struct books *b) { return sum(b, allocated_of); }
