/* ws/wire/event_decode.c - an entry of a log to an event.
 *
 *   event_decode
 *     json_parse        guarded as for clients: a log may hold foreign bytes after a wrong restore
 *     head_read         what every event has
 *     read_object       the data of that kind, by its table
 *     event_settle      what follows from the rest, and the run of show as it was written */
#include <stdlib.h>
#include <string.h>

#include "ws/wire/event_codec.h"
#include "ws/wire/json_scan.h"
#include "ws/wire/parts_in.h"

static const char *state_name_of(unsigned number) { return broadcast_state_name((enum broadcast_state)number); }
static const char *sku_state_name_of(unsigned number) { return sku_state_name((enum sku_state)number); }
static const char *recall_name_of(unsigned number) { return recall_mode_name((enum recall_mode)number); }
static const char *approval_state_name_of(unsigned number) { return approval_state_name((enum approval_state)number); }

/* ---- members that are no plain value ---- */

static const struct members item_members;

static enum result read_items(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    struct event *e = to;
    size_t count = 0;
    enum result result = read_list(in, value, at, 0, SHELF_ITEMS_MAX, &count);
    if (result != RESULT_OK || count == 0)
        return result;
    e->u.shelf.items = calloc(count, sizeof *e->u.shelf.items);
    if (e->u.shelf.items == NULL)
        return RESULT_NO_MEMORY;
    e->u.shelf.count = count;
    for (size_t i = 0; result == RESULT_OK && i < count; i++) {
        struct place here = {.in = at, .index = i};
        result = read_object(in, json_array_get(value, i), &here, &item_members, &e->u.shelf.items[i]);
    }
    return result;
}

static enum result read_document(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    (void)to; /* taken from the text in event_settle */
    return json_is_object(value) ? RESULT_OK : fault_at(in, at, "must be an object");
}

static enum result read_said(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    static const struct member said = {.kind = MEMBER_BOOL};
    struct event *e = to;
    size_t count = 0;
    enum result result = read_list(in, value, at, 0, MUST_SAY_MAX, &count);
    for (size_t i = 0; result == RESULT_OK && i < count; i++) {
        struct place here = {.in = at, .index = i};
        result = read_member(in, json_array_get(value, i), &here, &said, &e->u.cue_done.said[i]);
    }
    e->u.cue_done.count = (uint8_t)count;
    return result;
}

static enum result read_approval_kind(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    const char *kind = json_string_value(value);
    bool *is_offer = to;
    if (kind == NULL || (strcmp(kind, approval_kind_name(true)) != 0 && strcmp(kind, approval_kind_name(false)) != 0))
        return fault_at(in, at, "must be price or offer");
    *is_offer = strcmp(kind, approval_kind_name(true)) == 0;
    return RESULT_OK;
}

static enum result read_catalogue_part(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    struct event *e = to;
    return read_products(in, value, at, CATALOGUE_PART_MAX, &e->u.catalogue.products, &e->u.catalogue.count);
}

/* ---- the tables ---- */

/* clang-format off */
/* NOLINTBEGIN(bugprone-macro-parentheses): `field` is the name of a member */
#define TIME(of, name, field, required_) \
    MEMBER_OF(of, name, MEMBER_I64, field, required_, .min = -WHOLE_MAX, .max = WHOLE_MAX)
#define TITLE(field) MAY(struct event, "title", TEXT, field, .max = TITLE_LEN_MAX)
#define TEXT(name, field) MAY(struct event, name, TEXT, field, .max = TEXT_LEN_MAX)
#define DETAILS(field) \
    TITLE(field.title), \
    MAY(struct event, "video", OBJECT, field, .members = &video_members), \
    MAY(struct event, "hold_ms", I64, field.hold_ms, .max = HOLD_MS_MAX), \
    MAY(struct event, "pdt_offset_ms", I64, field.pdt_offset_ms, .min = -PDT_OFFSET_MS_MAX, .max = PDT_OFFSET_MS_MAX)
/* NOLINTEND(bugprone-macro-parentheses) */

/* Version 0, no price yet, is a shelf's alone. */
static const struct member item_price_list[] = {
    NEEDS(struct price, "amount", I64, money.minor, .max = MONEY_MINOR_MAX),
    NEEDS(struct price, "currency", CURRENCY, money.currency),
    NEEDS(struct price, "version", U32, version, .max = UINT32_MAX),
};
static const struct members item_price_members = MEMBERS(item_price_list);
static const struct member item_list[] = {
    NEEDS(struct shelf_item, "sku", ID, sku),
    MAY(struct shelf_item, "title", TEXT, title, .max = TITLE_LEN_MAX),
    MAY(struct shelf_item, "image", TEXT, image, .max = URL_LEN_MAX),
    MAY(struct shelf_item, "url", TEXT, url, .max = URL_LEN_MAX),
    MAY(struct shelf_item, "price", OBJECT, price, .members = &item_price_members),
    MAY(struct shelf_item, "base_price", OBJECT, base_price, .members = &money_members),
    MAY(struct shelf_item, "listed_price", OBJECT, listed_price, .members = &money_members),
    TIME(struct shelf_item, "offer_ends_ms", offer_ends_ms, false),
    MAY(struct shelf_item, "limit_per_viewer", U32, limit_per_viewer, .max = UINT32_MAX),
    MAY(struct shelf_item, "weight_g", U32, weight_g, .max = UINT32_MAX),
    NEEDS(struct shelf_item, "state", NAME, state, .max = SKU_RECALLED, .name_of = sku_state_name_of),
    MAY(struct shelf_item, "recall", NAME, recall, .max = RECALL_HONOUR, .name_of = recall_name_of),
    MAY(struct shelf_item, "price_meant", BOOL, price_meant),
    MAY(struct shelf_item, "base_meant", BOOL, base_meant),
    MAY(struct shelf_item, "tripped_version", U32, tripped_version, .max = UINT32_MAX),
};
static const struct members item_members = MEMBERS(item_list);

static const struct member begun_list[] = {NEEDS(struct event, "epoch", ID, u.begun.epoch), DETAILS(u.begun.details)};
static const struct member epoch_list[] = {NEEDS(struct event, "epoch", ID, u.epoch)};
static const struct member details_list[] = {DETAILS(u.details)};
static const struct member shelf_list[] = {
    {.name = "items", .kind = MEMBER_READ, .required = true, .read = read_items},
    {.name = "document", .kind = MEMBER_READ, .read = read_document},
};
static const struct member state_list[] = {
    NEEDS(struct event, "state", NAME, u.state.state, .max = BROADCAST_SETTLED, .name_of = state_name_of),
    TEXT("reason", u.state.reason),
    MAY(struct event, "forced", BOOL, u.state.forced),
};
static const struct member pin_set_list[] = {
    NEEDS(struct event, "slot", U8, u.pin_set.slot, .max = PIN_SLOTS - 1),
    NEEDS(struct event, "sku", ID, u.pin_set.pin.sku),
    MAY(struct event, "cue", ID, u.pin_set.pin.cue),
    MAY(struct event, "sponsored", BOOL, u.pin_set.pin.sponsored),
    TEXT("text", u.pin_set.pin.text),
};
static const struct member pin_cleared_list[] = {NEEDS(struct event, "slot", U8, u.slot, .max = PIN_SLOTS - 1)};
static const struct member cue_list[] = {
    MAY(struct event, "cue", ID, u.cue.cue),
    NEEDS(struct event, "index", I32, u.cue.index, .min = -1, .max = CUES_MAX - 1),
    TITLE(u.cue.title),
    TEXT("text", u.cue.text),
    MAY(struct event, "sponsored", BOOL, u.cue.sponsored),
};
static const struct member cue_done_list[] = {
    NEEDS(struct event, "cue", ID, u.cue_done.cue),
    {.name = "must_say", .kind = MEMBER_READ, .required = true, .read = read_said},
};
static const struct member price_list[] = {
    NEEDS(struct event, "sku", ID, u.price.sku),
    NEEDS(struct event, "price", OBJECT, u.price.price, .members = &price_members),
    MAY(struct event, "meant", BOOL, u.price.meant),
};
static const struct member offer_list[] = {
    NEEDS(struct event, "sku", ID, u.offer.sku),
    NEEDS(struct event, "started", BOOL, u.offer.started),
    NEEDS(struct event, "price", OBJECT, u.offer.price, .members = &price_members),
    MAY(struct event, "meant", BOOL, u.offer.meant),
    TIME(struct event, "ends_ms", u.offer.ends_ms, false),
};
static const struct member notice_list[] = {
    MAY(struct event, "id", ID, u.notice.id),
    TEXT("text", u.notice.text),
    NEEDS(struct event, "level", NAME, u.notice.level, .max = NOTICE_OUTAGE, .name_of = notice_level_name_of),
};
static const struct member sku_list[] = {
    NEEDS(struct event, "sku", ID, u.sku.sku),
    NEEDS(struct event, "state", NAME, u.sku.state, .max = SKU_RECALLED, .name_of = sku_state_name_of),
    MAY(struct event, "tripped", BOOL, u.sku.tripped),
    MAY(struct event, "recall", NAME, u.sku.recall, .max = RECALL_HONOUR, .name_of = recall_name_of),
    TEXT("reason", u.sku.reason),
};
/* Of one that ended there is only the SKU. */
static const struct member extra_list[] = {
    NEEDS(struct event, "sku", ID, u.extra.extra.sku),
    NEEDS(struct event, "started", BOOL, u.extra.started),
    MAY(struct event, "kind", NAME, u.extra.extra.kind, .max = EXTRA_FREEBIE, .name_of = extra_kind_name_of),
    MAY(struct event, "adds", ID, u.extra.extra.adds),
    MAY(struct event, "adds_units", U32, u.extra.extra.adds_units, .max = EXTRA_UNITS_MAX),
    MAY(struct event, "first_orders", U32, u.extra.extra.first_orders, .max = EXTRA_ORDERS_MAX),
    MAY(struct event, "text", TEXT, u.extra.extra.text, .max = EXTRA_TEXT_LEN_MAX),
};
static const struct member approval_list[] = {
    NEEDS(struct event, "approval", ID, u.approval.id),
    NEEDS(struct event, "state", NAME, u.approval.state, .max = APPROVAL_LAPSED, .name_of = approval_state_name_of),
    NEEDS(struct event, "kind", READ, u.approval.is_offer, .read = read_approval_kind),
    NEEDS(struct event, "sku", ID, u.approval.sku),
    NEEDS(struct event, "price", OBJECT, u.approval.money, .members = &money_members),
    TIME(struct event, "for_ms", u.approval.for_ms, false),
    MAY(struct event, "asked_by", TEXT, u.approval.asked_by, .max = ID_LEN_MAX),
    TIME(struct event, "until_ms", u.approval.until_ms, false),
    TEXT("reason", u.approval.reason),
};
static const struct member catalogue_list[] = {
    MAY(struct event, "first", BOOL, u.catalogue.first),
    MAY(struct event, "last", BOOL, u.catalogue.last),
    {.name = "products", .kind = MEMBER_READ, .required = true, .read = read_catalogue_part},
};
static const struct member listed_list[] = {
    NEEDS(struct event, "broadcast", ID, u.listed.broadcast),
    TITLE(u.listed.title),
};
static const struct member head_list[] = {
    TIME(struct event, "ms", ms, true),
    TIME(struct event, "media_at_ms", media_at_ms, false),
    MAY(struct event, "undo_part", U8, undo_part, .max = EVENT_BATCH_MAX),
    MAY(struct event, "by", TEXT, by, .max = ID_LEN_MAX),
};
static const struct members head_members = MEMBERS(head_list);

static const struct members datas[EVENT_KINDS] = {
    [EVENT_BEGUN]       = MEMBERS(begun_list),
    [EVENT_EPOCH]       = MEMBERS(epoch_list),
    [EVENT_DETAILS]     = MEMBERS(details_list),
    [EVENT_SHELF]       = MEMBERS(shelf_list),
    [EVENT_STATE]       = MEMBERS(state_list),
    [EVENT_PIN_SET]     = MEMBERS(pin_set_list),
    [EVENT_PIN_CLEARED] = MEMBERS(pin_cleared_list),
    [EVENT_CUE]         = MEMBERS(cue_list),
    [EVENT_CUE_DONE]    = MEMBERS(cue_done_list),
    [EVENT_PRICE]       = MEMBERS(price_list),
    [EVENT_OFFER]       = MEMBERS(offer_list),
    [EVENT_NOTICE]      = MEMBERS(notice_list),
    [EVENT_SKU]         = MEMBERS(sku_list),
    [EVENT_APPROVAL]    = MEMBERS(approval_list),
    [EVENT_EXTRA]       = MEMBERS(extra_list),
    [EVENT_CATALOGUE]   = MEMBERS(catalogue_list),
    [EVENT_LISTED]      = MEMBERS(listed_list),
};
/* clang-format on */

/* ---- the whole ---- */

static enum result head_read(struct json_in *in, const json_t *entry, struct event *e)
{
    const char *t = json_string_value(json_object_get(entry, "t"));
    for (unsigned kind = 0; t != NULL && kind < EVENT_KINDS; kind++) {
        if (strcmp(t, event_kind_name((enum event_kind)kind)) != 0)
            continue;
        e->kind = (enum event_kind)kind;
        return read_object(in, entry, NULL, &head_members, e);
    }
    struct place at = {.member = "t"};
    return fault_at(in, &at, "is no kind of event known here");
}

/* Byte for byte: nodes compare documents as text. */
static enum result document_take(struct json_in *in, const char *data, size_t len, struct event *e)
{
    const char *document = NULL;
    struct place at = {.member = "d"};
    if (!json_find_member(data, len, "d", &data, &len))
        return fault_at(in, &at, "must be named without escapes");
    if (!json_find_member(data, len, "document", &document, &len))
        return RESULT_OK;
    e->u.shelf.document = malloc(len + 1);
    if (e->u.shelf.document == NULL)
        return RESULT_NO_MEMORY;
    memcpy(e->u.shelf.document, document, len);
    e->u.shelf.document[len] = '\0';
    return RESULT_OK;
}

static enum result event_settle(struct json_in *in, const char *data, size_t len, struct event *e)
{
    if (e->kind == EVENT_SHELF)
        return document_take(in, data, len, e);
    if (e->kind == EVENT_PIN_SET) {
        e->u.pin_set.pin.set = true;
        e->u.pin_set.pin.pinned_ms = e->ms;
        e->u.pin_set.pin.media_at_ms = e->media_at_ms;
    }
    return RESULT_OK;
}

enum result event_decode(const char *data, size_t len, struct event *ret)
{
    struct decode_fault fault = {0};
    struct json_in in = {.source = FROM_LOG, .fault = &fault};
    struct event e = {0};
    json_t *entry = NULL;
    enum result result = json_parse(&in, data, len, &entry);
    if (result == RESULT_OK)
        result = head_read(&in, entry, &e);
    struct place at = {.member = "d"};
    if (result == RESULT_OK)
        result = read_object(&in, json_object_get(entry, "d"), &at, &datas[e.kind], &e);
    if (result == RESULT_OK)
        result = event_settle(&in, data, len, &e);
    json_decref(entry);
    if (result != RESULT_OK) {
        event_finish(&e);
        return result;
    }
    *ret = e;
    return RESULT_OK;
}
