#include <stdlib.h>
#include <string.h>

#include "core/broadcast/event.h"
#include "tests/unit/unit.h"

/* One part, products named and priced by the text: "mug 1290 teapot 4900". */
static struct event part(bool first, bool last, size_t count, const char *const *skus, int64_t minor)
{
    struct event e = {.kind = EVENT_CATALOGUE, .seq = (uint64_t)minor, .u.catalogue = {.first = first, .last = last}};
    e.u.catalogue.products = calloc(count + 1, sizeof(struct product));
    e.u.catalogue.count = count;
    for (size_t i = 0; i < count; i++) {
        struct product *p = &e.u.catalogue.products[i];
        MUST(ID_PARSE(&p->sku, skus[i], strlen(skus[i])) == RESULT_OK);
        p->price = (struct money){minor, "EUR"};
    }
    return e;
}

static enum result apply(struct catalogue *c, struct event e)
{
    enum result result = catalogue_apply(c, &e);
    event_finish(&e);
    return result;
}

static const char *const both[] = {"mug", "teapot"};
static const char *const lamp[] = {"lamp"};

static void a_replacement_counts_when_its_last_part_is_there(void **state)
{
    (void)state;
    struct catalogue c;
    catalogue_init(&c);
    assert_int_equal(apply(&c, part(true, false, 2, both, 5)), RESULT_OK);
    assert_null(catalogue_find(&c, "mug"));
    assert_int_equal(c.version, 0);
    assert_int_equal(apply(&c, part(false, true, 1, lamp, 6)), RESULT_OK);
    assert_int_equal(catalogue_find(&c, "mug")->price.minor, 5);
    assert_int_equal(catalogue_find(&c, "lamp")->price.minor, 6);
    assert_int_equal(c.version, 6);
    assert_int_equal(apply(&c, part(true, true, 1, lamp, 7)), RESULT_OK);
    assert_null(catalogue_find(&c, "mug"));
    assert_int_equal(catalogue_find(&c, "lamp")->price.minor, 7);
    assert_int_equal(apply(&c, part(true, true, 0, lamp, 8)), RESULT_OK); /* an empty shop is a shop */
    assert_null(catalogue_find(&c, "lamp"));
    assert_int_equal(c.version, 8);
    catalogue_finish(&c);
}

static void a_new_first_part_forgets_an_unfinished_replacement(void **state)
{
    (void)state;
    struct catalogue c;
    catalogue_init(&c);
    assert_int_equal(apply(&c, part(true, false, 2, both, 5)), RESULT_OK);
    assert_int_equal(apply(&c, part(true, true, 1, lamp, 6)), RESULT_OK);
    assert_null(catalogue_find(&c, "mug"));
    assert_int_equal(apply(&c, part(false, true, 2, both, 7)), RESULT_MALFORMED); /* the rest of nothing */
    assert_int_equal(c.version, 6);
    assert_non_null(catalogue_find(&c, "lamp"));
    catalogue_finish(&c);
    catalogue_finish(NULL);
}

static void a_sku_named_twice_keeps_its_last_product(void **state)
{
    (void)state;
    struct catalogue c;
    catalogue_init(&c);
    assert_int_equal(apply(&c, part(true, false, 2, both, 5)), RESULT_OK);
    assert_int_equal(apply(&c, part(false, true, 2, both, 6)), RESULT_OK);
    assert_int_equal(catalogue_find(&c, "mug")->price.minor, 6);
    assert_int_equal(c.by_sku.count, 2);
    catalogue_finish(&c);
}

static void a_catalogue_over_its_limit_leaves_the_old_one(void **state)
{
    (void)state;
    struct catalogue c;
    catalogue_init(&c);
    assert_int_equal(apply(&c, part(true, true, 2, both, 5)), RESULT_OK);
    assert_int_equal(apply(&c, part(true, false, 2, both, 6)), RESULT_OK);
    c.incoming.limit = 2; /* stands in for the twenty-thousandth product */
    assert_int_equal(apply(&c, part(false, false, 1, lamp, 7)), RESULT_FULL);
    assert_int_equal(apply(&c, part(false, true, 1, lamp, 8)), RESULT_MALFORMED);
    assert_int_equal(catalogue_find(&c, "mug")->price.minor, 5);
    catalogue_finish(&c);
}

static void other_events_are_none_of_its_business(void **state)
{
    (void)state;
    struct catalogue c;
    catalogue_init(&c);
    assert_int_equal(apply(&c, (struct event){.kind = EVENT_LISTED}), RESULT_OK);
    assert_int_equal(c.version, 0);
    catalogue_finish(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replacement_counts_when_its_last_part_is_there),
        cmocka_unit_test(a_new_first_part_forgets_an_unfinished_replacement),
        cmocka_unit_test(a_sku_named_twice_keeps_its_last_product),
        cmocka_unit_test(a_catalogue_over_its_limit_leaves_the_old_one),
        cmocka_unit_test(other_events_are_none_of_its_business),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
