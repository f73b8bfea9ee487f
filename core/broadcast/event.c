#include "core/broadcast/event.h"

#include <stdlib.h>

const char *broadcast_state_name(enum broadcast_state state)
{
    static const char *const names[] = {
        [BROADCAST_DRAFT] = "draft",     [BROADCAST_REHEARSAL] = "rehearsal", [BROADCAST_SCHEDULED] = "scheduled",
        [BROADCAST_LIVE] = "live",       [BROADCAST_PAUSED] = "paused",       [BROADCAST_ENDED] = "ended",
        [BROADCAST_SETTLED] = "settled",
    };
    return (size_t)state < ARRAY_LEN(names) ? names[state] : "unknown";
}

const char *sku_state_name(enum sku_state state)
{
    static const char *const names[] = {
        [SKU_OPEN] = "open",
        [SKU_STOPPED] = "stopped",
        [SKU_RECALLED] = "recalled",
    };
    return (size_t)state < ARRAY_LEN(names) ? names[state] : "unknown";
}

const char *approval_state_name(enum approval_state state)
{
    static const char *const names[] = {
        [APPROVAL_ASKED] = "asked",
        [APPROVAL_APPROVED] = "approved",
        [APPROVAL_REJECTED] = "rejected",
        [APPROVAL_LAPSED] = "lapsed",
    };
    return (size_t)state < ARRAY_LEN(names) ? names[state] : "unknown";
}

const char *extra_kind_name(enum extra_kind kind)
{
    static const char *const names[] = {[EXTRA_BUNDLE] = "bundle", [EXTRA_FREEBIE] = "freebie"};
    return (size_t)kind < ARRAY_LEN(names) ? names[kind] : "unknown";
}

const char *approval_kind_name(bool is_offer) { return is_offer ? "offer" : "price"; }

const char *notice_level_name(enum notice_level level)
{
    static const char *const names[] = {
        [NOTICE_INFO] = "info",
        [NOTICE_CORRECTION] = "correction",
        [NOTICE_RECALL] = "recall",
        [NOTICE_OUTAGE] = "outage",
    };
    return (size_t)level < ARRAY_LEN(names) ? names[level] : "unknown";
}

const char *event_kind_name(enum event_kind kind)
{
    static const char *const names[EVENT_KINDS] = {
        [EVENT_BEGUN] = "begun",       [EVENT_EPOCH] = "epoch",
        [EVENT_DETAILS] = "details",   [EVENT_SHELF] = "shelf",
        [EVENT_STATE] = "state",       [EVENT_PIN_SET] = "pin.set",
        [EVENT_CUE] = "cue",           [EVENT_PIN_CLEARED] = "pin.clear",
        [EVENT_CUE_DONE] = "cue.done", [EVENT_PRICE] = "price",
        [EVENT_OFFER] = "offer",       [EVENT_NOTICE] = "notice",
        [EVENT_APPROVAL] = "approval", [EVENT_SKU] = "sku",
        [EVENT_EXTRA] = "extra",       [EVENT_CATALOGUE] = "catalogue",
        [EVENT_LISTED] = "listed",
    };
    return (size_t)kind < ARRAY_LEN(names) ? names[kind] : "unknown";
}

void event_finish(struct event *e)
{
    if (e == NULL)
        return;
    if (e->kind == EVENT_SHELF) {
        free(e->u.shelf.document);
        free(e->u.shelf.items);
    }
    if (e->kind == EVENT_CATALOGUE)
        free(e->u.catalogue.products);
    *e = (struct event){0};
}

bool event_is_for_viewers(enum event_kind kind) { return kind != EVENT_CUE_DONE && kind != EVENT_APPROVAL; }
