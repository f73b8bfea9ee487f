/* ws/wire/command_valid.c - what holds for every command that was let in. Written apart from the decoders, so that a hole
 * in their tables shows. */
#include <string.h>

#include "ws/wire/json_in.h"
#include "ws/wire/limits.h"
#include "ws/wire/logistics_in.h"
#include "ws/wire/parts_in.h"

static bool id_holds(const char text[ID_LEN_MAX + 1]) { return id_is_valid(text, strnlen(text, ID_LEN_MAX + 1)); }

static bool text_holds(enum text_rule rule, const char *text, size_t min, size_t max)
{
    size_t len = strnlen(text, max + 1);
    return len >= min && len <= max && text_obeys(rule, text, len);
}

static bool within(int64_t number, int64_t min, int64_t max) { return number >= min && number <= max; }

static bool money_holds(const struct money *m)
{
    return within(m->minor, 0, MONEY_MINOR_MAX) && currency_is_valid(m->currency, strnlen(m->currency, 4));
}

/* ---- parts of a command ---- */

static bool valid_id(const struct command *c) { return id_holds(c->id); }
static bool valid_hold(const struct command *c) { return id_holds(c->hold.text); }
static bool valid_sku(const struct command *c) { return id_holds(c->sku.text); }
static bool valid_cue(const struct command *c) { return id_holds(c->cue.text); }
static bool valid_broadcast(const struct command *c) { return id_holds(c->broadcast.text); }
static bool valid_qty(const struct command *c) { return within(c->qty, 1, HOLD_UNITS_MAX); }
static bool valid_slot(const struct command *c) { return c->slot < PIN_SLOTS; }
static bool valid_money(const struct command *c) { return money_holds(&c->money); }
static bool valid_asked(const struct command *c) { return money_holds(&c->money) && c->money.minor > 0; }
static bool valid_approval(const struct command *c) { return id_holds(c->approval); }
static bool valid_for(const struct command *c) { return within(c->for_ms, OFFER_MS_MIN, OFFER_MS_MAX); }
static bool valid_level(const struct command *c) { return c->level <= NOTICE_OUTAGE; }
static bool valid_text(const struct command *c) { return text_holds(TEXT_LINES, c->text, 0, TEXT_LEN_MAX); }
static bool valid_ref(const struct command *c) { return text_holds(TEXT_REF, c->ref, 1, REF_LEN_MAX); }
static bool valid_units(const struct command *c) { return within(c->units, 1, STOCK_UNITS_MAX); }
static bool valid_said(const struct command *c) { return c->said_count <= MUST_SAY_MAX; }
static bool valid_clock(const struct command *c) { return within(c->playing_ms, 0, WHOLE_MAX); }
static bool valid_expect(const struct command *c) { return c->expect_seq <= (uint64_t)WHOLE_MAX; }

static bool valid_viewer(const struct command *c) { return id_holds(c->viewer.text); }
static bool valid_own_hold(const struct command *c) { return id_equal(c->id, c->hold.text); }
static bool valid_new_hold(const struct command *c) { return valid_hold(c) && c->hold.text[0] != '~'; }
static bool valid_recall(const struct command *c) { return c->recall > RECALL_NONE && c->recall < RECALL_MODES; }

static bool valid_extra(const struct command *c)
{
    const struct extra *extra = &c->extra;
    return ID_EQUAL(extra->sku, c->sku) && extra->kind <= EXTRA_FREEBIE &&
           (ID_IS_NONE(extra->adds) || id_holds(extra->adds.text)) && within(extra->adds_units, 1, EXTRA_UNITS_MAX) &&
           within(extra->first_orders, 0, EXTRA_ORDERS_MAX) &&
           text_holds(TEXT_LINE, extra->text, 1, EXTRA_TEXT_LEN_MAX);
}

static bool valid_wish(const struct command *c)
{
    if (!within(c->wish.lines_count, 1, CART_LINES_MAX))
        return false;
    for (size_t i = 0; i < c->wish.lines_count; i++) {
        if (!id_holds(c->wish.lines[i].sku.text) || !within(c->wish.lines[i].units, 1, HOLD_UNITS_MAX))
            return false;
        for (size_t k = 0; k < i; k++)
            if (ID_EQUAL(c->wish.lines[k].sku, c->wish.lines[i].sku))
                return false;
    }
    return true;
}

static bool valid_sync(const struct command *c)
{
    return within(c->units, 0, STOCK_UNITS_MAX) && within(c->gone, 0, STOCK_UNITS_MAX) &&
           within(c->version, 1, WHOLE_MAX) && within(c->counted_ms, 0, WHOLE_MAX);
}

static bool valid_document(const struct command *c)
{
    return c->document != NULL && c->document_len <= DOCUMENT_LEN_MAX && strlen(c->document) == c->document_len &&
           utf8_is_valid(c->document, c->document_len);
}

static bool valid_hello(const struct command *c)
{
    return c->hello.token != NULL && text_holds(TEXT_ASCII, c->hello.token, 1, TOKEN_LEN_MAX) &&
           text_holds(TEXT_ASCII, c->hello.viewer_key, 0, VIEWER_KEY_LEN_MAX) &&
           text_holds(TEXT_ASCII, c->hello.locale, 0, LOCALE_LEN_MAX) &&
           text_holds(TEXT_LINE, c->hello.src, 0, SRC_LEN_MAX) &&
           (!c->hello.has_resume ||
            (id_holds(c->hello.resume_epoch.text) && c->hello.resume_seq <= (uint64_t)WHOLE_MAX));
}

static bool valid_details(const struct command *c)
{
    const struct broadcast_details *d = &c->details;
    return text_holds(TEXT_LINE, d->title, 1, TITLE_LEN_MAX) && text_holds(TEXT_URL, d->video_url, 0, URL_LEN_MAX) &&
           text_holds(TEXT_URL, d->video_still, 0, URL_LEN_MAX) && within(d->hold_ms, HOLD_MS_MIN, HOLD_MS_MAX) &&
           within(d->pdt_offset_ms, -PDT_OFFSET_MS_MAX, PDT_OFFSET_MS_MAX);
}

static bool floor_holds(const struct product *p)
{
    bool none = p->floor.currency[0] == '\0' && p->floor.minor == 0;
    bool comparable = p->price.currency[0] == '\0' || strcmp(p->price.currency, p->floor.currency) == 0;
    return none || (money_holds(&p->floor) && comparable);
}

static bool product_holds(const struct product *p)
{
    bool priceless = p->price.currency[0] == '\0' && p->price.minor == 0;
    return id_holds(p->sku.text) && text_holds(TEXT_LINE, p->title, 1, TITLE_LEN_MAX) &&
           (priceless || money_holds(&p->price)) && floor_holds(p) && text_holds(TEXT_URL, p->image, 0, URL_LEN_MAX) &&
           text_holds(TEXT_URL, p->url, 0, URL_LEN_MAX) &&
           (p->gtin[0] == '\0' || gtin_is_valid(p->gtin, strnlen(p->gtin, sizeof p->gtin))) &&
           p->weight_g <= WEIGHT_G_MAX && p->size_mm[0] <= SIZE_MM_MAX && p->size_mm[1] <= SIZE_MM_MAX &&
           p->size_mm[2] <= SIZE_MM_MAX && p->limit_per_viewer <= HOLD_UNITS_MAX;
}

static bool valid_products(const struct command *c)
{
    size_t repeated = 0;
    if (c->products_count > CATALOGUE_PRODUCTS_MAX || (c->products_count > 0 && c->products == NULL))
        return false;
    for (size_t i = 0; i < c->products_count; i++)
        if (!product_holds(&c->products[i]))
            return false;
    return products_find_repeated(c->products, c->products_count, &repeated) == RESULT_OK &&
           repeated == c->products_count;
}

/* ---- what logistics asks ---- */

static bool places_hold(const struct logistics_plan *p)
{
    if (p->sites_count > SITES_MAX || p->waves_count > WAVES_MAX || p->cartons_count > CARTONS_MAX)
        return false;
    for (size_t i = 0; i < p->sites_count; i++)
        if (!id_holds(p->sites[i].id.text) || p->sites[i].share > PLAN_SHARE_MAX ||
            !within(p->sites[i].parcels_per_wave, 0, PLAN_PARCELS_MAX))
            return false;
    for (size_t i = 0; i < p->waves_count; i++) {
        const struct logistics_wave *w = &p->waves[i];
        if (!id_holds(w->id.text) || !within(w->cut_off_ms, 1, w->after_end ? PLAN_WAVE_MS_MAX : WHOLE_MAX) ||
            (i > 0 && (w[-1].after_end != w->after_end || w[-1].cut_off_ms >= w->cut_off_ms)))
            return false;
    }
    for (size_t i = 0; i < p->cartons_count; i++)
        for (size_t side = 0; side < 3; side++)
            if (!id_holds(p->cartons[i].id.text) || !within(p->cartons[i].size_mm[side], 1, SIZE_MM_MAX) ||
                !within(p->cartons[i].weight_max_g, 1, WEIGHT_G_MAX) || p->cartons[i].tare_g > WEIGHT_G_MAX)
                return false;
    return true;
}

static bool valid_plan(const struct command *c)
{
    const struct logistics_plan *p = c->plan;
    if (p == NULL || !places_hold(p) || p->version != 0 || p->stocks_count > PLAN_STOCKS_MAX ||
        (p->stocks_count > 0) != (p->stocks != NULL))
        return false;
    for (size_t i = 0; i < p->stocks_count; i++)
        for (size_t site = 0; site < SITES_MAX; site++)
            if (!id_holds(p->stocks[i].sku.text) ||
                p->stocks[i].units[site] > (site < p->sites_count ? STOCK_UNITS_MAX : 0))
                return false;
    return within(p->fill_per_mille, PLAN_FILL_MIN, 1000) && p->cm3_per_kg <= PLAN_CM3_PER_KG_MAX &&
           within(p->tail_hours, 1, PLAN_TAIL_HOURS_MAX);
}

static bool valid_actuals(const struct command *c)
{
    for (size_t i = 0; i < c->actuals_count; i++) {
        const struct actual *a = &c->actuals[i];
        const char *member;
        if (!id_holds(a->id) || a->kind > ACTUAL_RETURNED || !id_holds(a->sku.text) ||
            !within(a->units, 1, HOLD_UNITS_MAX) || !within(a->parcels, 0, ACTUAL_PARCELS_MAX) ||
            !within(a->grams, 0, ACTUAL_GRAMS_MAX) || !within(a->ms, 0, WHOLE_MAX) ||
            (!ID_IS_NONE(a->hold) && !id_holds(a->hold.text)) || (!ID_IS_NONE(a->site) && !id_holds(a->site.text)) ||
            !text_holds(TEXT_REF, a->order, 0, REF_LEN_MAX) || actual_fault(a, &member) != NULL)
            return false;
        for (size_t k = 0; k < i; k++)
            if (id_equal(c->actuals[k].id, a->id))
                return false;
    }
    return within((int64_t)c->actuals_count, 1, ACTUALS_MAX);
}

static bool valid_hooks(const struct command *c)
{
    for (size_t i = 0; i < c->hooks_count; i++) {
        const struct hook_endpoint *h = &c->hooks[i];
        if (!id_holds(h->id) || !text_holds(TEXT_ASCII, h->url, 1, URL_LEN_MAX) || hook_url_fault(h->url) != NULL ||
            hook_secret_fault(h->secret) != NULL ||
            (h->old_secret[0] != '\0' && hook_secret_fault(h->old_secret) != NULL) || h->types == 0 ||
            h->types >= BIT(HOOK_TYPES) || h->disabled)
            return false;
        for (size_t k = 0; k < i; k++)
            if (id_equal(c->hooks[k].id, h->id))
                return false;
    }
    return c->hooks_count <= HOOKS_MAX;
}

static bool valid_note(const struct command *c) { return text_holds(TEXT_LINE, c->text, 0, NOTE_LEN_MAX); }
static bool valid_stamp(const struct command *c) { return id_holds(c->stamp); }
static bool valid_after(const struct command *c) { return c->after_seq <= (uint64_t)WHOLE_MAX; }
static bool valid_hook(const struct command *c) { return id_holds(c->hook); }
static bool valid_replay(const struct command *c)
{
    return c->message[0] == '\0' ? valid_broadcast(c)
                                 : id_holds(c->message) && ID_IS_NONE(c->broadcast) && c->after_seq == 0;
}

/* ---- what each kind consists of ---- */

#define PARTS_MAX 4
typedef bool valid_part(const struct command *c);
static valid_part *const parts[COMMAND_KINDS][PARTS_MAX] = {
    [COMMAND_HELLO] = {valid_hello},
    [COMMAND_CLOCK] = {valid_clock},
    [COMMAND_RESERVE] = {valid_new_hold, valid_own_hold, valid_wish},
    [COMMAND_EXTEND] = {valid_hold},
    [COMMAND_RELEASE] = {valid_hold},
    [COMMAND_CHECKOUT] = {valid_hold},
    [COMMAND_WAITLIST_JOIN] = {valid_sku, valid_qty},
    [COMMAND_WAITLIST_LEAVE] = {valid_sku},
    [COMMAND_PIN_SET] = {valid_slot, valid_sku},
    [COMMAND_PIN_CLEAR] = {valid_slot},
    [COMMAND_CUE_GO] = {valid_cue},
    [COMMAND_CUE_DONE] = {valid_cue, valid_said},
    [COMMAND_PRICE_SET] = {valid_sku, valid_asked},
    [COMMAND_NOTICE] = {valid_text, valid_level},
    [COMMAND_OFFER_START] = {valid_sku, valid_asked, valid_for},
    [COMMAND_OFFER_STOP] = {valid_sku},
    [COMMAND_EXTRA_ADD] = {valid_sku, valid_extra},
    [COMMAND_EXTRA_END] = {valid_sku},
    [COMMAND_STOCK_STOP] = {valid_sku, valid_text},
    [COMMAND_STOCK_OPEN] = {valid_sku},
    [COMMAND_RECALL] = {valid_sku, valid_text, valid_recall},
    [COMMAND_APPROVE] = {valid_approval},
    [COMMAND_REJECT] = {valid_approval},
    [COMMAND_RUN_LOAD] = {valid_document},
    [COMMAND_STOCK_ALLOCATE] = {valid_sku, valid_units, valid_ref},
    [COMMAND_STOCK_WITHDRAW] = {valid_sku, valid_units, valid_ref},
    [COMMAND_STOCK_SYNC] = {valid_sku, valid_sync},
    [COMMAND_CATALOGUE_PUT] = {valid_products},
    [COMMAND_BROADCAST_CREATE] = {valid_broadcast, valid_details},
    [COMMAND_BROADCAST_GET] = {valid_broadcast},
    [COMMAND_RUN_GET] = {valid_broadcast},
    [COMMAND_HOLD_GET] = {valid_hold},
    [COMMAND_HOLD_CONFIRM] = {valid_hold, valid_ref, valid_money},
    [COMMAND_HOLD_RELEASE] = {valid_hold},
    [COMMAND_HOLD_RESERVE] = {valid_broadcast, valid_new_hold, valid_viewer, valid_wish},
    [COMMAND_HOLD_EXTEND] = {valid_hold},
    [COMMAND_AFFECTED_GET] = {valid_broadcast, valid_sku},
    [COMMAND_VOLUMES_GET] = {valid_broadcast},
    [COMMAND_LOGISTICS_PUT] = {valid_plan},
    [COMMAND_ACTUALS_POST] = {valid_broadcast, valid_actuals},
    [COMMAND_SETTLE] = {valid_broadcast},
    [COMMAND_ESTIMATE_STAMP] = {valid_broadcast, valid_note},
    [COMMAND_STAMPS_GET] = {valid_broadcast},
    [COMMAND_STAMP_GET] = {valid_broadcast, valid_stamp},
    [COMMAND_CHANGES_GET] = {valid_broadcast, valid_after},
    [COMMAND_HOOKS_PUT] = {valid_hooks},
    [COMMAND_HOOK_DEAD_GET] = {valid_hook},
    [COMMAND_HOOK_REPLAY] = {valid_hook, valid_replay, valid_after},
};

bool command_is_valid(const struct command *c)
{
    if ((size_t)c->kind >= COMMAND_KINDS)
        return false;
    for (size_t i = 0; i < PARTS_MAX; i++)
        if (parts[c->kind][i] != NULL && !parts[c->kind][i](c))
            return false;
    return (c->id[0] == '\0' || valid_id(c)) && (!c->has_expect_seq || valid_expect(c));
}
