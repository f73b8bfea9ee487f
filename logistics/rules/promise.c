/* logistics/rules/promise.c - events to lines a warehouse understands.
 *
 *   promise_fold    the shelf and the extras before it are remembered here; a line says what differs and who must act
 *     fold_...      one per kind of event that matters; off the air they only remember */
#include "logistics/rules/promise.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fold {
    struct promise *p;
    const struct broadcast *after;
    const struct event *e;
    bool told; /* on air, or a recall while parcels may still be packed */
    size_t added;
};

void promise_init(struct promise *p) { *p = (struct promise){0}; }

void promise_finish(struct promise *p)
{
    if (p == NULL)
        return;
    free(p->changes);
    free(p->items);
    p->changes = NULL;
    p->items = NULL;
    p->count = p->items_count = p->extras_count = 0;
}

/* ---- lines ---- */

static struct promise_change *change_place(struct promise *p)
{
    if (p->count == PROMISE_CHANGES_MAX) {
        p->count--;
        memmove(p->changes, p->changes + 1, p->count * sizeof *p->changes);
        return &p->changes[p->count++];
    }
    if ((p->count & (p->count - 1)) == 0) { /* doubles: at 0, 1, 2, 4, ... there is no place left */
        p->changes = realloc(p->changes, (p->count == 0 ? 1 : 2 * p->count) * sizeof *p->changes);
        MUST(p->changes != NULL);
    }
    return &p->changes[p->count++];
}

static struct promise_change *change_add(struct fold *f, enum change_kind kind, const struct sku_id *sku)
{
    struct promise_change *c = change_place(f->p);
    *c = (struct promise_change){.seq = f->e->seq, .ms = f->e->ms, .kind = kind, .sku = *sku};
    f->added++;
    return c;
}

/* The end of a text that was cut anywhere: a letter of which bytes are missing goes. */
static void letter_cut(char *text)
{
    size_t len = strlen(text), at = len, bytes = 1;
    while (at > 0 && ((unsigned char)text[at - 1] & 0xc0) == 0x80)
        at--;
    if (at == 0)
        return;
    unsigned char first = (unsigned char)text[at - 1];
    bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
    if (at - 1 + bytes > len)
        text[at - 1] = '\0';
}

__attribute__((format(printf, 2, 3))) static void say(struct promise_change *c, const char *format, ...)
{
    va_list args;
    size_t at = strlen(c->text), room = sizeof c->text - at;
    va_start(args, format);
    int len = vsnprintf(c->text + at, room, format, args);
    va_end(args);
    MUST(len >= 0);
    if ((size_t)len >= room)
        letter_cut(c->text);
}

static const char *title_of(const struct broadcast *b, const struct sku_id *sku)
{
    const struct shelf_item *item = broadcast_item(b, sku->text);
    return item == NULL || item->title[0] == '\0' ? sku->text : item->title;
}

static bool money_same(const struct money *a, const struct money *b)
{
    return a->minor == b->minor && strcmp(a->currency, b->currency) == 0;
}

/* ": 12.90 to 9.90 EUR", or ": 9.90 EUR" when there was none. */
static void say_prices(struct promise_change *c)
{
    char was[MONEY_TEXT_MAX], now[MONEY_TEXT_MAX];
    money_text(&c->now, now);
    if (c->was.currency[0] == '\0') {
        say(c, ": %s", now);
        return;
    }
    money_text(&c->was, was);
    if (strcmp(c->was.currency, c->now.currency) == 0)
        was[strcspn(was, " ")] = '\0';
    say(c, ": %s to %s", was, now);
}

static void say_reason(struct promise_change *c, const char *reason)
{
    if (reason[0] != '\0')
        say(c, " (%s)", reason);
}

/* ---- prices ---- */

static struct promise_item *item_before(const struct promise *p, const char *sku)
{
    for (size_t i = 0; i < p->items_count; i++)
        if (id_equal(p->items[i].sku.text, sku))
            return &p->items[i];
    return NULL;
}

/* NULL: nothing to tell. */
static struct promise_change *change_of_price(struct fold *f, enum change_kind kind, const struct sku_id *sku,
                                              const struct money *now)
{
    struct promise_item *item = item_before(f->p, sku->text);
    struct money was = item == NULL ? (struct money){0} : item->price;
    if (item != NULL)
        item->price = *now;
    if (!f->told || (kind == CHANGE_PRICE && money_same(&was, now)))
        return NULL;
    struct promise_change *c = change_add(f, kind, sku);
    c->was = was;
    c->now = *now;
    return c;
}

static void fold_price(struct fold *f)
{
    const struct sku_id *sku = &f->e->u.price.sku;
    struct promise_change *c = change_of_price(f, CHANGE_PRICE, sku, &f->e->u.price.price.money);
    if (c == NULL)
        return;
    say(c, "Price of %s", title_of(f->after, sku));
    say_prices(c);
}

/* "90 s", "5 min" */
static void say_time(struct promise_change *c, int64_t ms)
{
    int64_t s = (ms + 500) / 1000;
    if (s % 60 == 0)
        say(c, " for %" PRId64 " min", s / 60);
    else
        say(c, " for %" PRId64 " s", s);
}

static void fold_offer(struct fold *f)
{
    bool started = f->e->u.offer.started;
    const struct sku_id *sku = &f->e->u.offer.sku;
    struct promise_change *c =
        change_of_price(f, started ? CHANGE_OFFER : CHANGE_OFFER_ENDED, sku, &f->e->u.offer.price.money);
    if (c == NULL)
        return;
    say(c, "Offer on %s%s", title_of(f->after, sku), started ? "" : " is over");
    say_prices(c);
    if (started)
        say_time(c, f->e->u.offer.ends_ms - f->e->ms);
}

/* ---- stops and recalls ---- */

static const char *holds_words(enum recall_mode mode)
{
    switch (mode) {
    case RECALL_KEEP:
        return "; what is claimed and not paid waits until it is decided";
    case RECALL_CANCEL:
        return "; what is claimed and not paid is taken back";
    case RECALL_HONOUR:
        return "; what is claimed may still be paid";
    default:
        return "";
    }
}

static void extras_tell_ended(struct fold *f);

static void fold_sku(struct fold *f)
{
    static const enum change_kind kinds[] = {
        [SKU_OPEN] = CHANGE_OPENED, [SKU_STOPPED] = CHANGE_STOPPED, [SKU_RECALLED] = CHANGE_RECALLED};
    const struct sku_id *sku = &f->e->u.sku.sku;
    enum sku_state state = f->e->u.sku.state;
    if (f->told) {
        struct promise_change *c = change_add(f, kinds[state], sku);
        const char *title = title_of(f->after, sku);
        if (state == SKU_RECALLED)
            say(c, "Recall: stop packing %s", title);
        else
            say(c, "Sale of %s %s", title, state == SKU_OPEN ? "goes on" : "stopped");
        say_reason(c, f->e->u.sku.reason);
        if (state == SKU_RECALLED)
            say(c, "%s", holds_words(f->e->u.sku.recall));
    }
    extras_tell_ended(f);
}

/* ---- bundles and freebies ---- */

/* "First 50 orders with Red mug: add 1 x sticker (a sticker with every mug)" */
static void change_of_extra(struct fold *f, const struct extra *extra)
{
    bool bundle = extra->kind == EXTRA_BUNDLE;
    const char *title = title_of(f->after, &extra->sku);
    struct promise_change *c = change_add(f, bundle ? CHANGE_BUNDLE : CHANGE_FREEBIE, &extra->sku);
    c->adds = extra->adds;
    c->adds_units = extra->adds_units;
    c->first_orders = extra->first_orders;
    if (extra->first_orders != 0)
        say(c, "First %" PRIu32 " orders with %s", extra->first_orders, title);
    else
        say(c, "Every order with %s", title);
    if (bundle)
        say(c, ", for each of them");
    if (ID_IS_NONE(extra->adds)) {
        say(c, ": %s", extra->text);
        return;
    }
    say(c, ": add %" PRIu32 " x %s", extra->adds_units, title_of(f->after, &extra->adds));
    say_reason(c, extra->text);
}

static void extras_keep(struct fold *f)
{
    f->p->extras_count = f->after->extras_count;
    if (f->after->extras_count > 0)
        memcpy(f->p->extras, f->after->extras, f->after->extras_count * sizeof f->p->extras[0]);
}

/* Those that ran before and do not any more, for whatever reason. */
static void extras_tell_ended(struct fold *f)
{
    for (size_t i = 0; f->told && i < f->p->extras_count; i++) {
        const struct extra *extra = &f->p->extras[i];
        if (broadcast_extra(f->after, extra->sku.text) != NULL)
            continue;
        struct promise_change *c = change_add(f, CHANGE_EXTRA_ENDED, &extra->sku);
        c->adds = extra->adds;
        say(c, "No longer with new orders of %s: %s", title_of(f->after, &extra->sku), extra->text);
    }
    extras_keep(f);
}

static void fold_extra(struct fold *f)
{
    if (f->told && f->e->u.extra.started)
        change_of_extra(f, &f->e->u.extra.extra);
    extras_tell_ended(f);
}

/* ---- the shelf ---- */

static void items_keep(struct fold *f)
{
    struct promise *p = f->p;
    free(p->items);
    p->items = calloc(f->after->items_count + 1, sizeof *p->items);
    MUST(p->items != NULL);
    p->items_count = f->after->items_count;
    for (size_t i = 0; i < p->items_count; i++) {
        p->items[i].sku = f->after->items[i].sku;
        p->items[i].price = f->after->items[i].price.money;
        memcpy(p->items[i].title, f->after->items[i].title, sizeof p->items[i].title);
    }
}

static void item_tell(struct fold *f, const struct shelf_item *item)
{
    struct promise_change *c = NULL;
    if (item_before(f->p, item->sku.text) == NULL) {
        c = change_add(f, CHANGE_ADDED, &item->sku);
        c->now = item->price.money;
        say(c, "New on the shelf: %s", title_of(f->after, &item->sku));
        if (c->now.currency[0] != '\0')
            say_prices(c);
        return;
    }
    c = change_of_price(f, CHANGE_PRICE, &item->sku, &item->price.money);
    if (c == NULL)
        return;
    say(c, "Price of %s", title_of(f->after, &item->sku));
    say_prices(c);
}

static void fold_shelf(struct fold *f)
{
    for (size_t i = 0; f->told && i < f->after->items_count; i++)
        item_tell(f, &f->after->items[i]);
    for (size_t i = 0; f->told && i < f->p->items_count; i++) {
        const struct promise_item *gone = &f->p->items[i];
        if (broadcast_item(f->after, gone->sku.text) != NULL)
            continue;
        struct promise_change *c = change_add(f, CHANGE_STOPPED, &gone->sku);
        say(c, "Taken off the shelf: %s", gone->title[0] == '\0' ? gone->sku.text : gone->title);
    }
    extras_tell_ended(f);
    items_keep(f);
}

/* ---- which events ---- */

static void fold_begun(struct fold *f)
{
    promise_finish(f->p);
    items_keep(f);
}

static bool is_told(const struct broadcast *after, const struct event *e)
{
    bool on_air = after->state == BROADCAST_LIVE || after->state == BROADCAST_PAUSED;
    bool recall = e->kind == EVENT_SKU && e->u.sku.state == SKU_RECALLED;
    return on_air || (recall && after->state == BROADCAST_ENDED);
}

size_t promise_fold(struct promise *p, const struct broadcast *after, const struct event *e)
{
    static void (*const folds[EVENT_KINDS])(struct fold * f) = {
        [EVENT_BEGUN] = fold_begun, [EVENT_PRICE] = fold_price, [EVENT_OFFER] = fold_offer,
        [EVENT_SKU] = fold_sku,     [EVENT_EXTRA] = fold_extra, [EVENT_SHELF] = fold_shelf,
    };
    struct fold f = {.p = p, .after = after, .e = e, .told = is_told(after, e)};
    if ((size_t)e->kind < EVENT_KINDS && folds[e->kind] != NULL)
        folds[e->kind](&f);
    return f.added < p->count ? f.added : p->count;
}
