/* Bundles and freebies on air: one per SKU, taken back like a price, ended with what they are of. */
#include <stdio.h>

#include "tests/unit/core/broadcast/show.h"
#include "tests/unit/unit.h"

static const struct act undo = {.kind = ACT_UNDO};

static struct act act_extra(const char *sku_text, const char *adds, const char *text)
{
    struct act act = {.kind = ACT_EXTRA_ADD, .extra = {.sku = sku(sku_text), .kind = EXTRA_FREEBIE, .adds_units = 1}};
    if (adds != NULL)
        act.extra.adds = sku(adds);
    snprintf(act.extra.text, sizeof act.extra.text, "%s", text);
    return act;
}

static const char *text_of(const struct show *s, const char *sku_text)
{
    const struct extra *extra = broadcast_extra(&s->b, sku_text);
    return extra == NULL ? "" : extra->text;
}

static void one_runs_with_a_sku_until_it_ends(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    assert_string_equal(show_do(&s, act_extra("mug", "sticker", "a sticker")), "extra");
    assert_string_equal(show_do(&s, act_extra("mug", "sticker", "a sticker")), ""); /* said again */
    assert_string_equal(text_of(&s, "mug"), "a sticker");
    assert_string_equal(show_do(&s, act_extra("mug", NULL, "a card")), "extra"); /* instead of the sticker */
    assert_string_equal(text_of(&s, "mug"), "a card");
    assert_int_equal(s.b.extras_count, 1);
    assert_string_equal(show_do(&s, act_of(ACT_EXTRA_END, "teapot")), "");
    assert_string_equal(show_do(&s, act_of(ACT_EXTRA_END, "mug")), "extra");
    assert_string_equal(text_of(&s, "mug"), "");
    assert_string_equal(show_do(&s, act_extra("ghost", NULL, "a card")), "sku_unknown");
    assert_string_equal(show_do(&s, act_of(ACT_EXTRA_END, "ghost")), "sku_unknown");
    show_close(&s);
}

static void undo_takes_it_back(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, act_extra("mug", NULL, "a sticker"));
    assert_string_equal(show_do(&s, undo), "extra");
    assert_string_equal(text_of(&s, "mug"), "");
    assert_string_equal(show_do(&s, undo), "nothing_to_undo");

    show_do(&s, act_extra("mug", NULL, "a sticker"));
    s.now_ms += 60000;
    show_do(&s, act_extra("mug", NULL, "a card"));
    assert_string_equal(show_do(&s, undo), "extra");
    assert_string_equal(text_of(&s, "mug"), "a sticker"); /* the one before goes on */
    show_do(&s, act_of(ACT_EXTRA_END, "mug"));
    s.now_ms += UNDO_MS - 1;
    assert_string_equal(show_do(&s, undo), "extra");
    assert_string_equal(text_of(&s, "mug"), "a sticker");
    show_do(&s, act_of(ACT_EXTRA_END, "mug"));
    s.now_ms += UNDO_MS;
    assert_string_equal(show_do(&s, undo), "nothing_to_undo");
    show_close(&s);
}

/* The pin's undo is of the act before: an extra ends it, and has its own. */
static void an_extra_is_an_act_of_its_own(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, act_pin(0, "mug"));
    show_do(&s, act_extra("mug", NULL, "a sticker"));
    assert_string_equal(show_do(&s, undo), "extra");
    assert_string_equal(pinned(&s, 0), "mug");
    show_close(&s);
}

static void a_recall_ends_what_has_the_product_in_it(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, act_extra("mug", "bag", "a bag"));
    show_do(&s, act_extra("teapot", NULL, "a card"));
    assert_string_equal(show_do(&s, act_of(ACT_SKU_STOP, "mug")), "sku");
    assert_string_equal(text_of(&s, "mug"), "a bag"); /* stopped, not recalled: it may go on */
    assert_string_equal(show_do(&s, act_of(ACT_RECALL, "bag")), "sku");
    assert_string_equal(text_of(&s, "mug"), "");
    assert_string_equal(text_of(&s, "teapot"), "a card");
    assert_string_equal(show_do(&s, undo), "nothing_to_undo");
    assert_string_equal(show_do(&s, act_extra("mug", "bag", "a bag")), "recalled");
    assert_string_equal(show_do(&s, act_extra("bag", NULL, "a card")), "recalled");
    show_close(&s);
}

static void a_recall_says_again_what_changed_for_holds(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    struct act recall = act_of(ACT_RECALL, "mug");
    recall.recall = RECALL_KEEP;
    assert_string_equal(show_do(&s, recall), "sku");
    assert_string_equal(show_do(&s, recall), "");
    recall.recall = RECALL_HONOUR;
    assert_string_equal(show_do(&s, recall), "sku");
    assert_int_equal(broadcast_item(&s.b, "mug")->recall, RECALL_HONOUR);
    recall.recall = RECALL_NONE; /* said by who does not know */
    assert_string_equal(show_do(&s, recall), "");
    show_close(&s);
}

static void one_that_leaves_the_shelf_takes_its_extra_along(void **state)
{
    (void)state;
    struct show s;
    struct shelf_item items[8];
    show_open_live(&s);
    show_do(&s, act_extra("mug", NULL, "a sticker"));
    show_do(&s, act_extra("teapot", NULL, "a card"));
    assert_string_equal(show_do(&s, act_shelf("teapot 4900, bag", "{\"cues\":[]}", items)), "shelf");
    assert_string_equal(text_of(&s, "mug"), "");
    assert_string_equal(text_of(&s, "teapot"), "a card");
    show_do(&s, act_shelf("mug 1290, teapot 4900, bag", "{\"cues\":[ ]}", items));
    assert_string_equal(text_of(&s, "mug"), "");
    show_close(&s);
}

static void so_many_at_once(void **state)
{
    (void)state;
    struct show s;
    struct shelf_item items[EXTRAS_MAX + 1] = {0};
    show_open_live(&s);
    for (size_t i = 0; i <= EXTRAS_MAX; i++) {
        snprintf(items[i].sku.text, sizeof items[i].sku.text, "sku-%zu", i);
        items[i].price.money = eur(100);
    }
    show_do(&s, (struct act){.kind = ACT_SHELF, .items = items, .items_count = EXTRAS_MAX + 1});
    for (size_t i = 0; i < EXTRAS_MAX; i++)
        assert_string_equal(show_do(&s, act_extra(items[i].sku.text, NULL, "a gift")), "extra");
    struct act more = act_extra(items[EXTRAS_MAX].sku.text, NULL, "a gift");
    struct event events[EVENT_BATCH_MAX] = {0};
    size_t count = 0;
    assert_int_equal(broadcast_plan(&s.b, &more, events, &count), ACT_EXTRAS_FULL);
    struct event e = {.kind = EVENT_EXTRA, .ms = s.now_ms, .u.extra = {.started = true, .extra = more.extra}};
    assert_int_equal(show_step(&s, e), RESULT_MALFORMED);
    assert_string_equal(show_do(&s, act_extra(items[0].sku.text, NULL, "a card")), "extra"); /* instead of its own */
    assert_int_equal(s.b.extras_count, EXTRAS_MAX);
    show_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_runs_with_a_sku_until_it_ends),
        cmocka_unit_test(undo_takes_it_back),
        cmocka_unit_test(an_extra_is_an_act_of_its_own),
        cmocka_unit_test(a_recall_ends_what_has_the_product_in_it),
        cmocka_unit_test(a_recall_says_again_what_changed_for_holds),
        cmocka_unit_test(one_that_leaves_the_shelf_takes_its_extra_along),
        cmocka_unit_test(so_many_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
