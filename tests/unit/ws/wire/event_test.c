/* Events to entries of a log and back: the same in every byte that matters, and nothing half-read. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ws/wire/event_codec.h"

#define TEXT_SET(to, from) snprintf((to), sizeof(to), "%s", (from))

/* Every byte set that a kind can hold, at its limit where it has one. */
static void texts_fill(char *text, size_t size, char with)
{
    memset(text, with, size - 1);
    text[size - 1] = '\0';
}

static void item_fill(struct shelf_item *item, size_t index)
{
    snprintf(item->sku.text, sizeof item->sku.text, "sku-%zu", index);
    texts_fill(item->title, sizeof item->title, 't');
    TEXT_SET(item->image, "/img/\"x\"\\\n\xc3\xa9.svg"); /* whatever was let in once */
    TEXT_SET(item->url, "https://shop.example/");
    item->price = (struct price){{MONEY_MINOR_MAX, "EUR"}, UINT32_MAX};
    item->base_price = (struct money){0, "EUR"};
    item->listed_price = (struct money){1, "EUR"};
    item->offer_ends_ms = INT64_C(1795177200123);
    item->limit_per_viewer = UINT32_MAX;
    item->weight_g = UINT32_MAX;
    item->state = (enum sku_state)(index % 3);
    item->recall = (enum recall_mode)(index % RECALL_MODES);
    item->price_meant = index % 2 == 0;
    item->base_meant = index % 4 == 0;
    item->tripped_version = index % 5 == 0 ? UINT32_MAX : 0;
}

static void details_fill(struct broadcast_details *d)
{
    texts_fill(d->title, sizeof d->title, 'T');
    texts_fill(d->video_url, sizeof d->video_url, 'u');
    TEXT_SET(d->video_still, "/still.png");
    d->hold_ms = 86400000;
    d->pdt_offset_ms = -86400000;
}

static void shelf_fill(struct event *e)
{
    e->u.shelf.count = SHELF_ITEMS_MAX;
    e->u.shelf.items = calloc(SHELF_ITEMS_MAX, sizeof *e->u.shelf.items);
    assert_non_null(e->u.shelf.items);
    for (size_t i = 0; i < SHELF_ITEMS_MAX; i++)
        item_fill(&e->u.shelf.items[i], i);
    e->u.shelf.document =
        strdup("{\"cues\":[{\"id\":\"c1\",\"title\":\"\xc3\xa9 \\\"} \\u0001\",\"price\":{\"amount\":990}}]}");
}

static void catalogue_fill(struct event *e)
{
    e->u.catalogue.count = CATALOGUE_PART_MAX;
    e->u.catalogue.last = true;
    e->u.catalogue.products = calloc(CATALOGUE_PART_MAX, sizeof *e->u.catalogue.products);
    assert_non_null(e->u.catalogue.products);
    for (size_t i = 0; i < CATALOGUE_PART_MAX; i++) {
        struct product *p = &e->u.catalogue.products[i];
        snprintf(p->sku.text, sizeof p->sku.text, "sku-%zu", i);
        TEXT_SET(p->title, "A \xf0\x9f\x8f\xba");
        if (i % 2 == 0)
            p->price = (struct money){1290, "JPY"};
        if (i % 3 == 0)
            p->floor = (struct money){900, "JPY"};
        TEXT_SET(p->gtin, "4001234560014");
        p->size_mm[2] = (uint32_t)i;
        p->weight_g = 100000000;
        p->limit_per_viewer = 2;
    }
}

/* What happens to prices and products on sale. */
static void sale_fill(struct event *e)
{
    switch (e->kind) {
    case EVENT_PRICE:
        TEXT_SET(e->u.price.sku.text, "mug");
        e->u.price.price = (struct price){{0, "KWD"}, 1};
        e->u.price.meant = true;
        break;
    case EVENT_OFFER:
        TEXT_SET(e->u.offer.sku.text, "mug");
        e->u.offer.started = true;
        e->u.offer.price = (struct price){{990, "EUR"}, 7};
        e->u.offer.meant = true;
        e->u.offer.ends_ms = 1;
        break;
    case EVENT_EXTRA:
        e->u.extra.started = true;
        e->u.extra.extra = (struct extra){.sku = {"mug"},
                                          .kind = EXTRA_FREEBIE,
                                          .adds = {"sticker"},
                                          .adds_units = EXTRA_UNITS_MAX,
                                          .first_orders = EXTRA_ORDERS_MAX};
        texts_fill(e->u.extra.extra.text, sizeof e->u.extra.extra.text, '"');
        break;
    case EVENT_SKU:
        TEXT_SET(e->u.sku.sku.text, "mug");
        e->u.sku.state = SKU_RECALLED;
        e->u.sku.tripped = true;
        e->u.sku.recall = RECALL_HONOUR;
        TEXT_SET(e->u.sku.reason, "why");
        break;
    case EVENT_APPROVAL:
        TEXT_SET(e->u.approval.id.text, "a42");
        e->u.approval.state = APPROVAL_LAPSED;
        e->u.approval.is_offer = true;
        TEXT_SET(e->u.approval.sku.text, "mug");
        e->u.approval.money = (struct money){MONEY_MINOR_MAX, "EUR"};
        e->u.approval.for_ms = 86400000;
        texts_fill(e->u.approval.asked_by, sizeof e->u.approval.asked_by, '"');
        e->u.approval.until_ms = INT64_C(1795177800001);
        texts_fill(e->u.approval.reason, sizeof e->u.approval.reason, 'r');
        break;
    default:
        break;
    }
}

static void data_fill(struct event *e)
{
    switch (e->kind) {
    case EVENT_BEGUN:
        TEXT_SET(e->u.begun.epoch.text, "e1");
        details_fill(&e->u.begun.details);
        break;
    case EVENT_EPOCH:
        TEXT_SET(e->u.epoch.text, "e2");
        break;
    case EVENT_DETAILS:
        details_fill(&e->u.details);
        break;
    case EVENT_SHELF:
        shelf_fill(e);
        break;
    case EVENT_STATE:
        e->u.state.state = BROADCAST_SETTLED;
        texts_fill(e->u.state.reason, sizeof e->u.state.reason, 'r');
        e->u.state.forced = true;
        break;
    case EVENT_PIN_SET:
        e->u.pin_set.slot = PIN_SLOTS - 1;
        e->u.pin_set.pin =
            (struct pin){.set = true, .sku = {"mug"}, .cue = {"c1"}, .sponsored = true, .text = "\x01\t/"};
        e->u.pin_set.pin.pinned_ms = e->ms;
        e->u.pin_set.pin.media_at_ms = e->media_at_ms;
        break;
    case EVENT_PIN_CLEARED:
        e->u.slot = 1;
        break;
    case EVENT_CUE:
        e->u.cue =
            (struct cue_shown){.cue = {"c1"}, .index = CUES_MAX - 1, .title = "T", .text = "x", .sponsored = true};
        break;
    case EVENT_CUE_DONE:
        TEXT_SET(e->u.cue_done.cue.text, "c1");
        e->u.cue_done.count = MUST_SAY_MAX;
        e->u.cue_done.said[0] = e->u.cue_done.said[MUST_SAY_MAX - 1] = true;
        break;
    case EVENT_NOTICE:
        TEXT_SET(e->u.notice.id.text, "n7");
        texts_fill(e->u.notice.text, sizeof e->u.notice.text, '"'); /* twice as long when written */
        e->u.notice.level = NOTICE_OUTAGE;
        break;
    case EVENT_CATALOGUE:
        catalogue_fill(e);
        break;
    case EVENT_LISTED:
        TEXT_SET(e->u.listed.broadcast.text, "b1");
        TEXT_SET(e->u.listed.title, "B");
        break;
    default:
        sale_fill(e);
        break;
    }
}

/* Both zeroed before they were filled, so what pointers show aside, equal is equal in every byte. */
static void expect_equal(const struct event *a, const struct event *b)
{
    struct event left = *a, right = *b;
    assert_int_equal(left.kind, right.kind);
    if (left.kind == EVENT_SHELF) {
        assert_int_equal(left.u.shelf.count, right.u.shelf.count);
        for (size_t i = 0; i < left.u.shelf.count; i++)
            assert_memory_equal(&left.u.shelf.items[i], &right.u.shelf.items[i], sizeof *left.u.shelf.items);
        assert_int_equal(left.u.shelf.document == NULL, right.u.shelf.document == NULL);
        if (left.u.shelf.document != NULL)
            assert_string_equal(left.u.shelf.document, right.u.shelf.document);
        memset(&left.u.shelf, 0, sizeof left.u.shelf);
        memset(&right.u.shelf, 0, sizeof right.u.shelf);
    }
    if (left.kind == EVENT_CATALOGUE) {
        assert_int_equal(left.u.catalogue.count, right.u.catalogue.count);
        if (left.u.catalogue.count > 0)
            assert_memory_equal(left.u.catalogue.products, right.u.catalogue.products,
                                left.u.catalogue.count * sizeof *left.u.catalogue.products);
        left.u.catalogue.products = right.u.catalogue.products = NULL;
    }
    assert_memory_equal(&left, &right, sizeof left);
}

static void expect_round_trip(const struct event *e)
{
    struct bytes out = {0};
    struct event back;
    assert_int_equal(event_encode(e, &out), RESULT_OK);
    if (event_decode(out.data, out.len, &back) != RESULT_OK)
        fail_msg("not read back: %.300s", out.data);
    expect_equal(e, &back);
    event_finish(&back);
    bytes_finish(&out);
}

static void every_kind_full(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < EVENT_KINDS; kind++) {
        struct event e;
        memset(&e, 0, sizeof e); /* padding too: compared as bytes */
        e.kind = (enum event_kind)kind;
        e.ms = INT64_C(1795177200001);
        data_fill(&e);
        expect_round_trip(&e);
        event_finish(&e);
    }
}

static void times_and_names(void **state)
{
    (void)state;
    struct event e;
    memset(&e, 0, sizeof e);
    e.kind = EVENT_PIN_CLEARED;
    e.ms = INT64_C(9007199254740991);
    e.media_at_ms = -5;
    e.undo_part = EVENT_BATCH_MAX;
    texts_fill(e.by, sizeof e.by, '"');
    expect_round_trip(&e);
}

static void a_shelf_without_a_plan_and_one_that_is_empty(void **state)
{
    (void)state;
    struct event e;
    memset(&e, 0, sizeof e);
    e.kind = EVENT_SHELF;
    expect_round_trip(&e);
    e.u.shelf.document = strdup("{ \"cues\" : [ ] }");
    expect_round_trip(&e);
    event_finish(&e);
}

static void readable_at_three_in_the_morning(void **state)
{
    (void)state;
    struct event e = {
        .kind = EVENT_PRICE, .seq = 9, .ms = 1795177200001, .media_at_ms = 0, .undo_part = 1, .by = "anna"};
    TEXT_SET(e.u.price.sku.text, "mug-red");
    e.u.price.price = (struct price){{890, "EUR"}, 3};
    struct bytes out = {0};
    assert_int_equal(event_encode(&e, &out), RESULT_OK);
    assert_string_equal(out.data,
                        "{\"t\":\"price\",\"ms\":1795177200001,\"undo_part\":1,\"by\":\"anna\",\"d\":{\"sku\":"
                        "\"mug-red\",\"price\":{\"amount\":890,\"currency\":\"EUR\",\"version\":3}}}");
    bytes_finish(&out);
}

/* As nodes wrote before prices had floors or needed anybody. */
static void an_older_nodes_entries_are_read(void **state)
{
    (void)state;
    static const char *const entries[] = {
        "{\"t\":\"price\",\"ms\":1,\"d\":{\"sku\":\"a\",\"price\":{\"amount\":0,\"currency\":\"EUR\",\"version\":1}}}",
        "{\"t\":\"offer\",\"ms\":1,\"d\":{\"sku\":\"a\",\"started\":true,\"price\":{\"amount\":1,\"currency\":\"EUR\","
        "\"version\":2},\"ends_ms\":9}}",
        "{\"t\":\"sku\",\"ms\":1,\"d\":{\"sku\":\"a\",\"state\":\"stopped\"}}",
        "{\"t\":\"shelf\",\"ms\":1,\"d\":{\"items\":[{\"sku\":\"a\",\"state\":\"open\"}]}}",
        "{\"t\":\"catalogue\",\"ms\":1,\"d\":{\"first\":true,\"last\":true,\"products\":[{\"sku\":\"a\",\"title\":"
        "\"A\","
        "\"price\":{\"amount\":0,\"currency\":\"EUR\"}}]}}",
    };
    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        struct event e;
        assert_int_equal(event_decode(entries[i], strlen(entries[i]), &e), RESULT_OK);
        if (e.kind == EVENT_SHELF)
            assert_false(e.u.shelf.items[0].price_meant || e.u.shelf.items[0].tripped_version != 0);
        if (e.kind == EVENT_CATALOGUE)
            assert_int_equal(e.u.catalogue.products[0].floor.currency[0], '\0');
        event_finish(&e);
    }
}

static void a_newer_nodes_words_are_passed_over(void **state)
{
    (void)state;
    static const char entry[] = "{\"t\":\"pin.clear\",\"new\":[{}],\"ms\":7,\"d\":{\"slot\":1,\"fade_ms\":200}}";
    struct event e;
    assert_int_equal(event_decode(entry, sizeof entry - 1, &e), RESULT_OK);
    assert_int_equal(e.u.slot, 1);
    assert_int_equal(e.seq, 0);
}

static void no_room_is_said(void **state)
{
    (void)state;
    struct event e = {.kind = EVENT_PIN_CLEARED};
    struct bytes out;
    bytes_init(&out, 10);
    assert_int_equal(event_encode(&e, &out), RESULT_FULL);
    bytes_finish(&out);
}

static void foreign_bytes(void **state)
{
    (void)state;
    /* clang-format off */
    static const char *const entries[] = {
        "",
        "{}",
        "[]",
        "x",
        "{\"t\":\"price\"}",
        "{\"t\":\"dance\",\"ms\":1,\"d\":{}}",
        "{\"ms\":1,\"d\":{}}",
        "{\"t\":\"epoch\",\"d\":{\"epoch\":\"e1\"}}", /* no time */
        "{\"t\":\"epoch\",\"ms\":1}",
        "{\"t\":\"epoch\",\"ms\":1,\"d\":[]}",
        "{\"t\":\"epoch\",\"ms\":1,\"d\":{}}",
        "{\"t\":\"epoch\",\"ms\":1.5,\"d\":{\"epoch\":\"e1\"}}",
        "{\"t\":\"epoch\",\"ms\":1e300,\"d\":{\"epoch\":\"e1\"}}",
        "{\"t\":\"epoch\",\"ms\":1,\"undo_part\":9,\"d\":{\"epoch\":\"e1\"}}",
        "{\"t\":\"epoch\",\"ms\":1,\"d\":{\"epoch\":\"not an id\"}}",
        "{\"t\":\"pin.clear\",\"ms\":1,\"d\":{\"slot\":3}}",
        "{\"t\":\"pin.set\",\"ms\":1,\"d\":{\"slot\":0}}",
        "{\"t\":\"state\",\"ms\":1,\"d\":{\"state\":\"dreaming\"}}",
        "{\"t\":\"cue\",\"ms\":1,\"d\":{\"index\":500}}",
        "{\"t\":\"cue\",\"ms\":1,\"d\":{\"index\":-2}}",
        "{\"t\":\"price\",\"ms\":1,\"d\":{\"sku\":\"a\",\"price\":{\"amount\":1,\"currency\":\"EUR\",\"version\":0}}}",
        "{\"t\":\"price\",\"ms\":1,\"d\":{\"sku\":\"a\",\"price\":{\"amount\":1,\"currency\":\"eur\",\"version\":1}}}",
        "{\"t\":\"shelf\",\"ms\":1,\"d\":{}}",
        "{\"t\":\"shelf\",\"ms\":1,\"d\":{\"items\":[{}]}}",
        "{\"t\":\"shelf\",\"ms\":1,\"d\":{\"items\":[],\"document\":\"text\"}}",
        "{\"t\":\"shelf\",\"ms\":1,\"\\u0064\":{\"items\":[]}}",
        "{\"t\":\"shelf\",\"ms\":1,\"d\":{\"items\":[{\"sku\":\"a\",\"state\":\"open\"},{\"sku\":\"b\"}]}}",
        "{\"t\":\"catalogue\",\"ms\":1,\"d\":{\"products\":[{\"sku\":\"a\",\"title\":\"A\"},{\"sku\":\"a\",\"title\":\"B\"}]}}",
        "{\"t\":\"cue.done\",\"ms\":1,\"d\":{\"cue\":\"c\",\"must_say\":[1]}}",
        "{\"t\":\"notice\",\"ms\":1,\"d\":{\"level\":\"loud\"}}",
        "{\"t\":\"approval\",\"ms\":1,\"d\":{\"approval\":\"a1\",\"state\":\"asked\",\"kind\":\"gift\",\"sku\":\"a\",\"price\":{\"amount\":1,\"currency\":\"EUR\"}}}",
        "{\"t\":\"approval\",\"ms\":1,\"d\":{\"approval\":\"a1\",\"state\":\"agreed\",\"kind\":\"price\",\"sku\":\"a\",\"price\":{\"amount\":1,\"currency\":\"EUR\"}}}",
        "{\"t\":\"approval\",\"ms\":1,\"d\":{\"approval\":\"a1\",\"state\":\"asked\",\"kind\":7,\"sku\":\"a\",\"price\":{\"amount\":1,\"currency\":\"EUR\"}}}",
        "{\"t\":\"approval\",\"ms\":1,\"d\":{\"approval\":\"a1\",\"state\":\"asked\",\"kind\":\"price\",\"sku\":\"a\"}}",
        "{\"t\":\"notice\",\"ms\":1,\"d\":{\"level\":\"info\",\"text\":7}}",
    };
    /* clang-format on */
    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        struct event e = {.kind = EVENT_KINDS};
        if (event_decode(entries[i], strlen(entries[i]), &e) != RESULT_MALFORMED)
            fail_msg("read: %s", entries[i]);
        assert_int_equal(e.kind, EVENT_KINDS); /* untouched */
    }
}

static void too_long_for_its_place(void **state)
{
    (void)state;
    for (size_t extra = 0; extra <= 1; extra++) {
        char text[TITLE_LEN_MAX + 2] = "", entry[TITLE_LEN_MAX + 200];
        memset(text, 'x', TITLE_LEN_MAX + extra);
        snprintf(entry, sizeof entry, "{\"t\":\"listed\",\"ms\":1,\"d\":{\"broadcast\":\"b\",\"title\":\"%s\"}}", text);
        struct event e;
        assert_int_equal(event_decode(entry, strlen(entry), &e), extra == 0 ? RESULT_OK : RESULT_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_full),
        cmocka_unit_test(times_and_names),
        cmocka_unit_test(a_shelf_without_a_plan_and_one_that_is_empty),
        cmocka_unit_test(readable_at_three_in_the_morning),
        cmocka_unit_test(an_older_nodes_entries_are_read),
        cmocka_unit_test(a_newer_nodes_words_are_passed_over),
        cmocka_unit_test(no_room_is_said),
        cmocka_unit_test(foreign_bytes),
        cmocka_unit_test(too_long_for_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
