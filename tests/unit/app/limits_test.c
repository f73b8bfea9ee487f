#include "app/limits.h"

#include <stdint.h>
#include <string.h>

#include "tests/unit/unit.h"

/* The table of the docs is the truth only as long as nobody changes a module's default beside it. */
static void the_tables_defaults_are_the_modules_own(void **state)
{
    struct config c;
    struct fault fault;
    struct net_limits net;
    struct orchestrator_limits show;
    (void)state;
    assert_int_equal(config_load(0, NULL, NULL, "", &c, &fault), RESULT_OK);
    limits_of_net(&c, &net);
    limits_of_orchestrator(&c, &show);
    assert_memory_equal(&net, &net_limits_default, sizeof net);
    assert_memory_equal(&show, &orchestrator_limits_default, sizeof show);
    config_finish(&c);
}

static void what_is_promised_fits_into_what_may_be_opened(void **state)
{
    struct fault fault;
    (void)state;
    for (uint64_t files = LIMITS_FILES_MIN; files < 30000; files++) {
        struct net_limits net = net_limits_default;
        assert_int_equal(limits_fit_files(&net, files, &fault), RESULT_OK);
        assert_true(limits_sockets(&net) + 32 <= files);
        assert_true(net.conns_max >= 16 && net.conns_max <= net_limits_default.conns_max);
        assert_true(net.conns_max >= files / 4 || net.conns_max == net_limits_default.conns_max);
        assert_true(net.handshakes_max >= 16 && net.http_requests_max >= 16);
    }
    struct net_limits net = net_limits_default, few = net_limits_default;
    assert_int_equal(limits_fit_files(&net, limits_sockets(&net) + 256, &fault), RESULT_OK);
    assert_memory_equal(&net, &net_limits_default, sizeof net);
    assert_int_equal(limits_fit_files(&net, UINT64_MAX, &fault), RESULT_OK);
    assert_memory_equal(&net, &net_limits_default, sizeof net);
    assert_int_equal(limits_fit_files(&net, LIMITS_FILES_MIN - 1, &fault), RESULT_MALFORMED);
    assert_non_null(strstr(fault.text, "ulimit -n is 127"));
    assert_int_equal(limits_fit_files(&net, 20000, &fault), RESULT_OK);
    assert_true(net.conns_max > 19000);
    few.conns_max = 1;
    assert_int_equal(limits_fit_files(&few, LIMITS_FILES_MIN, &fault), RESULT_OK);
    assert_int_equal(few.conns_max, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tables_defaults_are_the_modules_own),
        cmocka_unit_test(what_is_promised_fits_into_what_may_be_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
