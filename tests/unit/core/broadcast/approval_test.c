/* Prices that need a second person: which ones, by whom, until when, and what became of them. */
#include <stdio.h>
#include <string.h>

#include "tests/unit/core/broadcast/show.h"
#include "tests/unit/unit.h"

#define APPROVAL_MS 600000

static struct act by(const char *name, struct act act)
{
    act.by = name;
    act.by_name = true;
    act.guard.percent = 50;
    act.approval_ms = APPROVAL_MS;
    return act;
}

static struct act decide(const char *name, enum act_kind kind, const char *approval)
{
    return by(name, (struct act){.kind = kind, .approval = approval});
}

static struct act by_shop(enum act_kind kind, const char *approval)
{
    return (struct act){.kind = kind, .approval = approval, .by_shop = true};
}

/* "a3": what the last event asked for. */
static const char *last_asked(const struct show *s)
{
    static char id[ID_LEN_MAX + 1];
    snprintf(id, sizeof id, "a%llu", (unsigned long long)s->b.seq);
    assert_non_null(broadcast_approval(&s->b, id));
    return id;
}

static const char *reason_of(const struct show *s) { return broadcast_approval(&s->b, last_asked(s))->reason; }

/* ---- which ---- */

static bool needs(uint32_t percent, int64_t base, int64_t asked, int64_t floor)
{
    struct price_guard guard = {.percent = percent};
    struct shelf_item item = {0};
    char reason[PRICE_REASON_MAX];
    if (floor != 0)
        guard.floor = eur(floor);
    if (base != -1)
        item.base_price = eur(base);
    struct money money = eur(asked);
    return price_needs_approval(&guard, &item, &money, reason);
}

static void the_edges_of_the_percentage_are_exact(void **state)
{
    (void)state;
    assert_false(needs(50, 1290, 645, 0));
    assert_true(needs(50, 1290, 644, 0));
    assert_false(needs(50, 1290, 1935, 0));
    assert_true(needs(50, 1290, 1936, 0));
    assert_false(needs(50, 1291, 646, 0)); /* 645.5 is the half */
    assert_true(needs(50, 1291, 645, 0));
    assert_false(needs(1000, 100, 1100, 0));
    assert_true(needs(1000, 100, 1101, 0));
    assert_false(needs(100, 100, 1, 0)); /* no price falls by more than 100 % */
    assert_false(needs(1, 1, 1, 0));
    assert_true(needs(1, 1, 2, 0));
    assert_true(needs(1, 0, 1, 0));
    assert_false(needs(0, 1290, 1, 0)); /* off */
    assert_false(needs(1000, MONEY_MINOR_MAX, 1, 0));
    assert_true(needs(1000, 1, MONEY_MINOR_MAX, 0));
    assert_true(needs(99, MONEY_MINOR_MAX, 1, 0));
}

static void the_edge_of_the_floor_is_exact(void **state)
{
    (void)state;
    assert_false(needs(50, 1290, 900, 900));
    assert_true(needs(50, 1290, 899, 900));
    assert_true(needs(0, 1290, 899, 900));  /* the floor holds whatever the percentage is */
    assert_false(needs(50, 800, 800, 900)); /* below it already: the same again is nothing new */
    assert_true(needs(50, 800, 801, 900));
    struct price_guard guard = {.floor = {900, "USD"}};
    struct shelf_item item = {0};
    struct money money = eur(1);
    char reason[PRICE_REASON_MAX];
    assert_false(price_needs_approval(&guard, &item, &money, reason)); /* not to be compared */
}

static void a_first_price_is_held_against_the_floor_alone(void **state)
{
    (void)state;
    assert_false(needs(50, -1, 1, 0));
    assert_false(needs(50, -1, 900, 900));
    assert_true(needs(50, -1, 899, 900));
}

static void the_reason_is_in_plain_words(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    assert_string_equal(show_do(&s, by("anna", act_price("mug", 129))), "asked approval");
    assert_string_equal(reason_of(&s), "90 % below the price agreed on: another host must agree.");
    show_do(&s, by("anna", act_price("mug", 640)));
    assert_string_equal(reason_of(&s), "51 % below the price agreed on: another host must agree.");
    show_do(&s, by("anna", act_price("mug", 12900)));
    assert_string_equal(reason_of(&s), "900 % above the price agreed on: another host must agree.");
    struct act low = by("anna", act_price("mug", 129));
    low.guard.floor = eur(4000);
    show_do(&s, by("anna", act_price("mug", 1290)));
    show_do(&s, low);
    assert_string_equal(reason_of(&s),
                        "90 % below the price agreed on, and below the floor of 40.00 EUR: another host must agree.");
    low.price = eur(1000);
    show_do(&s, low);
    assert_string_equal(reason_of(&s), "Below the floor of 40.00 EUR: another host must agree.");
    show_close(&s);
}

/* ---- asked ---- */

static void the_price_waits_and_is_kept_in_the_state(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    assert_string_equal(show_do(&s, by("anna", act_price("mug", 129))), "asked approval");
    assert_int_equal(price_of(&s, "mug"), 1290);
    const struct price_approval *a = broadcast_approval(&s.b, "a4");
    assert_non_null(a);
    assert_int_equal(a->state, APPROVAL_ASKED);
    assert_false(a->is_offer);
    assert_string_equal(a->sku.text, "mug");
    assert_int_equal(a->money.minor, 129);
    assert_string_equal(a->asked_by, "anna");
    assert_int_equal(a->until_ms, s.now_ms + APPROVAL_MS);
    assert_string_equal(show_do(&s, by("anna", act_price("mug", 700))), "approval price"); /* and is wanted no more */
    assert_int_equal(broadcast_approval(&s.b, "a4")->state, APPROVAL_REJECTED);
    assert_string_equal(show_do(&s, by("anna", act_price("teapot", 2450))), "price"); /* half */
    show_close(&s);
}

static void asking_the_same_again_is_one_question(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, by("anna", act_price("mug", 129)));
    assert_string_equal(show_do(&s, by("anna", act_price("mug", 129))), "asked");
    assert_string_equal(show_do(&s, by("bob", act_price("mug", 129))),
                        "asked approval approval"); /* another's question */
    assert_int_equal(broadcast_approval(&s.b, "a4")->state, APPROVAL_REJECTED);
    assert_string_equal(broadcast_approval_of(&s.b, "mug", s.now_ms)->id.text, "a6");
    assert_string_equal(show_do(&s, by("bob", act_price("mug", 130))), "asked approval approval");
    assert_string_equal(show_do(&s, by("bob", act_offer("mug", 130, 1000))), "asked approval approval");
    assert_string_equal(show_do(&s, by("bob", act_offer("mug", 130, 2000))), "asked approval approval");
    assert_string_equal(show_do(&s, by("bob", act_offer("mug", 130, 2000))), "asked");
    assert_string_equal(broadcast_approval_of(&s.b, "mug", s.now_ms)->id.text, last_asked(&s));
    show_close(&s);
}

static void what_cannot_be_is_not_asked_for(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    assert_string_equal(show_do(&s, by("anna", act_price("ghost", 129))), "sku_unknown");
    assert_string_equal(show_do(&s, by("anna", act_price("mug", 0))), "amount");
    assert_string_equal(show_do(&s, by("anna", act_offer("bag", 1, 1000))), "price_missing");
    show_do(&s, act_of(ACT_RECALL, "teapot"));
    assert_string_equal(show_do(&s, by("anna", act_offer("teapot", 1, 1000))), "recalled");
    show_close(&s);
}

/* An offer may not be the first of two steps down. */
static void an_offer_is_judged_by_the_price_under_it(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    assert_string_equal(show_do(&s, by("anna", act_offer("mug", 700, 60000))), "offer");
    assert_string_equal(show_do(&s, by("anna", act_offer("mug", 400, 60000))), "asked approval");
    assert_string_equal(show_do(&s, by("anna", act_price("mug", 400))), "asked approval approval");
    assert_int_equal(price_of(&s, "mug"), 700);
    show_close(&s);
}

static void so_many_may_wait_and_no_more(void **state)
{
    (void)state;
    struct show s;
    struct shelf_item items[APPROVALS_MAX + 2] = {0};
    show_open(&s);
    for (size_t i = 0; i < ARRAY_LEN(items); i++) {
        snprintf(items[i].sku.text, sizeof items[i].sku.text, "s%zu", i);
        items[i].price.money = eur(1000);
    }
    show_do(&s, (struct act){.kind = ACT_SHELF, .items = items, .items_count = ARRAY_LEN(items)});
    for (size_t i = 0; i < APPROVALS_MAX; i++)
        assert_string_equal(show_do(&s, by("anna", act_price(items[i].sku.text, 100))), "asked approval");
    assert_string_equal(show_do(&s, by("anna", act_price("s16", 100))), "full");
    assert_string_equal(show_do(&s, by("anna", act_price("s15", 90))), "asked approval approval"); /* takes its place */
    assert_string_equal(show_do(&s, by("anna", act_price("s16", 600))), "price");
    assert_string_equal(show_do(&s, decide("bob", ACT_REJECT, broadcast_approval_of(&s.b, "s3", s.now_ms)->id.text)),
                        "approval");
    assert_string_equal(show_do(&s, by("anna", act_price("s17", 100))), "asked approval");
    assert_string_equal(show_do(&s, by("anna", act_price("s16", 100))), "full");
    s.now_ms += APPROVAL_MS; /* all lapse */
    assert_string_equal(show_do(&s, by("anna", act_price("s16", 100))), "asked approval");
    assert_int_equal(s.b.approvals_count, APPROVALS_MAX);
    assert_null(broadcast_approval_of(&s.b, "s17", s.now_ms));
    show_close(&s);
}

/* ---- decided ---- */

static void another_person_makes_it_hold(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, by("anna", act_price("mug", 129)));
    assert_string_equal(show_do(&s, decide("anna", ACT_APPROVE, "a4")), "own");
    assert_string_equal(show_do(&s, decide("anna", ACT_REJECT, "a4")), "own");
    assert_string_equal(show_do(&s, decide("bob", ACT_APPROVE, "a5")), "unknown");
    assert_string_equal(show_do(&s, decide("bob", ACT_APPROVE, "a4")), "approval price");
    assert_int_equal(price_of(&s, "mug"), 129);
    assert_int_equal(version_of(&s, "mug"), 2);
    assert_true(broadcast_item(&s.b, "mug")->price_meant);
    assert_string_equal(show_do(&s, decide("bob", ACT_APPROVE, "a4")), "decided");
    assert_string_equal(show_do(&s, decide("bob", ACT_REJECT, "a4")), "decided");
    show_close(&s);
}

static void a_rejected_price_never_holds(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, by("anna", act_price("mug", 129)));
    assert_string_equal(show_do(&s, decide("bob", ACT_REJECT, "a4")), "approval");
    assert_string_equal(show_do(&s, decide("carl", ACT_APPROVE, "a4")), "decided");
    assert_int_equal(price_of(&s, "mug"), 1290);
    show_close(&s);
}

static void a_lapsed_question_is_over_on_its_millisecond(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, by("anna", act_price("mug", 129)));
    show_do(&s, by("anna", act_price("teapot", 490)));
    s.now_ms += APPROVAL_MS - 1;
    assert_string_equal(show_do(&s, decide("bob", ACT_APPROVE, "a4")), "approval price");
    s.now_ms += 1;
    assert_string_equal(show_do(&s, decide("bob", ACT_APPROVE, "a5")), "lapsed");
    assert_string_equal(show_do(&s, decide("bob", ACT_REJECT, "a5")), "lapsed");
    assert_string_equal(show_do(&s, by("anna", act_price("teapot", 490))), "asked approval"); /* asked anew */
    show_close(&s);
}

/* Who has no name could be the one who asked. */
static void nobody_without_a_name_is_a_second_person(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    struct act nameless = by("v_1", act_price("mug", 129)), agrees = decide("v_2", ACT_APPROVE, "a4");
    nameless.by_name = agrees.by_name = false;
    show_do(&s, nameless);
    assert_string_equal(broadcast_approval(&s.b, "a4")->asked_by, "");
    assert_string_equal(show_do(&s, agrees), "own");
    assert_string_equal(show_do(&s, decide("bob", ACT_APPROVE, "a4")), "own");
    assert_string_equal(show_do(&s, by_shop(ACT_APPROVE, "a4")), "approval price");
    show_do(&s, by("anna", act_price("teapot", 490)));
    agrees.approval = last_asked(&s);
    assert_string_equal(show_do(&s, agrees), "own");
    struct act shop = decide("anna", ACT_APPROVE, last_asked(&s));
    shop.by_shop = true;
    assert_string_equal(show_do(&s, shop), "own"); /* the same name, by whatever token */
    assert_string_equal(show_do(&s, by_shop(ACT_APPROVE, last_asked(&s))), "approval price");
    show_close(&s);
}

/* What holds when it is approved counts, not what held when it was asked for. */
static void an_approval_is_judged_by_the_state_of_then(void **state)
{
    (void)state;
    struct show s;
    struct shelf_item items[8];
    show_open_live(&s);
    show_do(&s, by("anna", act_offer("mug", 129, 5000)));
    show_do(&s, act_of(ACT_RECALL, "mug"));
    assert_string_equal(show_do(&s, decide("bob", ACT_APPROVE, "a4")), "recalled");
    assert_int_equal(broadcast_approval(&s.b, "a4")->state, APPROVAL_ASKED);
    assert_string_equal(show_do(&s, decide("bob", ACT_REJECT, "a4")), "approval");
    show_do(&s, by("anna", act_price("teapot", 490)));
    char id[ID_LEN_MAX + 1];
    snprintf(id, sizeof id, "%s", last_asked(&s));
    show_do(&s, act_shelf("bag 300", NULL, items));
    assert_string_equal(show_do(&s, decide("bob", ACT_APPROVE, id)), "sku_unknown");
    show_do(&s, act_shelf("teapot 490, bag 300", NULL, items));
    assert_string_equal(show_do(&s, decide("bob", ACT_APPROVE, id)), "approval price"); /* holds already: now meant */
    assert_true(broadcast_item(&s.b, "teapot")->price_meant);
    show_do(&s, by("anna", act_price("bag", 10)));
    snprintf(id, sizeof id, "%s", last_asked(&s));
    show_do(&s, act_of(ACT_END, NULL));
    assert_string_equal(show_do(&s, decide("bob", ACT_APPROVE, id)), "state");
    assert_string_equal(show_do(&s, decide("bob", ACT_REJECT, id)), "approval");
    show_close(&s);
}

static void an_approved_offer_runs_from_the_approval(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, by("anna", act_offer("mug", 129, 5000)));
    s.now_ms += 60000;
    assert_string_equal(show_do(&s, decide("bob", ACT_APPROVE, "a4")), "approval offer");
    assert_int_equal(broadcast_item(&s.b, "mug")->offer_ends_ms, s.now_ms + 5000);
    assert_true(broadcast_item(&s.b, "mug")->price_meant);
    assert_false(broadcast_item(&s.b, "mug")->base_meant);
    show_do(&s, act_of(ACT_OFFER_STOP, "mug"));
    assert_int_equal(price_of(&s, "mug"), 1290);
    assert_false(broadcast_item(&s.b, "mug")->price_meant);
    show_close(&s);
}

/* ---- what is meant ---- */

static void meant_is_one_price_until_the_next(void **state)
{
    (void)state;
    struct show s;
    struct shelf_item items[8];
    show_open_live(&s);
    show_do(&s, by("anna", act_price("mug", 129)));
    show_do(&s, decide("bob", ACT_APPROVE, "a4"));
    show_do(&s, act_offer("mug", 100, 5000));
    assert_false(broadcast_item(&s.b, "mug")->price_meant);
    show_do(&s, act_of(ACT_OFFER_STOP, "mug"));
    assert_true(broadcast_item(&s.b, "mug")->price_meant); /* the approved one again */
    show_do(&s, act_shelf("mug 1290, teapot 4900", NULL, items));
    assert_true(broadcast_item(&s.b, "mug")->price_meant);
    assert_string_equal(show_do(&s, by("anna", act_price("mug", 128))), "price");
    assert_false(broadcast_item(&s.b, "mug")->price_meant);
    assert_string_equal(show_do(&s, (struct act){.kind = ACT_UNDO}), "price");
    assert_int_equal(price_of(&s, "mug"), 129);
    assert_true(broadcast_item(&s.b, "mug")->price_meant);
    show_do(&s, act_shelf("mug 1200, teapot 4900", NULL, items));
    assert_false(broadcast_item(&s.b, "mug")->price_meant);
    show_close(&s);
}

static void an_approved_price_can_be_taken_back_alone(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, act_offer("mug", 1000, 60000));
    show_do(&s, by("anna", act_price("mug", 129)));
    assert_string_equal(show_do(&s, decide("bob", ACT_APPROVE, last_asked(&s))), "approval offer price");
    s.now_ms += UNDO_MS - 1;
    assert_string_equal(show_do(&s, by("bob", (struct act){.kind = ACT_UNDO})), "price offer");
    assert_int_equal(price_of(&s, "mug"), 1000);
    assert_int_equal(broadcast_item(&s.b, "mug")->base_price.minor, 1290);
    show_close(&s);
}

/* ---- from the log ---- */

/* A fail-over may lose the question and let the log grow to where the decision still fits. */
static void a_decision_stands_without_its_question(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    struct event e = {.kind = EVENT_APPROVAL, .u.approval = {.id = {"a9"}, .state = APPROVAL_APPROVED, .sku = {"mug"}}};
    assert_int_equal(show_step(&s, e), RESULT_OK);
    assert_string_equal(show_do(&s, decide("bob", ACT_APPROVE, "a9")), "decided");
    e.u.approval.state = APPROVAL_LAPSED;
    assert_int_equal(show_step(&s, e), RESULT_OK);
    assert_string_equal(show_do(&s, decide("bob", ACT_APPROVE, "a9")), "lapsed");
    assert_int_equal(s.b.approvals_count, 1);
    show_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_edges_of_the_percentage_are_exact),
        cmocka_unit_test(the_edge_of_the_floor_is_exact),
        cmocka_unit_test(a_first_price_is_held_against_the_floor_alone),
        cmocka_unit_test(the_reason_is_in_plain_words),
        cmocka_unit_test(the_price_waits_and_is_kept_in_the_state),
        cmocka_unit_test(asking_the_same_again_is_one_question),
        cmocka_unit_test(what_cannot_be_is_not_asked_for),
        cmocka_unit_test(an_offer_is_judged_by_the_price_under_it),
        cmocka_unit_test(so_many_may_wait_and_no_more),
        cmocka_unit_test(another_person_makes_it_hold),
        cmocka_unit_test(a_rejected_price_never_holds),
        cmocka_unit_test(a_lapsed_question_is_over_on_its_millisecond),
        cmocka_unit_test(nobody_without_a_name_is_a_second_person),
        cmocka_unit_test(an_approval_is_judged_by_the_state_of_then),
        cmocka_unit_test(an_approved_offer_runs_from_the_approval),
        cmocka_unit_test(meant_is_one_price_until_the_next),
        cmocka_unit_test(an_approved_price_can_be_taken_back_alone),
        cmocka_unit_test(a_decision_stands_without_its_question),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
