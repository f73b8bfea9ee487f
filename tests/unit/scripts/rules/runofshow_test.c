#include <stdlib.h>
#include <string.h>

#include "scripts/rules/runofshow.h"
#include "tests/unit/unit.h"

static struct cue cues[] = {
    {.id = {"a"}, .sku = {"mug"}, .planned_units = 40},
    {.id = {"b"}, .planned_units = 7},
    {.id = {"c"}, .sku = {"mug"}, .planned_units = 2},
};
static const struct run_of_show run = {.cues = cues, .count = 3};

static void cues_are_found_and_followed(void **state)
{
    (void)state;
    assert_int_equal(run_of_show_find(&run, "a"), 0);
    assert_int_equal(run_of_show_find(&run, "c"), 2);
    assert_int_equal(run_of_show_find(&run, "d"), -1);
    assert_int_equal(run_of_show_next(&run, -1), 0);
    assert_int_equal(run_of_show_next(&run, 1), 2);
    assert_int_equal(run_of_show_next(&run, 2), -1);
    assert_int_equal(run_of_show_next(&run, 9), -1);
    struct run_of_show none = {0};
    assert_int_equal(run_of_show_next(&none, -1), -1);
}

static void units_are_planned_over_all_cues_of_a_sku(void **state)
{
    (void)state;
    assert_int_equal(run_of_show_planned_units(&run, "mug"), 42);
    assert_int_equal(run_of_show_planned_units(&run, "lamp"), 0);
    static struct cue many[RUNOFSHOW_CUES_MAX];
    for (size_t i = 0; i < RUNOFSHOW_CUES_MAX; i++)
        many[i] = (struct cue){.sku = {"mug"}, .planned_units = CUE_PLANNED_UNITS_MAX};
    struct run_of_show largest = {.cues = many, .count = RUNOFSHOW_CUES_MAX};
    assert_int_equal(run_of_show_planned_units(&largest, "mug"), 500000000);
}

static void finishing_frees_all_of_it(void **state)
{
    (void)state;
    struct run_of_show owned = {.cues = calloc(2, sizeof(struct cue)), .count = 2};
    assert_non_null(owned.cues);
    owned.cues[0].title = strdup("t");
    owned.cues[0].viewer_text = strdup("v");
    owned.cues[0].card = (struct card){.say = strdup("s"), .notes = strdup("n"), .must_say = {strdup("m")}};
    owned.cues[0].card.must_say_count = 1;
    owned.cues[1].card.must_not_say[0] = strdup("x");
    owned.cues[1].card.must_not_say_count = 1;
    run_of_show_finish(&owned); /* the sanitizer sees what is left */
    assert_null(owned.cues);
    run_of_show_finish(&owned);
    run_of_show_finish(NULL);
    card_finish(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cues_are_found_and_followed),
        cmocka_unit_test(units_are_planned_over_all_cues_of_a_sku),
        cmocka_unit_test(finishing_frees_all_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
