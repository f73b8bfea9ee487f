/* core/broadcast/equal.c - the comparisons, searches and copies that steps and plans share. */
#include <string.h>

#include "core/broadcast/plan.h"

bool money_equal(const struct money *a, const struct money *b)
{
    return a->minor == b->minor && strcmp(a->currency, b->currency) == 0;
}

bool pin_equal(const struct pin *a, const struct pin *b)
{
    if (!a->set || !b->set)
        return a->set == b->set;
    return ID_EQUAL(a->sku, b->sku) && ID_EQUAL(a->cue, b->cue) && a->sponsored == b->sponsored &&
           strcmp(a->text, b->text) == 0;
}

bool cue_shown_equal(const struct cue_shown *a, const struct cue_shown *b)
{
    return ID_EQUAL(a->cue, b->cue) && a->index == b->index && a->sponsored == b->sponsored &&
           strcmp(a->title, b->title) == 0 && strcmp(a->text, b->text) == 0;
}

struct price price_after(const struct price *old, const struct money *money)
{
    bool same = old->version != 0 && money_equal(&old->money, money);
    return (struct price){.money = *money, .version = same ? old->version : old->version + 1};
}

const struct shelf_item *shelf_find(const struct shelf_item *items, size_t count, const char *sku)
{
    for (size_t i = 0; i < count; i++)
        if (id_equal(items[i].sku.text, sku))
            return &items[i];
    return NULL;
}

const char *shelf_currency(const struct shelf_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (items[i].price.version != 0)
            return items[i].price.money.currency;
    return NULL;
}

size_t done_find(const struct broadcast *b, const char *cue)
{
    size_t at = 0;
    while (at < b->done_count && !id_equal(b->done[at].cue.text, cue))
        at++;
    return at;
}

void text_copy(char *to, size_t size, const char *from)
{
    size_t len = from == NULL ? 0 : strlen(from);
    MUST(len < size);
    memcpy(to, from == NULL ? "" : from, len + 1);
}
