#include "tests/unit/core/broadcast/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sku_id sku(const char *text)
{
    struct sku_id id = {""};
    MUST(ID_PARSE(&id, text, strlen(text)) == RESULT_OK);
    return id;
}

struct cue_id cue(const char *text)
{
    struct cue_id id = {""};
    MUST(ID_PARSE(&id, text, strlen(text)) == RESULT_OK);
    return id;
}

struct money eur(int64_t minor) { return (struct money){minor, "EUR"}; }

struct act act_pin(uint8_t slot, const char *sku_text)
{
    return (struct act){.kind = ACT_PIN_SET, .slot = slot, .sku = sku(sku_text)};
}

struct act act_clear(uint8_t slot) { return (struct act){.kind = ACT_PIN_CLEAR, .slot = slot}; }

struct act act_price(const char *sku_text, int64_t minor)
{
    return (struct act){.kind = ACT_PRICE, .sku = sku(sku_text), .price = eur(minor)};
}

struct act act_offer(const char *sku_text, int64_t minor, int64_t for_ms)
{
    return (struct act){.kind = ACT_OFFER_START, .sku = sku(sku_text), .price = eur(minor), .for_ms = for_ms};
}

struct act act_of(enum act_kind kind, const char *sku_text)
{
    return (struct act){.kind = kind, .sku = sku_text == NULL ? (struct sku_id){""} : sku(sku_text)};
}

struct act act_words(enum act_kind kind, const char *sku_text, const char *text)
{
    struct act act = act_of(kind, sku_text);
    act.text = text;
    return act;
}

struct act act_cue(const char *id, const char *sku_text, int64_t minor)
{
    struct act act = {.kind = ACT_CUE, .cue = {.cue = cue(id), .sponsored = true}, .cue_has_price = minor != 0};
    snprintf(act.cue.title, sizeof act.cue.title, "Title of %s", id);
    snprintf(act.cue.text, sizeof act.cue.text, "Text of %s", id);
    if (sku_text != NULL)
        act.cue_sku = sku(sku_text);
    if (minor != 0)
        act.price = eur(minor);
    return act;
}

struct act act_shelf(const char *items_text, const char *document, struct shelf_item items[8])
{
    char text[256];
    size_t count = 0;
    char *rest = NULL;
    snprintf(text, sizeof text, "%s", items_text);
    for (char *part = strtok_r(text, ",", &rest); part != NULL; part = strtok_r(NULL, ",", &rest)) {
        char name[32] = "", currency[4] = "";
        int minor = 0;
        int read = sscanf(part, " %31s %d %3s", name, &minor, currency);
        struct shelf_item item = {.sku = sku(name)};
        snprintf(item.title, sizeof item.title, "The %s", name);
        if (read >= 2)
            item.price.money = eur(minor);
        if (read == 3)
            memcpy(item.price.money.currency, currency, sizeof currency);
        MUST(count < 8);
        items[count++] = item;
    }
    return (struct act){.kind = ACT_SHELF, .document = document, .items = items, .items_count = count};
}

enum result show_step(struct show *s, struct event e)
{
    e.seq = s->b.seq + 1;
    enum result result = broadcast_step(&s->b, &e);
    event_finish(&e);
    return result;
}

static const char *answer_name(enum act_answer answer)
{
    static const char *const names[] = {
        [ACT_DONE] = "done",
        [ACT_NOT_LIVE] = "not_live",
        [ACT_STATE] = "state",
        [ACT_SKU_UNKNOWN] = "sku_unknown",
        [ACT_PRICE_MISSING] = "price_missing",
        [ACT_NOTHING_TO_UNDO] = "nothing_to_undo",
        [ACT_RECALLED] = "recalled",
        [ACT_CURRENCY] = "currency",
        [ACT_AMOUNT] = "amount",
        [ACT_APPROVAL_ASKED] = "asked",
        [ACT_APPROVALS_FULL] = "full",
        [ACT_APPROVAL_UNKNOWN] = "unknown",
        [ACT_APPROVAL_DECIDED] = "decided",
        [ACT_APPROVAL_LAPSED] = "lapsed",
        [ACT_APPROVAL_OWN] = "own",
    };
    return names[answer];
}

size_t show_plan(struct show *s, struct act act, struct event events[EVENT_BATCH_MAX])
{
    size_t count = 0;
    act.now_ms = s->now_ms;
    MUST(broadcast_plan(&s->b, &act, events, &count) == ACT_DONE);
    return count;
}

const char *show_do(struct show *s, struct act act)
{
    static struct event events[EVENT_BATCH_MAX];
    size_t count = 0;
    act.now_ms = s->now_ms;
    enum act_answer answer = broadcast_plan(&s->b, &act, events, &count);
    snprintf(s->told, sizeof s->told, "%s", answer == ACT_DONE ? "" : answer_name(answer));
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(s->told);
        snprintf(s->told + len, sizeof s->told - len, "%s%s", len == 0 ? "" : " ", event_kind_name(events[i].kind));
        MUST(show_step(s, events[i]) == RESULT_OK);
        events[i] = (struct event){0}; /* finished by show_step */
    }
    return s->told;
}

void show_open(struct show *s)
{
    struct shelf_item items[8];
    *s = (struct show){.now_ms = 1000};
    struct shop_id shop = {"shop"};
    struct broadcast_id id = {"drop"};
    broadcast_init(&s->b, &shop, &id);
    struct event begun = {.kind = EVENT_BEGUN, .ms = 1000, .u.begun = {.epoch = {"e1"}, .details = {.hold_ms = 60000}}};
    MUST(show_step(s, begun) == RESULT_OK);
    show_do(s, act_shelf("mug 1290, teapot 4900, bag", "{\"cues\":[]}", items));
}

void show_open_live(struct show *s)
{
    show_open(s);
    show_do(s, act_of(ACT_START, NULL));
}

void show_close(struct show *s) { broadcast_finish(&s->b); }

int64_t price_of(const struct show *s, const char *sku_text)
{
    return broadcast_item(&s->b, sku_text)->price.money.minor;
}

uint32_t version_of(const struct show *s, const char *sku_text)
{
    return broadcast_item(&s->b, sku_text)->price.version;
}

const char *pinned(const struct show *s, uint8_t slot) { return s->b.pins[slot].set ? s->b.pins[slot].sku.text : ""; }
