/* Every wrong scenario is refused with a line that says where: file, phase, member. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loadtest/scenario.h"
#include "tests/unit/unit.h"

/* Loads `text` from a file of its own; the name is in ret_name. */
static enum result load(const char *text, struct scenario **ret, struct scenario_fault *fault)
{
    char name[] = "/tmp/ls-scenario-XXXXXX";
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    enum result result = scenario_load(name, ret, fault);
    unlink(name);
    return result;
}

static enum result load_phases(const char *phases, const char *more, struct scenario **ret,
                               struct scenario_fault *fault)
{
    char text[2048];
    snprintf(text, sizeof text, "{\"name\":\"x\",\"ramp_per_second\":100,\"phases\":[%s]%s}", phases, more);
    return load(text, ret, fault);
}

#define WAIT "{\"do\":\"wait\",\"ms\":5}"

static void wrong_ones_are_refused_by_place_and_name(void **state)
{
    static const struct {
        const char *phases, *more, *said;
    } wrong[] = {
        {"", "", "phases: it takes a list of 1 to 100 phases"},
        {"{\"do\":\"dance\"}", "", "phase 1: do: it takes one of start allocate"},
        {WAIT ",{}", "", "phase 2: do: it takes one of"},
        {WAIT ",{\"do\":\"wait\"}", "", "phase 2 (wait): ms: it is missing"},
        {"{\"do\":\"wait\",\"ms\":1,\"mss\":2}", "", "phase 1 (wait): mss: there is no such member"},
        {"{\"do\":\"wait\",\"ms\":-1}", "", "phase 1 (wait): ms: it takes a number from 0 to"},
        {"{\"do\":\"wait\",\"ms\":\"1\"}", "", "phase 1 (wait): ms: it takes a number"},
        {"{\"do\":\"drop\",\"share\":1.1}", "", "phase 1 (drop): share: it takes a number from 0 to 1"},
        {"{\"do\":\"drop\",\"share\":1,\"stay_away\":1}", "", "stay_away: it takes true or false"},
        {"{\"do\":\"allocate\",\"sku\":\"a\\\"b\",\"units\":1}", "", "phase 1 (allocate): sku: it takes a text"},
        {"{\"do\":\"pins\",\"skus\":[],\"count\":1,\"every_ms\":1}", "", "phase 1 (pins): skus: it takes a list"},
        {"{\"do\":\"pins\",\"skus\":[1],\"count\":1,\"every_ms\":1}", "", "phase 1 (pins): skus: it takes a text"},
        {"{\"do\":\"pins\",\"skus\":[\"a\"],\"count\":3,\"every_ms\":1}", "", "skus: a twice in a row"},
        {"{\"do\":\"pins\",\"skus\":[\"a\",\"b\",\"b\"],\"count\":3,\"every_ms\":1}", "", "skus: b twice in a row"},
        {"{\"do\":\"pins\",\"skus\":[\"a\",\"b\",\"a\"],\"count\":4,\"every_ms\":1}", "", "skus: a twice in a row"},
        {"{\"do\":\"reserve\",\"sku\":\"a\",\"seconds\":1,\"then\":\"eat\"}", "",
         "then: it takes keep, release or pay"},
        {WAIT, ",\"speed\":2", "the scenario: speed: there is no such member"},
        {WAIT, ",\"while\":{}", "while: it takes a list"},
        {WAIT, ",\"while\":[{\"do\":\"clock\",\"every_ms\":1}]", "while 1 (clock): lag_ms: it is missing"},
        {WAIT, ",\"while\":[{\"do\":\"clock\",\"every_ms\":1,\"lag_ms\":[5,1]}]", "lag_ms: it takes [least, most]"},
        {WAIT, ",\"while\":[{\"do\":\"clock\",\"every_ms\":1,\"lag_ms\":[1]}]", "lag_ms: it takes [least, most]"},
        {WAIT, ",\"thresholds\":{\"pin_lst_ms.p99\":{\"at_most\":1}}",
         "thresholds: pin_lst_ms.p99: there is no such figure"},
        {WAIT, ",\"thresholds\":{\"phase2.pin_ms.p99\":{\"at_most\":1}}", "phase2.pin_ms.p99: there is no such figure"},
        {WAIT, ",\"thresholds\":{\"pin_ms.p99\":{}}", "it takes at_most or at_least"},
        {WAIT, ",\"thresholds\":{\"pin_ms.p99\":{\"at_most\":\"1\"}}", "at_most: it takes"},
        {WAIT, ",\"thresholds\":{\"pin_ms.p99\":{\"at_most\":1,\"of\":\"x\"}}", "of: there is no such figure as x"},
        {WAIT, ",\"ramp\":[{\"share\":1,\"seconds\":1}]", "ramp: ramp_per_second says it already"},
    };
    struct scenario *s;
    struct scenario_fault fault;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_int_equal(load_phases(wrong[i].phases, wrong[i].more, &s, &fault), RESULT_MALFORMED);
        if (strstr(fault.text, wrong[i].said) == NULL || strncmp(fault.text, "/tmp/ls-scenario-", 17) != 0)
            fail_msg("case %zu was told: %s", i, fault.text);
    }
}

static void what_is_no_scenario_at_all_is_refused(void **state)
{
    static const char *const wrong[][2] = {
        {"{\"name\":\"x\"", "line 1"},
        {"[]", "it takes one object"},
        {"{}", "name: it takes a text"},
        {"{\"name\":\"x\",\"phases\":[" WAIT "]}", "ramp_per_second: it takes a number"},
        {"{\"name\":\"x\",\"name\":\"x\"}", "duplicate"},
        {"{\"name\":\"x\",\"ramp\":[{\"share\":0.4,\"seconds\":1}],\"phases\":[" WAIT "]}", "the shares add up to 0.4"},
        {"{\"name\":\"x\",\"ramp\":[{\"share\":0.4}],\"phases\":[" WAIT "]}", "ramp 1: seconds: it is missing"}};
    struct scenario *s;
    struct scenario_fault fault;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_int_equal(load(wrong[i][0], &s, &fault), RESULT_MALFORMED);
        if (strstr(fault.text, wrong[i][1]) == NULL)
            fail_msg("case %zu was told: %s", i, fault.text);
    }
    assert_int_equal(scenario_load("/nowhere/x.json", &s, &fault), RESULT_MALFORMED);
    assert_string_equal(fault.text, "--scenario: cannot read \"/nowhere/x.json\": No such file or directory");
    assert_int_equal(scenario_load("/tmp", &s, &fault), RESULT_MALFORMED);
    assert_string_equal(fault.text, "--scenario: cannot read \"/tmp\": Is a directory");
}

static void members_arrive_where_they_belong(void **state)
{
    struct scenario *s;
    struct scenario_fault fault;
    (void)state;
    assert_int_equal(
        load_phases("{\"do\":\"pins\",\"skus\":[\"a\",\"b\"],\"count\":4,\"every_ms\":250},"
                    "{\"do\":\"reserve\",\"sku\":\"a\",\"seconds\":2,\"per_second\":10,\"then\":\"pay\"},"
                    "{\"do\":\"drop\",\"share\":0.5,\"stay_away\":false}",
                    ",\"while\":[{\"do\":\"come_and_go\",\"per_second\":3,\"away_ms\":[10,20]},"
                    "{\"do\":\"reserve\",\"sku\":\"b\",\"per_second\":7}],"
                    "\"thresholds\":{\"phase1.pin_ms.p99\":{\"at_most\":3,\"at_least\":1,\"of\":\"pin_ms.p50\"}}",
                    &s, &fault),
        RESULT_OK);
    assert_int_equal(s->phases_count, 3);
    assert_int_equal(s->phases[0].skus_count, 2);
    assert_string_equal(s->phases[0].skus[1], "b");
    assert_true(s->phases[1].per_second == 10 && s->phases[1].qty == 1);
    assert_string_equal(s->phases[1].then, "pay");
    assert_false(s->phases[2].stay_away);
    assert_true(s->needs_host);
    assert_int_equal(s->manners[0].kind, MANNER_COME_AND_GO);
    assert_true(s->manners[0].away_ms[0] == 10 && s->manners[0].away_ms[1] == 20);
    assert_string_equal(s->manners[1].wishes.sku, "b");
    assert_true(s->manners[1].wishes.per_second == 7);
    assert_true(s->thresholds[0].has_most && s->thresholds[0].has_least && s->thresholds[0].most == 3);
    assert_string_equal(s->thresholds[0].of, "pin_ms.p50");
    assert_int_equal(scenario_planned_ms(s, 50), 500 + 1000 + 2000);
    scenario_destroy(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_ones_are_refused_by_place_and_name),
        cmocka_unit_test(what_is_no_scenario_at_all_is_refused),
        cmocka_unit_test(members_arrive_where_they_belong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
