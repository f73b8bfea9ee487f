#include "app/limits.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_tables_defaults_are_the_modules_own)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
