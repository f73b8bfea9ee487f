/* Every code, when it blocks, and where it is named. */
#include <stdio.h>
#include <string.h>

#include "scripts/rules/preflight.h"
#include "tests/unit/unit.h"

static char say[] = "Say this", text[] = "For viewers", title[] = "T";

/* What the shop knows: mug (priced, 40 allocated), bag (no price, 5), lamp (priced, none). */
static struct preflight_sku shop(void *ctx, const char *sku)
{
    unsigned *asked = ctx;
    (*asked)++;
    if (strcmp(sku, "mug") == 0)
        return (struct preflight_sku){.known = true, .price = {1290, "EUR"}, .floor = {900, "EUR"}, .allocated = 40};
    if (strcmp(sku, "bag") == 0)
        return (struct preflight_sku){.known = true, .allocated = 5};
    if (strcmp(sku, "lamp") == 0)
        return (struct preflight_sku){.known = true, .price = {4900, "EUR"}};
    return (struct preflight_sku){0};
}

static struct cue complete(const char *sku, uint32_t planned)
{
    struct cue cue = {.title = title, .viewer_text = text, .minutes = 4, .planned_units = planned, .card.say = say};
    if (sku != NULL)
        snprintf(cue.sku.text, sizeof cue.sku.text, "%s", sku);
    return cue;
}

/* "1 allocation_short!" per problem: the cue, the code, and a mark when it blocks. */
static const char *check(struct cue *cues, size_t count, struct preflight *p)
{
    static char told[512];
    unsigned asked = 0;
    struct run_of_show run = {.cues = cues, .count = count};
    preflight_check(&run, shop, &asked, p);
    told[0] = '\0';
    for (size_t i = 0; i < p->count; i++) {
        size_t len = strlen(told);
        snprintf(told + len, sizeof told - len, "%s%d %s%s", i == 0 ? "" : ", ", p->problems[i].cue,
                 preflight_code_name(p->problems[i].code), p->problems[i].blocking ? "!" : "");
    }
    return told;
}

static void a_complete_show_may_go(void **state)
{
    (void)state;
    struct preflight p;
    struct cue cues[] = {complete("mug", 40), complete(NULL, 0), complete("bag", 5)};
    cues[2].has_price = true;
    cues[2].price = (struct money){500, "EUR"};
    assert_string_equal(check(cues, 3, &p), "");
    assert_true(p.go);
    assert_int_equal(p.more, 0);
}

static void an_empty_show_may_not(void **state)
{
    (void)state;
    struct preflight p;
    assert_string_equal(check(NULL, 0, &p), "-1 no_cues!");
    assert_false(p.go);
}

static void words_that_are_missing_are_named(void **state)
{
    (void)state;
    struct preflight p;
    struct cue cues[] = {complete("mug", 1), complete(NULL, 0), complete("mug", 1)};
    cues[0].card.say = NULL;
    cues[1].viewer_text = NULL;
    cues[2].minutes = 0;
    assert_string_equal(check(cues, 3, &p), "0 card_missing!, 1 viewer_text_missing, 2 minutes_missing");
    assert_false(p.go);
    assert_string_equal(p.problems[0].sku.text, "mug");
    assert_string_equal(check(cues + 1, 2, &p), "0 viewer_text_missing, 1 minutes_missing");
    assert_true(p.go); /* advice does not stop a show */
}

static void products_need_a_price_of_cue_or_catalogue(void **state)
{
    (void)state;
    struct preflight p;
    struct cue cues[] = {complete("bag", 1), complete("bag", 1)};
    cues[0].has_price = true;
    cues[0].price = (struct money){500, "EUR"};
    assert_string_equal(check(cues, 2, &p), "1 price_missing!");
}

static void nothing_is_planned_below_its_floor(void **state)
{
    (void)state;
    struct preflight p;
    struct cue cues[] = {complete("mug", 1), complete("mug", 1), complete("lamp", 1)};
    cues[0].has_price = cues[1].has_price = cues[2].has_price = true;
    cues[0].price = (struct money){900, "EUR"};
    cues[1].price = (struct money){899, "EUR"};
    cues[2].price = (struct money){1, "EUR"}; /* has no floor */
    assert_string_equal(check(cues, 2, &p), "1 below_floor!");
    assert_int_equal(p.problems[0].price.minor, 899);
    assert_int_equal(p.problems[0].floor.minor, 900);
    assert_string_equal(check(cues + 2, 1, &p), "0 allocation_missing!");
    memcpy(cues[1].price.currency, "USD", 4);
    assert_string_equal(check(cues, 2, &p), ""); /* not to be compared */
}

static void a_price_of_nothing_is_none(void **state)
{
    (void)state;
    struct preflight p;
    struct cue cues[] = {complete("mug", 1)};
    cues[0].has_price = true;
    cues[0].price = (struct money){0, "EUR"};
    assert_string_equal(check(cues, 1, &p), "0 price_missing!");
}

static void an_unknown_sku_is_one_problem(void **state)
{
    (void)state;
    struct preflight p;
    struct cue cues[] = {complete("mugg", 1)};
    assert_string_equal(check(cues, 1, &p), "0 sku_unknown!");
    assert_string_equal(p.problems[0].sku.text, "mugg");
}

static void allocation_is_judged_per_sku_at_its_first_cue(void **state)
{
    (void)state;
    struct preflight p;
    struct cue cues[] = {complete("mug", 20), complete("lamp", 1), complete("mug", 21), complete("lamp", 0)};
    assert_string_equal(check(cues, 4, &p), "0 allocation_short!, 1 allocation_missing!");
    assert_int_equal(p.problems[0].planned, 41);
    assert_int_equal(p.problems[0].allocated, 40);
    cues[2].planned_units = 20;
    assert_string_equal(check(cues, 1, &p), "");
    assert_string_equal(check(cues + 3, 1, &p), "0 allocation_missing!"); /* also when nothing was planned */
}

static void problems_over_the_limit_are_counted_and_still_block(void **state)
{
    (void)state;
    static struct cue cues[PREFLIGHT_PROBLEMS_MAX + 3];
    struct preflight p;
    for (size_t i = 0; i < ARRAY_LEN(cues); i++) {
        cues[i] = complete(NULL, 0);
        cues[i].minutes = 0;
    }
    cues[ARRAY_LEN(cues) - 1].card.say = NULL;
    struct run_of_show run = {.cues = cues, .count = ARRAY_LEN(cues)};
    unsigned asked = 0;
    preflight_check(&run, shop, &asked, &p);
    assert_int_equal(asked, 0); /* talking points are no products */
    assert_int_equal(p.count, PREFLIGHT_PROBLEMS_MAX);
    assert_int_equal(p.more, 4);
    assert_false(p.go);
}

static void codes_are_named_as_on_the_wire(void **state)
{
    (void)state;
    static const char *const names[] = {"no_cues",     "card_missing",        "price_missing",
                                        "sku_unknown", "allocation_missing",  "allocation_short",
                                        "below_floor", "viewer_text_missing", "minutes_missing"};
    for (enum preflight_code code = 0; code <= PREFLIGHT_MINUTES_MISSING; code++)
        assert_string_equal(preflight_code_name(code), names[code]);
    assert_string_equal(preflight_code_name((enum preflight_code)99), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_complete_show_may_go),
        cmocka_unit_test(an_empty_show_may_not),
        cmocka_unit_test(words_that_are_missing_are_named),
        cmocka_unit_test(products_need_a_price_of_cue_or_catalogue),
        cmocka_unit_test(nothing_is_planned_below_its_floor),
        cmocka_unit_test(a_price_of_nothing_is_none),
        cmocka_unit_test(an_unknown_sku_is_one_problem),
        cmocka_unit_test(allocation_is_judged_per_sku_at_its_first_cue),
        cmocka_unit_test(problems_over_the_limit_are_counted_and_still_block),
        cmocka_unit_test(codes_are_named_as_on_the_wire),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
