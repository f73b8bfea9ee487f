/* What the warehouse is told of a host's acts, in the words it reads; and what it is not told. */
#include <stdio.h>
#include <string.h>

#include "logistics/rules/promise.h"
#include "tests/unit/core/broadcast/show.h"
#include "tests/unit/unit.h"

struct warehouse {
    struct show s;
    struct promise p;
    char told[4096];
};

static void fold_since(struct warehouse *w, struct event *e)
{
    size_t added = promise_fold(&w->p, &w->s.b, e);
    for (size_t i = w->p.count - added; i < w->p.count; i++) {
        size_t len = strlen(w->told);
        const struct promise_change *c = &w->p.changes[i];
        assert_int_equal(c->seq, w->s.b.seq);
        snprintf(w->told + len, sizeof w->told - len, "%s%s %s: %s", len == 0 ? "" : "\n", change_kind_name(c->kind),
                 c->sku.text, c->text);
    }
}

/* What the act makes known: "price mug: Price of ..."; a line each. */
static const char *tell(struct warehouse *w, struct act act)
{
    struct event events[EVENT_BATCH_MAX] = {0};
    size_t count = show_plan(&w->s, act, events);
    w->told[0] = '\0';
    for (size_t i = 0; i < EVENT_BATCH_MAX; i++) {
        if (i < count) {
            events[i].seq = w->s.b.seq + 1;
            assert_int_equal(broadcast_step(&w->s.b, &events[i]), RESULT_OK);
            fold_since(w, &events[i]);
        }
        event_finish(&events[i]);
    }
    return w->told;
}

static void open_live(struct warehouse *w)
{
    struct event begun = {.kind = EVENT_BEGUN};
    show_open(&w->s);
    promise_init(&w->p);
    promise_fold(&w->p, &w->s.b, &begun);
    assert_string_equal(tell(w, act_price("mug", 1000)), ""); /* before the start it is the plan */
    assert_string_equal(tell(w, act_price("mug", 1290)), "");
    assert_string_equal(tell(w, act_of(ACT_START, NULL)), "");
}

static void finish(struct warehouse *w)
{
    promise_finish(&w->p);
    show_close(&w->s);
}

static void prices_and_offers(void **state)
{
    (void)state;
    struct warehouse w;
    open_live(&w);
    assert_string_equal(tell(&w, act_price("mug", 990)), "price mug: Price of The mug: 12.90 to 9.90 EUR");
    assert_int_equal(w.p.changes[0].was.minor, 1290);
    assert_int_equal(w.p.changes[0].now.minor, 990);
    assert_int_equal(w.p.changes[0].ms, w.s.now_ms);
    assert_string_equal(tell(&w, (struct act){.kind = ACT_UNDO}), "price mug: Price of The mug: 9.90 to 12.90 EUR");
    assert_string_equal(tell(&w, act_price("bag", 500)), "price bag: Price of The bag: 5.00 EUR"); /* its first */
    assert_string_equal(tell(&w, act_offer("mug", 790, 90000)),
                        "offer mug: Offer on The mug: 12.90 to 7.90 EUR for 90 s");
    assert_string_equal(tell(&w, act_of(ACT_OFFER_STOP, "mug")),
                        "offer_ended mug: Offer on The mug is over: 7.90 to 12.90 EUR");
    tell(&w, act_offer("mug", 790, 300000));
    assert_string_equal(tell(&w, act_price("mug", 1000)),
                        "offer_ended mug: Offer on The mug is over: 7.90 to 12.90 EUR\n"
                        "price mug: Price of The mug: 12.90 to 10.00 EUR");
    assert_string_equal(tell(&w, act_pin(0, "mug")), "");
    finish(&w);
}

static void stops_and_recalls(void **state)
{
    (void)state;
    struct warehouse w;
    open_live(&w);
    assert_string_equal(tell(&w, act_words(ACT_SKU_STOP, "mug", "lid cracks")),
                        "stopped mug: Sale of The mug stopped (lid cracks)");
    assert_string_equal(tell(&w, act_of(ACT_SKU_OPEN, "mug")), "opened mug: Sale of The mug goes on");
    struct act recall = act_words(ACT_RECALL, "mug", "lid cracks");
    recall.recall = RECALL_KEEP;
    assert_string_equal(tell(&w, recall),
                        "recalled mug: Recall: stop packing The mug (lid cracks); what is claimed and "
                        "not paid waits until it is decided");
    recall.recall = RECALL_HONOUR;
    recall.text = NULL;
    assert_string_equal(tell(&w, recall),
                        "recalled mug: Recall: stop packing The mug; what is claimed may still be paid");
    assert_string_equal(tell(&w, act_of(ACT_END, NULL)), "");
    assert_string_equal(tell(&w, act_of(ACT_SKU_STOP, "bag")), ""); /* nothing is sold any more */
    recall = act_of(ACT_RECALL, "teapot");
    recall.recall = RECALL_CANCEL;
    assert_string_equal(tell(&w, recall), /* but parcels are packed still */
                        "recalled teapot: Recall: stop packing The teapot; what is claimed and not paid is taken back");
    finish(&w);
}

static struct act act_extra(enum extra_kind kind, const char *adds, uint32_t first_orders, const char *text)
{
    struct act act = {.kind = ACT_EXTRA_ADD,
                      .extra = {.sku = sku("mug"), .kind = kind, .adds_units = 2, .first_orders = first_orders}};
    if (adds != NULL)
        act.extra.adds = sku(adds);
    snprintf(act.extra.text, sizeof act.extra.text, "%s", text);
    return act;
}

static void bundles_and_freebies(void **state)
{
    (void)state;
    struct warehouse w;
    open_live(&w);
    assert_string_equal(tell(&w, act_extra(EXTRA_FREEBIE, "bag", 50, "a tote bag")),
                        "freebie mug: First 50 orders with The mug: add 2 x The bag (a tote bag)");
    assert_string_equal(w.p.changes[0].adds.text, "bag");
    assert_int_equal(w.p.changes[0].adds_units, 2);
    assert_int_equal(w.p.changes[0].first_orders, 50);
    assert_string_equal(tell(&w, act_extra(EXTRA_BUNDLE, "sticker", 0, "two stickers")),
                        "bundle mug: Every order with The mug, for each of them: add 2 x sticker (two stickers)");
    assert_string_equal(tell(&w, act_extra(EXTRA_FREEBIE, NULL, 0, "a card by hand")),
                        "freebie mug: Every order with The mug: a card by hand");
    assert_string_equal(tell(&w, (struct act){.kind = ACT_UNDO}),
                        "bundle mug: Every order with The mug, for each of them: add 2 x sticker (two stickers)");
    assert_string_equal(tell(&w, act_of(ACT_EXTRA_END, "mug")),
                        "extra_ended mug: No longer with new orders of The mug: two stickers");
    tell(&w, act_extra(EXTRA_FREEBIE, "bag", 50, "a tote bag"));
    assert_string_equal(tell(&w, act_of(ACT_RECALL, "bag")),
                        "recalled bag: Recall: stop packing The bag\n"
                        "extra_ended mug: No longer with new orders of The mug: a tote bag");
    finish(&w);
}

static void a_new_shelf_on_air(void **state)
{
    (void)state;
    struct warehouse w;
    struct shelf_item items[8];
    open_live(&w);
    tell(&w, act_extra(EXTRA_FREEBIE, NULL, 0, "a card"));
    assert_string_equal(tell(&w, act_shelf("teapot 4500, bag, cap 1500", "{\"cues\":[ ]}", items)),
                        "price teapot: Price of The teapot: 49.00 to 45.00 EUR\n"
                        "added cap: New on the shelf: The cap: 15.00 EUR\n"
                        "stopped mug: Taken off the shelf: The mug\n"
                        "extra_ended mug: No longer with new orders of mug: a card");
    assert_string_equal(tell(&w, act_shelf("teapot 4500, bag, cap 1500", "{\"cues\":[]}", items)), "");
    finish(&w);
}

static void long_words_are_cut_between_letters(void **state)
{
    (void)state;
    struct warehouse w;
    char reason[TEXT_LEN_MAX + 1];
    open_live(&w);
    memset(reason, 'x', sizeof reason);
    for (size_t i = 1; i + 2 < sizeof reason; i += 2)
        memcpy(reason + i, "\xc3\xa9", 2);
    reason[TEXT_LEN_MAX - 1] = '\0';
    for (size_t shift = 0; shift < 2; shift++) {
        tell(&w, act_words(shift == 0 ? ACT_SKU_STOP : ACT_SKU_OPEN, "mug", reason + shift));
        const char *text = w.p.changes[w.p.count - 1].text;
        size_t len = strlen(text);
        assert_in_range(len, TEXT_LEN_MAX - 1, TEXT_LEN_MAX);
        assert_memory_equal(text + len - 2, "\xc3\xa9", 2);
    }
    finish(&w);
}

static void the_newest_are_kept(void **state)
{
    (void)state;
    struct warehouse w;
    open_live(&w);
    for (int i = 0; i < PROMISE_CHANGES_MAX + 10; i++)
        assert_string_not_equal(tell(&w, act_price("mug", 1000 + i)), "");
    assert_int_equal(w.p.count, PROMISE_CHANGES_MAX);
    assert_int_equal(w.p.changes[0].now.minor, 1010);
    assert_int_equal(w.p.changes[PROMISE_CHANGES_MAX - 1].seq, w.s.b.seq);
    struct event begun = {.kind = EVENT_BEGUN};
    assert_int_equal(promise_fold(&w.p, &w.s.b, &begun), 0); /* the log is told from its start again */
    assert_int_equal(w.p.count, 0);
    finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prices_and_offers),
        cmocka_unit_test(stops_and_recalls),
        cmocka_unit_test(bundles_and_freebies),
        cmocka_unit_test(a_new_shelf_on_air),
        cmocka_unit_test(long_words_are_cut_between_letters),
        cmocka_unit_test(the_newest_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
