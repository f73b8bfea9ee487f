#include <string.h>

#include "base/types.h"
#include "tests/unit/unit.h"

static bool valid(const char *text) { return id_is_valid(text, strlen(text)); }

static void ids_take_the_characters_promised(void **state)
{
    (void)state;
    assert_true(valid("a"));
    assert_false(valid("."));
    assert_false(valid(".."));
    assert_true(valid(".a"));
    assert_true(valid("..."));
    assert_true(valid("mug-red"));
    assert_true(valid("AZaz09._~-"));
    const char *wrong[] = {"", " ", "a b", "a:b", "a/b", "{shop}", "a\n", "\xc3\xa9", "a*", "a%", "\"", "a\x7f"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_false(valid(wrong[i]));
    assert_false(id_is_valid("a\0b", 3));
}

static void ids_end_at_the_limit(void **state)
{
    (void)state;
    char text[ID_LEN_MAX + 2];
    memset(text, 'x', sizeof text);
    assert_true(id_is_valid(text, ID_LEN_MAX));
    assert_false(id_is_valid(text, ID_LEN_MAX + 1));
    struct sku_id id;
    assert_int_equal(ID_PARSE(&id, text, ID_LEN_MAX), RESULT_OK);
    assert_int_equal(strlen(id.text), ID_LEN_MAX);
}

static void parse_copies_and_zeroes_the_rest(void **state)
{
    (void)state;
    struct sku_id a, b;
    memset(&a, 'q', sizeof a);
    memset(&b, 0, sizeof b);
    assert_int_equal(ID_PARSE(&a, "mug-red,mug-blue", 7), RESULT_OK);
    assert_int_equal(ID_PARSE(&b, "mug-red", 7), RESULT_OK);
    assert_memory_equal(&a, &b, sizeof a);
    assert_true(ID_EQUAL(a, b));
    assert_false(ID_IS_NONE(a));
}

static void parse_leaves_the_old_id_on_malformed_text(void **state)
{
    (void)state;
    struct sku_id id = {"before"};
    assert_int_equal(ID_PARSE(&id, "not an id", 9), RESULT_MALFORMED);
    assert_string_equal(id.text, "before");
}

static const char *text_of(int64_t minor, const char *currency)
{
    static char text[MONEY_TEXT_MAX];
    struct money money = {.minor = minor};
    memcpy(money.currency, currency, sizeof money.currency);
    money_text(&money, text);
    return text;
}

static void money_is_read_in_its_own_units(void **state)
{
    (void)state;
    assert_string_equal(text_of(890, "EUR"), "8.90 EUR");
    assert_string_equal(text_of(5, "EUR"), "0.05 EUR");
    assert_string_equal(text_of(0, "EUR"), "0.00 EUR");
    assert_string_equal(text_of(890, "JPY"), "890 JPY");
    assert_string_equal(text_of(1005, "KWD"), "1.005 KWD");
    assert_string_equal(text_of(MONEY_MINOR_MAX, "CLF"), "100000000.0000 CLF");
}

static void currencies_are_three_capitals(void **state)
{
    (void)state;
    assert_true(currency_is_valid("EUR", 3));
    assert_false(currency_is_valid("eur", 3));
    assert_false(currency_is_valid("EU", 2));
    assert_false(currency_is_valid("EURO", 4));
    assert_false(currency_is_valid("E1R", 3));
}

static void results_have_names(void **state)
{
    (void)state;
    assert_string_equal(result_name(RESULT_OK), "ok");
    assert_string_equal(result_name(RESULT_NO_ANSWER), "no_answer");
    for (enum result r = RESULT_OK; r <= RESULT_IO; r++)
        assert_string_not_equal(result_name(r), "unknown");
    assert_string_equal(result_name((enum result)99), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_take_the_characters_promised),
        cmocka_unit_test(ids_end_at_the_limit),
        cmocka_unit_test(parse_copies_and_zeroes_the_rest),
        cmocka_unit_test(parse_leaves_the_old_id_on_malformed_text),
        cmocka_unit_test(money_is_read_in_its_own_units),
        cmocka_unit_test(currencies_are_three_capitals),
        cmocka_unit_test(results_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
