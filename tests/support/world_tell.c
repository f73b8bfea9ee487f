#include "tests/support/world_inner.h"

#include <stdio.h>
#include <string.h>

static const char *lines_text(const struct hold *h)
{
    static char text[512];
    size_t len = 0;
    for (uint8_t i = 0; i < h->lines_count && len < sizeof text; i++) {
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", i == 0 ? "" : " + ", h->lines[i].sku.text);
        if (h->lines[i].units > 1 && len < sizeof text)
            len += (size_t)snprintf(text + len, sizeof text - len, " %u", h->lines[i].units);
    }
    return h->lines_count == 0 ? "nothing" : text;
}

static void tell_hold(struct world *w, const char *who, const struct outcome *outcome, bool pushed)
{
    const struct hold *h = &outcome->hold;
    const char *word = h->state == HOLD_HELD && h->offer ? "offered" : hold_state_name(h->state);
    const char *again = outcome->replayed ? " (as before)" : "";
    if (outcome->kind == OUTCOME_CONFIRMED)
        world_line(w, who, "%s sold for %s%s", h->id.text, h->order, again);
    else if (h->state == HOLD_HELD)
        world_line(w, who, "%s%s %s at %lld until %lld%s", pushed ? "hears " : "", word, lines_text(h),
                   (long long)hold_total_minor(h), (long long)(h->expires_at_ms - WORLD_START_MS), again);
    else
        world_line(w, who, "%s%s %s%s", pushed ? "hears " : "", word, lines_text(h), again);
}

static void tell_error(struct world *w, const char *who, const struct outcome *outcome)
{
    char about[160] = "";
    if (!ID_IS_NONE(outcome->error.sku))
        snprintf(about, sizeof about, " %s", outcome->error.sku.text);
    else if (outcome->error.approval[0] != '\0')
        snprintf(about, sizeof about, " %s", outcome->error.approval);
    else if (outcome->error.field[0] != '\0')
        snprintf(about, sizeof about, " (%s)", outcome->error.field);
    world_line(w, who, "refused %s: %s%s", command_kind_name(outcome->command), error_code_name(outcome->error.code),
               about);
}

static void tell_problems(struct world *w, const char *who, const struct preflight *preflight)
{
    for (size_t i = 0; i < preflight->count; i++) {
        const struct preflight_problem *p = &preflight->problems[i];
        if (p->blocking)
            world_line(w, who, "  cue %d %s %s", p->cue, preflight_code_name(p->code), p->sku.text);
    }
}

static void tell_stock(struct world *w, const char *who, const struct outcome *outcome)
{
    const struct stock_count *c = &outcome->stock;
    world_line(w, who, "stock %s %lld = %lld + %lld + %lld%s%s", c->sku.text, (long long)c->allocated,
               (long long)c->available, (long long)c->held, (long long)c->sold, outcome->replayed ? " (as before)" : "",
               outcome->ignored ? " (ignored)" : "");
}

void tell_outcome(struct world *w, const char *who, const struct outcome *outcome, bool pushed)
{
    switch (outcome->kind) {
    case OUTCOME_HOLD:
    case OUTCOME_CONFIRMED:
        tell_hold(w, who, outcome, pushed);
        return;
    case OUTCOME_ERROR:
        tell_error(w, who, outcome);
        if (outcome->preflight != NULL)
            tell_problems(w, who, outcome->preflight);
        return;
    case OUTCOME_OK:
        world_line(w, who, "ok %llu", (unsigned long long)outcome->seq);
        return;
    case OUTCOME_WAITLIST:
        if (outcome->waitlist.joined)
            world_line(w, who, "in line for %s behind %lld", outcome->waitlist.sku.text,
                       (long long)outcome->waitlist.ahead);
        else
            world_line(w, who, "left the line for %s", outcome->waitlist.sku.text);
        return;
    case OUTCOME_STOCK:
        tell_stock(w, who, outcome);
        return;
    case OUTCOME_RECALL:
        world_line(w, who, "recalled %s (%s): %lld holds of %lld, %lld orders of %lld", outcome->stock.sku.text,
                   recall_mode_name(outcome->stock.recall), (long long)outcome->affected.holds,
                   (long long)outcome->affected.units_held, (long long)outcome->affected.orders,
                   (long long)outcome->affected.units_sold);
        return;
    case OUTCOME_AFFECTED:
        world_line(w, who, "affected by %s: %lld held, %lld sold", outcome->stock.sku.text,
                   (long long)outcome->affected.units_held, (long long)outcome->affected.units_sold);
        for (size_t i = 0; i < outcome->count; i++)
            world_line(w, who, "  %s %s %s %s", outcome->holds[i]->id.text, outcome->holds[i]->viewer.text,
                       hold_state_name(outcome->holds[i]->state), outcome->holds[i]->order);
        return;
    case OUTCOME_PREFLIGHT:
        world_line(w, who, "preflight %s", outcome->preflight->go ? "go" : "no-go");
        tell_problems(w, who, outcome->preflight);
        return;
    case OUTCOME_BROADCAST:
        world_line(w, who, "broadcast %s %s%s", outcome->view->broadcast->id.text,
                   broadcast_state_name(outcome->view->broadcast->state), outcome->created ? " created" : "");
        return;
    case OUTCOME_BROADCAST_LIST:
        for (size_t i = 0; i < outcome->count; i++)
            world_line(w, who, "listed %s: %s", outcome->listed[i].id.text, outcome->listed[i].title);
        return;
    default: /* a run of show, a catalogue, ...: how many */
        world_line(w, who, "%s %zu", command_kind_name(outcome->command), outcome->count);
        return;
    }
}

static void price_text(char text[32], const struct price *price)
{
    snprintf(text, 32, "%lld %s v%u", (long long)price->money.minor, price->money.currency, price->version);
}

void tell_event(struct world *w, const char *who, const struct event *e)
{
    char money[32];
    unsigned long long seq = e->seq;
    switch (e->kind) {
    case EVENT_STATE:
        world_line(w, who, "%llu state %s%s", seq, broadcast_state_name(e->u.state.state),
                   e->u.state.forced ? " forced" : "");
        return;
    case EVENT_PIN_SET:
        world_line(w, who, "%llu pin %u %s", seq, e->u.pin_set.slot, e->u.pin_set.pin.sku.text);
        return;
    case EVENT_PIN_CLEARED:
        world_line(w, who, "%llu pin %u cleared", seq, e->u.slot);
        return;
    case EVENT_CUE:
        world_line(w, who, "%llu cue %s", seq, ID_IS_NONE(e->u.cue.cue) ? "none" : e->u.cue.cue.text);
        return;
    case EVENT_PRICE:
        price_text(money, &e->u.price.price);
        world_line(w, who, "%llu price %s %s", seq, e->u.price.sku.text, money);
        return;
    case EVENT_OFFER:
        price_text(money, &e->u.offer.price);
        world_line(w, who, "%llu offer %s %s %s", seq, e->u.offer.sku.text, e->u.offer.started ? "started" : "stopped",
                   money);
        return;
    case EVENT_NOTICE:
        world_line(w, who, "%llu notice %s: %s", seq, notice_level_name(e->u.notice.level), e->u.notice.text);
        return;
    case EVENT_SKU:
        world_line(w, who, "%llu sku %s %s%s", seq, e->u.sku.sku.text, sku_state_name(e->u.sku.state),
                   e->u.sku.tripped ? " by itself" : "");
        return;
    case EVENT_EXTRA:
        world_line(w, who, "%llu extra %s %s", seq, e->u.extra.extra.sku.text,
                   e->u.extra.started ? e->u.extra.extra.text : "ended");
        return;
    case EVENT_APPROVAL:
        world_line(w, who, "%llu approval %s %s %s at %lld", seq, e->u.approval.id.text,
                   approval_state_name(e->u.approval.state), e->u.approval.sku.text,
                   (long long)e->u.approval.money.minor);
        return;
    default:
        world_line(w, who, "%llu %s", seq, event_kind_name(e->kind));
        return;
    }
}
