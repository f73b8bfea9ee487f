#include "ws/wire/message_parts.h"

#include <stdio.h>
#include <string.h>

#include "core/broadcast/shown.h"

#define CHECKOUT_URL_MAX 2048

void part_money(struct json_out *out, const char *name, const struct money *money)
{
    json_put_object(out, name);
    json_put_int(out, "amount", money->minor);
    json_put_text(out, "currency", money->currency);
    json_end_object(out);
}

void part_price(struct json_out *out, const char *name, const struct price *price)
{
    if (price->version == 0 || price->money.currency[0] == '\0') {
        json_put_null(out, name);
        return;
    }
    json_put_object(out, name);
    json_put_int(out, "amount", price->money.minor);
    json_put_text(out, "currency", price->money.currency);
    json_put_uint(out, "version", price->version);
    json_end_object(out);
}

void part_video(struct json_out *out, const struct broadcast_details *details)
{
    json_put_object(out, "video");
    json_put_text(out, "url", details->video_url);
    json_put_text(out, "still", details->video_still);
    json_end_object(out);
}

void part_extra(struct json_out *out, const struct extra *extra)
{
    json_put_text(out, "kind", extra_kind_name(extra->kind));
    if (!ID_IS_NONE(extra->adds))
        json_put_text(out, "adds", extra->adds.text);
    json_put_uint(out, "adds_units", extra->adds_units);
    if (extra->first_orders != 0)
        json_put_uint(out, "first_orders", extra->first_orders);
    json_put_text(out, "text", extra->text);
}

static void part_item_extra(struct json_out *out, const struct extra *extra)
{
    if (extra == NULL)
        return;
    json_put_object(out, "extra");
    part_extra(out, extra);
    json_end_object(out);
}

void part_shelf(struct json_out *out, const struct broadcast *b)
{
    json_put_array(out, "shelf");
    for (size_t i = 0; i < b->items_count; i++) {
        const struct shelf_item *item = &b->items[i];
        json_put_object(out, NULL);
        json_put_text(out, "sku", item->sku.text);
        json_put_text(out, "title", item->title);
        part_price(out, "price", &item->price);
        json_put_text(out, "image", item->image);
        json_put_text(out, "url", item->url);
        json_put_uint(out, "limit", item->limit_per_viewer);
        json_put_text(out, "state", sku_state_name(item->state));
        if (item->offer_ends_ms != 0)
            json_put_int(out, "offer_ends_ms", item->offer_ends_ms);
        part_item_extra(out, broadcast_extra(b, item->sku.text));
        json_end_object(out);
    }
    json_end_array(out);
}

void part_pin(struct json_out *out, const struct broadcast *b, uint8_t slot, const struct pin *pin)
{
    static const struct shelf_item gone;
    const struct shelf_item *item = broadcast_item(b, pin->sku.text);
    if (item == NULL)
        item = &gone;
    json_put_uint(out, "slot", slot);
    json_put_text(out, "sku", pin->sku.text);
    json_put_text(out, "cue", pin->cue.text);
    json_put_text(out, "title", item->title);
    part_price(out, "price", &item->price);
    json_put_text(out, "image", item->image);
    json_put_text(out, "url", item->url);
    json_put_bool(out, "sponsored", pin->sponsored);
    json_put_text(out, "text", pin->text);
}

void part_pins(struct json_out *out, const struct broadcast *b)
{
    json_put_array(out, "pins");
    for (uint8_t slot = 0; slot < PIN_SLOTS; slot++) {
        if (!b->pins[slot].set)
            continue;
        json_put_object(out, NULL);
        part_pin(out, b, slot, &b->pins[slot]);
        json_put_int(out, "pinned_ms", b->pins[slot].pinned_ms);
        json_put_int(out, "media_at_ms", b->pins[slot].media_at_ms);
        json_end_object(out);
    }
    json_end_array(out);
}

void part_stock(struct json_out *out, const struct show_view *show, const struct shelf_item *item)
{
    struct stock_shown shown = stock_shown(show->claims, item);
    json_put_object(out, item->sku.text);
    if (shown.left != STOCK_LEFT_NONE)
        json_put_int(out, "left", shown.left);
    json_put_text(out, "state", stock_state_name(shown.state));
    json_end_object(out);
}

void part_counts(struct json_out *out, const struct show_view *show, const char *sku)
{
    static const struct claim_sku none;
    const struct claim_sku *known = claims_sku(show->claims, sku);
    if (known == NULL)
        known = &none;
    json_put_object(out, sku);
    json_put_int(out, "allocated", known->count.allocated);
    json_put_int(out, "available", known->count.available);
    json_put_int(out, "held", known->count.held);
    json_put_int(out, "sold", known->count.sold);
    json_put_int(out, "waitlist", known->waitlist);
    json_put_bool(out, "stopped", known->count.stopped);
    json_put_int(out, "buffer", known->count.buffer);
    json_put_text(out, "recall", recall_mode_name(known->count.recall));
    json_end_object(out);
}

void part_demand(struct json_out *out, const struct show_view *show)
{
    for (size_t i = 0; i < show->demand_count; i++) {
        json_put_object(out, show->demand[i].sku.text);
        json_put_uint(out, "attempts", show->demand[i].attempts);
        json_put_uint(out, "refused", show->demand[i].refused);
        json_end_object(out);
    }
}

void part_cue_public(struct json_out *out, const struct cue_shown *cue)
{
    json_put_text(out, "cue", cue->cue.text);
    json_put_text(out, "title", cue->title);
    json_put_text(out, "text", cue->text);
    json_put_bool(out, "sponsored", cue->sponsored);
}

static void phrases(struct json_out *out, const char *name, char *const *list, size_t count)
{
    json_put_array(out, name);
    for (size_t i = 0; i < count; i++)
        json_put_text(out, NULL, list[i]);
    json_end_array(out);
}

void part_card(struct json_out *out, const struct card *card)
{
    json_put_object(out, "card");
    json_put_text(out, "say", card->say == NULL ? "" : card->say);
    phrases(out, "must_say", card->must_say, card->must_say_count);
    phrases(out, "must_not_say", card->must_not_say, card->must_not_say_count);
    json_put_text(out, "notes", card->notes == NULL ? "" : card->notes);
    json_end_object(out);
}

void part_cue(struct json_out *out, const char *name, const struct cue *cue)
{
    json_put_object(out, name);
    json_put_text(out, "id", cue->id.text);
    json_put_text(out, "title", cue->title);
    if (!ID_IS_NONE(cue->sku))
        json_put_text(out, "sku", cue->sku.text);
    json_put_uint(out, "slot", cue->slot);
    json_put_uint(out, "planned_units", cue->planned_units);
    json_put_uint(out, "minutes", cue->minutes);
    if (cue->has_price)
        part_money(out, "price", &cue->price);
    json_put_bool(out, "sponsored", cue->sponsored);
    if (cue->card.say != NULL || cue->card.notes != NULL || cue->card.must_say_count + cue->card.must_not_say_count > 0)
        part_card(out, &cue->card);
    if (cue->viewer_text != NULL)
        json_put_text(out, "viewer_text", cue->viewer_text);
    json_end_object(out);
}

void part_run(struct json_out *out, const char *name, const struct run_of_show *run)
{
    json_put_array(out, name);
    for (size_t i = 0; run != NULL && i < run->count; i++)
        part_cue(out, NULL, &run->cues[i]);
    json_end_array(out);
}

void part_approval(struct json_out *out, const struct price_approval *a)
{
    json_put_text(out, "approval", a->id.text);
    json_put_text(out, "state", approval_state_name(a->state));
    json_put_text(out, "kind", approval_kind_name(a->is_offer));
    json_put_text(out, "sku", a->sku.text);
    part_money(out, "price", &a->money);
    json_put_int(out, "for_ms", a->for_ms);
    json_put_text(out, "asked_by", a->asked_by);
    json_put_int(out, "until_ms", a->until_ms);
    json_put_text(out, "reason", a->reason);
}

/* ---- preflight ---- */

static void below_floor_detail(char *ret, size_t size, const struct preflight_problem *p)
{
    char price[MONEY_TEXT_MAX], floor[MONEY_TEXT_MAX];
    money_text(&p->price, price);
    money_text(&p->floor, floor);
    snprintf(ret, size, "%s is below the floor of %s", price, floor);
}

static void problem_detail(char *ret, size_t size, const struct preflight_problem *p)
{
    static const char *const words[] = {
        [PREFLIGHT_NO_CUES] = "the run of show has no cues",
        [PREFLIGHT_CARD_MISSING] = "no script card",
        [PREFLIGHT_PRICE_MISSING] = "no price, neither of the cue nor in the catalogue",
        [PREFLIGHT_SKU_UNKNOWN] = "this SKU is not in the catalogue",
        [PREFLIGHT_ALLOCATION_MISSING] = "nothing is allocated to sell",
        [PREFLIGHT_VIEWER_TEXT_MISSING] = "no text for viewers",
        [PREFLIGHT_MINUTES_MISSING] = "no planned minutes",
    };
    if (p->code == PREFLIGHT_ALLOCATION_SHORT)
        snprintf(ret, size, "%lld planned, %lld allocated", (long long)p->planned, (long long)p->allocated);
    else if (p->code == PREFLIGHT_BELOW_FLOOR)
        below_floor_detail(ret, size, p);
    else
        snprintf(ret, size, "%s", words[p->code]);
}

void part_preflight_members(struct json_out *out, const struct preflight *p, const struct run_of_show *run)
{
    json_put_bool(out, "go", p->go);
    json_put_array(out, "problems");
    for (size_t i = 0; i < p->count; i++) {
        const struct preflight_problem *problem = &p->problems[i];
        char detail[120];
        problem_detail(detail, sizeof detail, problem);
        bool of_cue = run != NULL && problem->cue >= 0 && (size_t)problem->cue < run->count;
        json_put_object(out, NULL);
        if (of_cue)
            json_put_text(out, "cue", run->cues[problem->cue].id.text);
        else
            json_put_null(out, "cue");
        if (!ID_IS_NONE(problem->sku))
            json_put_text(out, "sku", problem->sku.text);
        json_put_text(out, "code", preflight_code_name(problem->code));
        json_put_text(out, "detail", detail);
        json_put_bool(out, "blocking", problem->blocking);
        json_end_object(out);
    }
    json_end_array(out);
    if (p->more > 0)
        json_put_uint(out, "more", p->more);
}

void part_preflight(struct json_out *out, const char *name, const struct preflight *p, const struct run_of_show *run)
{
    if (p == NULL) {
        json_put_null(out, name);
        return;
    }
    json_put_object(out, name);
    part_preflight_members(out, p, run);
    json_end_object(out);
}

/* ---- holds, broadcasts ---- */

/* Ms that the broadcast's clock stood still up to this view. */
static int64_t stood_ms(const struct show_view *show, const char *broadcast)
{
    struct claim_clock clock = claims_clock(show->claims, broadcast);
    int64_t pause = clock.frozen_since_ms == 0 ? 0 : show->now_ms - clock.frozen_since_ms;
    return clock.stood_ms + (pause > 0 ? pause : 0);
}

void part_hold_clock(struct json_out *out, const char *name, const struct show_view *show)
{
    struct claim_clock clock = claims_clock(show->claims, show->broadcast->id.text);
    json_put_object(out, name);
    json_put_bool(out, "running", clock.frozen_since_ms == 0);
    json_put_int(out, "stood_ms", clock.stood_ms);
    if (clock.frozen_since_ms != 0)
        json_put_int(out, "since_ms", clock.frozen_since_ms);
    json_end_object(out);
}

void part_hold_lines(struct json_out *out, const struct hold *hold)
{
    json_put_array(out, "lines");
    for (uint8_t i = 0; i < hold->lines_count; i++) {
        const struct line *line = &hold->lines[i];
        struct price price = {.money.minor = line->unit_minor, .version = line->price_version};
        memcpy(price.money.currency, hold->currency, sizeof price.money.currency);
        json_put_object(out, NULL);
        json_put_text(out, "sku", line->sku.text);
        json_put_uint(out, "qty", line->units);
        part_price(out, "price", &price);
        json_end_object(out);
    }
    json_end_array(out);
    struct money total = {.minor = hold_total_minor(hold)};
    memcpy(total.currency, hold->currency, sizeof total.currency);
    part_money(out, "total", &total);
}

/* The strictest of the recalls of its SKUs; RECALL_NONE also where the stock is not known. */
static enum recall_mode recall_of(const struct message_context *c, const struct hold *hold)
{
    bool seen[RECALL_MODES] = {false};
    for (uint8_t i = 0; c != NULL && c->show != NULL && i < hold->lines_count; i++) {
        const struct claim_sku *sku = claims_sku(c->show->claims, hold->lines[i].sku.text);
        seen[sku == NULL ? RECALL_NONE : sku->count.recall] = true;
    }
    return seen[RECALL_CANCEL]   ? RECALL_CANCEL
           : seen[RECALL_KEEP]   ? RECALL_KEEP
           : seen[RECALL_HONOUR] ? RECALL_HONOUR
                                 : RECALL_NONE;
}

void part_hold(struct json_out *out, const struct message_context *c, const struct hold *hold)
{
    enum recall_mode recall = hold->state == HOLD_HELD ? recall_of(c, hold) : RECALL_NONE;
    bool payable = hold->state == HOLD_HELD && (recall == RECALL_NONE || recall == RECALL_HONOUR);
    json_put_text(out, "hold", hold->id.text);
    json_put_text(out, "state", hold_state_name(hold->state));
    json_put_int(out, "expires_ms", hold->expires_at_ms);
    if (hold->state == HOLD_HELD && c != NULL && c->show != NULL) /* the clocks of ended ones mean nothing any more */
        json_put_int(out, "stood_ms", stood_ms(c->show, hold->broadcast.text));
    json_put_int(out, "extends_left", hold->extends >= EXTENDS_MAX ? 0 : EXTENDS_MAX - hold->extends);
    part_hold_lines(out, hold);
    if (hold->offer)
        json_put_bool(out, "offer", true);
    if (recall != RECALL_NONE)
        json_put_text(out, "recall", recall_mode_name(recall));
    char url[CHECKOUT_URL_MAX] = "";
    if (payable && c != NULL && c->checkout != NULL)
        c->checkout(c->ctx, c->shop, hold, url, sizeof url);
    json_put_text(out, "checkout_url", url); /* empty: there is nothing to pay, or nowhere */
}

void part_broadcast(struct json_out *out, const struct broadcast *b)
{
    json_put_text(out, "id", b->id.text);
    json_put_text(out, "title", b->details.title);
    json_put_text(out, "state", broadcast_state_name(b->state));
    part_video(out, &b->details);
    json_put_int(out, "hold_ms", b->details.hold_ms);
    json_put_int(out, "pdt_offset_ms", b->details.pdt_offset_ms);
    json_put_text(out, "epoch", b->epoch.text);
    json_put_uint(out, "seq", b->seq);
    json_put_int(out, "created_ms", b->created_ms);
    json_put_int(out, "started_ms", b->started_ms);
    json_put_int(out, "ended_ms", b->ended_ms);
}
