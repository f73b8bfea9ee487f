/* Cards' hashes, and the approvals that are bound to them. */
#include <string.h>

#include "scripts/rules/approval.h"
#include "tests/unit/unit.h"

static char hello[] = "Hello", again[] = "Hello again", safe[] = "dishwasher safe", new[] = "new";

static void every_edit_is_another_hash(void **state)
{
    (void)state;
    const struct card cards[] = {
        {0},
        {.say = hello},
        {.say = again},
        {.notes = hello}, /* the same word elsewhere */
        {.must_say = {hello}, .must_say_count = 1},
        {.must_not_say = {hello}, .must_not_say_count = 1},
        {.say = hello, .must_say = {safe}, .must_say_count = 1},
        {.say = hello, .must_not_say = {safe}, .must_not_say_count = 1},
        {.say = hello, .must_say = {safe, new}, .must_say_count = 2},
        {.say = hello, .must_say = {new, safe}, .must_say_count = 2},
        {.say = hello, .must_say = {safe}, .must_say_count = 1, .must_not_say = {new}, .must_not_say_count = 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(cards); i++)
        for (size_t j = 0; j < i; j++)
            assert_true(card_hash(&cards[i]) != card_hash(&cards[j]));
    char same[] = "Hello";
    struct card copy = {.say = same};
    assert_true(card_hash(&copy) == card_hash(&cards[1]));
    /* FNV-1a 64, computed elsewhere: an approval kept on disk must hold after an update of the program. */
    assert_true(card_hash(&cards[1]) == UINT64_C(0x9432e90ae3d40024));
}

static struct approval_wish wish_of(const struct cue *cue, const char *by, enum script_role role, const char *author)
{
    struct approval_wish wish = {.role = role, .card_hash = card_hash(&cue->card), .now_ms = 5};
    strcpy(wish.by, by);
    strcpy(wish.author, author);
    return wish;
}

static void an_approval_stands_until_the_card_is_edited(void **state)
{
    (void)state;
    struct cue cue = {.id = {"c1"}, .card.say = hello};
    struct cue other = {.id = {"c2"}, .card.say = hello};
    struct approval a = {0};
    assert_false(approval_stands(&a, &cue));
    struct approval_wish wish = wish_of(&cue, "maya", SCRIPT_HOST, "");
    assert_int_equal(approval_give(&a, &cue, &wish), APPROVAL_GIVEN);
    assert_int_equal(a.at_ms, 5);
    assert_true(approval_stands(&a, &cue));
    assert_false(approval_stands(&a, &other));
    wish.now_ms = 9;
    assert_int_equal(approval_give(&a, &cue, &wish), APPROVAL_REPLAYED);
    assert_int_equal(a.at_ms, 5);
    cue.card.say = again;
    assert_false(approval_stands(&a, &cue));
    assert_int_equal(approval_give(&a, &cue, &wish), APPROVAL_STALE); /* they read the old words */
    cue.card.say = hello;
    assert_true(approval_stands(&a, &cue)); /* the words they agreed to are back */
    wish = wish_of(&cue, "noor", SCRIPT_PRODUCER, "");
    assert_int_equal(approval_give(&a, &cue, &wish), APPROVAL_GIVEN);
    assert_string_equal(a.by, "noor");
}

static void sponsored_cards_need_an_approver_who_is_not_their_author(void **state)
{
    (void)state;
    struct cue cue = {.id = {"c1"}, .card.say = hello, .sponsored = true};
    struct approval a = {0};
    struct approval_wish wish = wish_of(&cue, "maya", SCRIPT_HOST, "noor");
    assert_int_equal(approval_give(&a, &cue, &wish), APPROVAL_NOT_ALLOWED);
    wish.role = SCRIPT_PRODUCER;
    assert_int_equal(approval_give(&a, &cue, &wish), APPROVAL_NOT_ALLOWED);
    wish = wish_of(&cue, "noor", SCRIPT_APPROVER, "noor");
    assert_int_equal(approval_give(&a, &cue, &wish), APPROVAL_OWN_WORDS);
    wish = wish_of(&cue, "lena", SCRIPT_APPROVER, "noor");
    assert_int_equal(approval_give(&a, &cue, &wish), APPROVAL_GIVEN);
    assert_true(approval_stands(&a, &cue));
    wish.role = SCRIPT_ROLES;
    assert_int_equal(approval_give(&a, &cue, &wish), APPROVAL_NOT_ALLOWED);
}

static void a_card_that_becomes_sponsored_needs_more(void **state)
{
    (void)state;
    struct cue cue = {.id = {"c1"}, .card.say = hello};
    struct approval a = {0};
    struct approval_wish wish = wish_of(&cue, "maya", SCRIPT_HOST, "maya"); /* a plain card: her own words will do */
    assert_int_equal(approval_give(&a, &cue, &wish), APPROVAL_GIVEN);
    cue.sponsored = true;
    assert_false(approval_stands(&a, &cue));
}

static void without_words_there_is_nothing_to_approve(void **state)
{
    (void)state;
    struct cue cue = {.id = {"c1"}, .card.notes = hello};
    struct approval a = {0};
    struct approval_wish wish = wish_of(&cue, "maya", SCRIPT_APPROVER, "");
    assert_int_equal(approval_give(&a, &cue, &wish), APPROVAL_NO_CARD);
    assert_string_equal(script_role_name(SCRIPT_APPROVER), "approver");
    assert_string_equal(script_role_name(SCRIPT_ROLES), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_edit_is_another_hash),
        cmocka_unit_test(an_approval_stands_until_the_card_is_edited),
        cmocka_unit_test(sponsored_cards_need_an_approver_who_is_not_their_author),
        cmocka_unit_test(a_card_that_becomes_sponsored_needs_more),
        cmocka_unit_test(without_words_there_is_nothing_to_approve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
