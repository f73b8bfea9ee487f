#include "tests/unit/ws/wire/sample_logistics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_SET(to, from) snprintf((to), sizeof(to), "%s", (from))

static const struct shop_id shop = SAMPLE_ID("demo");

/* ---- the run of show ---- */

static char *text(const char *from)
{
    char *copy = strdup(from);
    MUST(copy != NULL);
    return copy;
}

static void run_make(struct run_of_show *run)
{
    run->cues = calloc(3, sizeof *run->cues);
    MUST(run->cues != NULL);
    run->count = 3;
    run->cues[0] = (struct cue){
        .id = SAMPLE_ID("c1"),
        .title = text("Red mug"),
        .sku = SAMPLE_ID("mug-red"),
        .planned_units = 40,
        .minutes = 4,
        .has_price = true,
        .price = {990, "EUR"},
        .sponsored = true,
        .viewer_text = text("Hand-thrown, dishwasher safe"),
        .card = {.say = text("Look at this glaze " SAMPLE_PRIVATE),
                 .must_say = {text("dishwasher safe " SAMPLE_PRIVATE), text("two per person " SAMPLE_PRIVATE)},
                 .must_say_count = 2,
                 .must_not_say = {text("unbreakable " SAMPLE_PRIVATE)},
                 .must_not_say_count = 1,
                 .notes = text("Two spares under the table " SAMPLE_PRIVATE)},
    };
    run->cues[1] = (struct cue){.id = SAMPLE_ID("c2"), .title = text("How it is made " SAMPLE_PRIVATE)};
    run->cues[2] = (struct cue){
        .id = SAMPLE_ID("c3"),
        .title = text("Lamp " SAMPLE_PRIVATE),
        .sku = SAMPLE_ID("lamp"),
        .slot = 1,
        .planned_units = 60,
        .minutes = 6,
        .viewer_text = text("Soon " SAMPLE_PRIVATE),
        .card = {.say = text("Dim the room first " SAMPLE_PRIVATE)},
    };
}

/* ---- the broadcast ---- */

static void item_make(struct shelf_item *item, const char *sku, const char *title, struct price price)
{
    TEXT_SET(item->sku.text, sku);
    TEXT_SET(item->title, title);
    snprintf(item->image, sizeof item->image, "/img/%s.svg", sku);
    item->price = price;
    item->base_price = price.money;
}

static void items_make(struct broadcast *b)
{
    b->items = calloc(5, sizeof *b->items);
    MUST(b->items != NULL);
    b->items_count = 5;
    item_make(&b->items[0], "mug-red", "Red mug", (struct price){{990, "EUR"}, 2});
    b->items[0].limit_per_viewer = 2;
    TEXT_SET(b->items[0].url, "https://shop.example/p/mug-red");
    item_make(&b->items[1], "lamp", "Evening lamp \"Lune\"", (struct price){{6900, "EUR"}, 4});
    b->items[1].base_price.minor = 7900;
    b->items[1].offer_ends_ms = SAMPLE_NOW_MS + 60000;
    item_make(&b->items[2], "scarf", "Wool scarf", (struct price){{3900, "EUR"}, 1});
    item_make(&b->items[3], "teapot", "Teapot for two", (struct price){{4900, "EUR"}, 1});
    b->items[3].state = SKU_RECALLED;
    item_make(&b->items[4], "poster", "Poster", (struct price){0}); /* no price, never allocated */
}

static const struct extra sample_extra = {.sku = SAMPLE_ID("mug-red"),
                                          .kind = EXTRA_FREEBIE,
                                          .adds = SAMPLE_ID("sticker"),
                                          .adds_units = 1,
                                          .first_orders = 50,
                                          .text = "a sticker with every mug"};

static void broadcast_make(struct broadcast *b)
{
    static const struct broadcast_id id = SAMPLE_ID("spring-drop");
    broadcast_init(b, &shop, &id);
    TEXT_SET(b->epoch.text, "e1");
    b->seq = 44;
    b->state = BROADCAST_LIVE;
    TEXT_SET(b->details.title, "Spring drop");
    TEXT_SET(b->details.video_url, "https://shop.example/live.m3u8");
    b->details.hold_ms = 300000;
    b->created_ms = SAMPLE_NOW_MS - 3600000;
    b->started_ms = SAMPLE_NOW_MS - 100000;
    items_make(b);
    b->extras = calloc(EXTRAS_MAX, sizeof *b->extras);
    MUST(b->extras != NULL);
    b->extras[b->extras_count++] = sample_extra;
    b->document = text("{\"cues\":[]}" SAMPLE_PRIVATE);
    b->cue = sample_event(EVENT_CUE).u.cue;
    b->pins[0] = sample_event(EVENT_PIN_SET).u.pin_set.pin;
    TEXT_SET(b->notice.id.text, "n40");
    TEXT_SET(b->notice.text, "Shipping to Ireland is free today");
    b->notice.ms = SAMPLE_NOW_MS - 10000;
    b->done = calloc(1, sizeof *b->done);
    MUST(b->done != NULL);
    b->done_count = 1;
    TEXT_SET(b->done[0].cue.text, "c1");
    b->done[0].count = 2;
    b->done[0].said[0] = true;
    b->undo.until_ms = SAMPLE_NOW_MS + 4000;
}

/* ---- stock and holds ---- */

struct hold sample_hold(void)
{
    return (struct hold){
        .id = SAMPLE_ID("h_7Qx"),
        .viewer = SAMPLE_ID(SAMPLE_VIEWER),
        .broadcast = SAMPLE_ID("spring-drop"),
        .state = HOLD_HELD,
        .expires_at_ms = SAMPLE_NOW_MS + 300123,
        .currency = "EUR",
        .lines_count = 2,
        .lines = {{SAMPLE_ID("mug-red"), 1, 990, 2}, {SAMPLE_ID("lamp"), 2, 6900, 4}},
    };
}

#define STOOD_MS 4000

/* As a ledger that adds up: whoever folds it checks it. */
static void ledger_add(struct claims *c, const struct movement *movements, size_t movements_count,
                       const struct stock_count *counts, size_t counts_count)
{
    static int entries;
    struct ledger_entry e = {.ms = movements[0].ms,
                             .movements = movements,
                             .movements_count = movements_count,
                             .counts = counts,
                             .counts_count = counts_count};
    snprintf(e.id, sizeof e.id, "1795177200100-%d", entries++);
    MUST(claims_fold(c, &e) == RESULT_OK);
}
#define LEDGER_ADD(c, movements, counts) ledger_add((c), (movements), ARRAY_LEN(movements), (counts), ARRAY_LEN(counts))

static struct movement allocated(const char *sku, int64_t units)
{
    struct movement m = {.kind = MOVE_ALLOCATED, .ms = SAMPLE_NOW_MS - STOOD_MS, .units = units};
    TEXT_SET(m.sku.text, sku);
    TEXT_SET(m.ref, "po-1");
    return m;
}

static void ledger_allocates(struct claims *c)
{
    const struct movement movements[] = {allocated("mug-red", 40), allocated("lamp", 100), allocated("scarf", 10),
                                         allocated("teapot", 9), allocated("elsewhere", 1)};
    static const struct stock_count counts[] = {
        {.sku = SAMPLE_ID("mug-red"), .available = 40, .allocated = 40},
        {.sku = SAMPLE_ID("lamp"), .available = 100, .allocated = 100},
        {.sku = SAMPLE_ID("scarf"), .available = 10, .allocated = 10},
        {.sku = SAMPLE_ID("teapot"), .available = 9, .allocated = 9},
        {.sku = SAMPLE_ID("elsewhere"), .available = 1, .allocated = 1}, /* of another show */
    };
    LEDGER_ADD(c, movements, counts);
}

/* The show stood still for STOOD_MS once; the warehouse counted 45 s before it told; a recall, units withheld. */
static void ledger_settles(struct claims *c)
{
    static const struct movement stands[] = {
        {.kind = MOVE_FROZEN, .ms = SAMPLE_NOW_MS - STOOD_MS, .hold.broadcast = SAMPLE_ID("spring-drop")},
    };
    static const struct movement movements[] = {
        {.kind = MOVE_THAWED, .ms = SAMPLE_NOW_MS, .hold.broadcast = SAMPLE_ID("spring-drop"), .units = STOOD_MS},
        {.kind = MOVE_SYNCED, .ms = SAMPLE_NOW_MS, .sku = SAMPLE_ID("mug-red"), .version = 5, .delay_ms = 45000},
        {.kind = MOVE_BUFFER, .ms = SAMPLE_NOW_MS, .sku = SAMPLE_ID("lamp"), .units = 4},
        {.kind = MOVE_RECALL, .ms = SAMPLE_NOW_MS, .sku = SAMPLE_ID("teapot"), .recall = RECALL_CANCEL},
    };
    static const struct stock_count counts[] = {
        {.sku = SAMPLE_ID("mug-red"), .available = 40, .allocated = 40, .version = 5},
        {.sku = SAMPLE_ID("lamp"), .available = 100, .allocated = 100, .buffer = 4},
        {.sku = SAMPLE_ID("teapot"), .available = 9, .allocated = 9, .stopped = true, .recall = RECALL_CANCEL},
    };
    ledger_add(c, stands, ARRAY_LEN(stands), NULL, 0);
    LEDGER_ADD(c, movements, counts);
}

static struct hold held_by(const char *id, const char *viewer)
{
    struct hold h = sample_hold();
    TEXT_SET(h.id.text, id);
    TEXT_SET(h.viewer.text, viewer);
    h.expires_at_ms -= STOOD_MS; /* on the clock of the broadcast */
    return h;
}

static struct movement moved(enum movement_kind kind, struct hold hold)
{
    if (kind == MOVE_CONFIRMED) {
        hold.state = HOLD_CONFIRMED;
        hold.expires_at_ms = SAMPLE_NOW_MS;
        TEXT_SET(hold.order, "A-17");
    }
    return (struct movement){.kind = kind, .ms = SAMPLE_NOW_MS, .hold = hold};
}

static void ledger_sells(struct claims *c)
{
    struct hold mine = held_by("h_7Qx", SAMPLE_VIEWER), bought = held_by("h_old", SAMPLE_VIEWER);
    struct hold theirs = held_by("h_theirs", SAMPLE_OTHER_VIEWER), many = held_by("h_many", SAMPLE_OTHER_VIEWER);
    struct hold elsewhere = held_by("h_elsewhere", SAMPLE_VIEWER), scarf = held_by("h_scarf", SAMPLE_OTHER_VIEWER);
    TEXT_SET(elsewhere.broadcast.text, "other-show");
    bought.lines_count = elsewhere.lines_count = scarf.lines_count = 1;
    many.lines_count = 3;
    many.lines[0].units = 29;
    many.lines[1].units = 20;
    many.lines[2] = (struct line){SAMPLE_ID("scarf"), 8, 3900, 1};
    scarf.lines[0] = (struct line){SAMPLE_ID("scarf"), 2, 3900, 1};
    const struct movement movements[] = {
        moved(MOVE_RESERVED, mine),
        moved(MOVE_RESERVED, bought),
        moved(MOVE_RESERVED, theirs),
        moved(MOVE_RESERVED, many),
        moved(MOVE_RESERVED, scarf),
        moved(MOVE_RESERVED, elsewhere),
        moved(MOVE_CONFIRMED, bought),
        moved(MOVE_CONFIRMED, many),
        {.kind = MOVE_WAITING, .sku = SAMPLE_ID("scarf"), .units = 1, .hold.viewer = SAMPLE_ID(SAMPLE_OTHER_VIEWER)},
        {.kind = MOVE_WAITING, .sku = SAMPLE_ID("scarf"), .units = 1, .hold.viewer = SAMPLE_ID(SAMPLE_VIEWER)},
    };
    static const struct stock_count counts[] = {
        {.sku = SAMPLE_ID("mug-red"), .available = 7, .held = 3, .sold = 30, .allocated = 40, .version = 5},
        {.sku = SAMPLE_ID("lamp"), .available = 76, .held = 4, .sold = 20, .allocated = 100, .buffer = 4},
        {.sku = SAMPLE_ID("scarf"), .held = 2, .sold = 8, .allocated = 10},
    };
    LEDGER_ADD(c, movements, counts);
}

static void claims_make(struct claims *c)
{
    claims_init(c);
    ledger_allocates(c);
    ledger_settles(c);
    ledger_sells(c);
    MUST(c->differences == 0);
    c->version = 981;
}

static void catalogue_make(struct catalogue *c)
{
    struct product *products = calloc(2, sizeof *products);
    MUST(products != NULL);
    products[0] = (struct product){.sku = SAMPLE_ID("mug-red"),
                                   .title = "Red mug",
                                   .price = {1290, "EUR"},
                                   .image = "/img/mug-red.svg",
                                   .url = "https://shop.example/p/mug-red",
                                   .gtin = "4001234560014",
                                   .weight_g = 420,
                                   .size_mm = {110, 90, 95},
                                   .limit_per_viewer = 2};
    products[1] =
        (struct product){.sku = SAMPLE_ID("lamp"), .title = "Evening lamp \"Lune\"", .image = "/img/lamp.svg"};
    struct event e = {.kind = EVENT_CATALOGUE,
                      .seq = 2,
                      .u.catalogue = {.products = products, .count = 2, .first = true, .last = true}};
    catalogue_init(c);
    MUST(catalogue_apply(c, &e) == RESULT_OK);
    free(products);
}

/* ---- the whole ---- */

static void checkout(void *ctx, const struct shop_id *of, const struct hold *hold, char *ret, size_t size)
{
    (void)ctx;
    MUST(id_equal(of->text, shop.text));
    snprintf(ret, size, "https://shop.example/checkout?hold=%s&sig=c2lnbmVk", hold->id.text);
}

static void views_make(struct sample *s)
{
    s->show = (struct show_view){.broadcast = &s->broadcast,
                                 .run = &s->run,
                                 .claims = &s->claims,
                                 .catalogue = &s->catalogue,
                                 .demand = s->demand,
                                 .demand_count = ARRAY_LEN(s->demand),
                                 .audience = 412,
                                 .audience_shown = 410,
                                 .lag = {.viewers = 380, .p50_ms = 6250, .p95_ms = 14000},
                                 .preflight = &s->preflight,
                                 .selling_available = true,
                                 .selling_why = "",
                                 .now_ms = SAMPLE_NOW_MS + 123};
    s->volumes = (struct volumes_view){.broadcast = &s->broadcast,
                                       .catalogue = &s->catalogue,
                                       .as_of_ms = SAMPLE_NOW_MS + 123,
                                       .ledger_id = "1795177200100-0",
                                       .skus = s->volume_skus,
                                       .skus_count = ARRAY_LEN(s->volume_skus),
                                       .orders = 28,
                                       .series = s->points,
                                       .series_count = ARRAY_LEN(s->points),
                                       .pins = s->pins,
                                       .pins_count = ARRAY_LEN(s->pins)};
    s->context = (struct message_context){.shop = &shop, .checkout = checkout, .show = &s->show};
}

void sample_init(struct sample *s)
{
    *s = (struct sample){0};
    broadcast_make(&s->broadcast);
    run_make(&s->run);
    claims_make(&s->claims);
    catalogue_make(&s->catalogue);
    s->demand[0] = (struct demand){SAMPLE_ID("mug-red"), 51, 8};
    s->demand[1] = (struct demand){SAMPLE_ID("lamp"), 20, 0};
    s->preflight.count = 2;
    s->preflight.problems[0] = (struct preflight_problem){.code = PREFLIGHT_ALLOCATION_SHORT,
                                                          .cue = 0,
                                                          .sku = SAMPLE_ID("mug-red"),
                                                          .planned = 60,
                                                          .allocated = 40,
                                                          .blocking = true};
    s->preflight.problems[1] = (struct preflight_problem){.code = PREFLIGHT_MINUTES_MISSING, .cue = 1};
    s->volume_skus[0] = (struct volume_sku){SAMPLE_ID("mug-red"), 40, 7, 30, 3, 2, 8};
    s->volume_skus[1] = (struct volume_sku){SAMPLE_ID("lamp"), 100, 80, 20, 0, 0, 0};
    s->points[0] = (struct volume_point){SAMPLE_NOW_MS - 10000, 49, 4};
    s->points[1] = (struct volume_point){SAMPLE_NOW_MS, 50, 3};
    s->pins[0] = (struct volume_pin){SAMPLE_NOW_MS + 1, SAMPLE_ID("mug-red")};
    views_make(s);
    sample_expect(s);
}

void sample_finish(struct sample *s)
{
    bytes_finish(&s->document);
    broadcast_finish(&s->broadcast);
    run_of_show_finish(&s->run);
    claims_finish(&s->claims);
    catalogue_finish(&s->catalogue);
}

/* ---- events ---- */

static void details_fill(struct broadcast_details *d)
{
    TEXT_SET(d->title, "Spring drop");
    TEXT_SET(d->video_url, "https://shop.example/live.m3u8");
    d->hold_ms = 300000;
}

static void screen_fill(struct event *e)
{
    if (e->kind == EVENT_CUE) {
        e->u.cue = (struct cue_shown){.cue = SAMPLE_ID("c1"), .title = "Red mug", .sponsored = true};
        TEXT_SET(e->u.cue.text, "Hand-thrown, dishwasher safe");
    } else if (e->kind == EVENT_PIN_SET) {
        struct pin *pin = &e->u.pin_set.pin;
        *pin = (struct pin){.set = true, .sku = SAMPLE_ID("mug-red"), .cue = SAMPLE_ID("c1"), .sponsored = true};
        TEXT_SET(pin->text, "Hand-thrown, dishwasher safe");
        pin->pinned_ms = pin->media_at_ms = e->ms;
    }
    if (e->kind == EVENT_CUE || e->kind == EVENT_PIN_SET || e->kind == EVENT_PIN_CLEARED)
        e->media_at_ms = e->ms;
}

struct event sample_event(enum event_kind kind)
{
    struct event e = {.kind = kind, .seq = 44, .ms = SAMPLE_NOW_MS + 1, .by = "anna " SAMPLE_PRIVATE};
    screen_fill(&e);
    switch (kind) {
    case EVENT_BEGUN:
        TEXT_SET(e.u.begun.epoch.text, "e1");
        details_fill(&e.u.begun.details);
        break;
    case EVENT_EPOCH:
        TEXT_SET(e.u.epoch.text, "e1");
        break;
    case EVENT_DETAILS:
        details_fill(&e.u.details);
        break;
    case EVENT_STATE:
        e.u.state.state = BROADCAST_LIVE;
        break;
    case EVENT_PIN_CLEARED:
        e.u.slot = 0;
        break;
    case EVENT_CUE_DONE:
        TEXT_SET(e.u.cue_done.cue.text, "c1");
        e.u.cue_done.count = 2;
        e.u.cue_done.said[0] = true;
        break;
    case EVENT_PRICE:
        TEXT_SET(e.u.price.sku.text, "mug-red");
        e.u.price.price = (struct price){{890, "EUR"}, 3};
        break;
    case EVENT_OFFER:
        TEXT_SET(e.u.offer.sku.text, "lamp");
        e.u.offer.started = true;
        e.u.offer.price = (struct price){{6900, "EUR"}, 4};
        e.u.offer.ends_ms = SAMPLE_NOW_MS + 60000;
        break;
    case EVENT_NOTICE:
        TEXT_SET(e.u.notice.id.text, "n44");
        TEXT_SET(e.u.notice.text, "Back in a minute");
        break;
    case EVENT_EXTRA:
        e.u.extra.started = true;
        e.u.extra.extra = sample_extra;
        break;
    case EVENT_SKU:
        TEXT_SET(e.u.sku.sku.text, "mug-red");
        e.u.sku.state = SKU_STOPPED;
        TEXT_SET(e.u.sku.reason, "lid cracks " SAMPLE_PRIVATE);
        break;
    case EVENT_APPROVAL:
        e.u.approval = (struct price_approval){.id = SAMPLE_ID("a44"),
                                               .sku = SAMPLE_ID("mug-red"),
                                               .money = {490, "EUR"},
                                               .asked_by = "anna",
                                               .until_ms = e.ms + 600000};
        TEXT_SET(e.u.approval.reason, "63 % below the price agreed on: another host must agree.");
        break;
    case EVENT_LISTED:
        TEXT_SET(e.u.listed.broadcast.text, "spring-drop");
        TEXT_SET(e.u.listed.title, "Spring drop " SAMPLE_PRIVATE);
        break;
    default:
        break;
    }
    return e;
}
