/* What is refused before anybody is asked: too many, not allowed, not there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/world.h"
#include "tests/unit/unit.h"

#define SEED 5

static void too_many_at_once_hear_so_and_the_others_are_served(void **state)
{
    (void)state;
    struct orchestrator_limits limits = orchestrator_limits_default;
    limits.requests_in_flight_max = 2;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .limits = limits});
    world_do(w, "host stocks mug-red 9; viewer a comes; viewer b comes; viewer c comes");
    world_forget_trace(w);
    world_set_faults(w, &(struct world_faults){.slow = 1000, .slow_ms_max = 200});
    world_do(w, "viewer a reserves mug-red; viewer b reserves mug-red; viewer c reserves mug-red; host pins mug-red");
    world_run_ms(w, 600);
    world_expect(w, "[    0] c     refused reserve: overloaded\n"
                    "[   51] *     shelf mug-red 9 free, 0 held, 0 sold\n"
                    "[  156] *     4 pin 0 mug-red\n"
                    "[  271] a     held mug-red at 1290 until 60186\n"
                    "[  288] host  ok 4\n"
                    "[  370] *     shelf mug-red 7 free, 2 held, 0 sold\n"
                    "[  511] b     held mug-red at 1290 until 60350\n");
    world_close(w);
}

static void another_shops_host_and_a_viewer_with_a_hosts_wish_are_refused(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED});
    world_do(
        w,
        "shop creates autumn Autumn show; viewer a pins mug-red; viewer a stocks mug-red 5; planner reserves mug-red");
    struct command elsewhere = {.kind = COMMAND_PIN_SET, .sku = {"mug-red"}, .broadcast = {"autumn"}};
    assert_true(world_submit(w, world_person(w, "host", ROLE_HOST), &elsewhere));
    world_run_ms(w, 10);
    world_expect(w, "[    0] *     1 begun\n"
                    "[    0] shop  broadcast autumn draft created\n"
                    "[    0] a     snapshot at 3\n"
                    "[    0] a     refused pin.set: forbidden\n"
                    "[    0] a     refused stock.allocate: forbidden\n"
                    "[    0] planner snapshot at 3\n"
                    "[    0] planner refused reserve: forbidden\n"
                    "[    0] host  refused pin.set: forbidden\n");
    world_close(w);
}

struct opening {
    struct orchestrator_open open;
    bool told;
};

static void on_opened(struct orchestrator_open *open) { container_of(open, struct opening, open)->told = true; }

static enum result open_on(struct world *w, unsigned node, const char *broadcast)
{
    struct opening opening = {.open = {.shop = {"demo"}, .done = on_opened}};
    if (broadcast != NULL)
        assert_int_equal(ID_PARSE(&opening.open.broadcast, broadcast, strlen(broadcast)), RESULT_OK);
    orchestrator_open(world_orchestrator(w, node), &opening.open);
    assert_false(opening.told); /* never from inside the call */
    world_run_ms(w, 5000);
    assert_true(opening.told);
    return opening.open.result;
}

static void what_does_not_exist_is_not_found_and_takes_no_place(void **state)
{
    (void)state;
    struct orchestrator_limits limits = orchestrator_limits_default;
    limits.broadcasts_max = 3;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .limits = limits});
    for (int i = 0; i < 10; i++) {
        char name[24];
        snprintf(name, sizeof name, "ghost-%d", i);
        assert_int_equal(open_on(w, 1, name), RESULT_NOT_FOUND);
    }
    assert_int_equal(open_on(w, 1, "spring-drop"), RESULT_OK);
    assert_int_equal(open_on(w, 1, NULL), RESULT_OK);
    world_forget_trace(w);
    world_close(w);
}

static void a_watched_broadcast_is_never_closed_for_another(void **state)
{
    (void)state;
    struct orchestrator_limits limits = orchestrator_limits_default;
    limits.broadcasts_max = 2;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .limits = limits});
    world_do(w, "shop creates autumn Autumn show; shop creates winter Winter show; viewer a comes");
    assert_int_equal(open_on(w, 1, "winter"), RESULT_OK); /* autumn, which nobody watches, made room */
    assert_int_equal(open_on(w, 1, "autumn"), RESULT_OK);
    struct world_person *reader = world_person(w, "planner", ROLE_LOGISTICS);
    assert_non_null(
        orchestrator_show(world_orchestrator(w, 1), &(struct shop_id){"demo"}, &(struct broadcast_id){"spring-drop"}));
    orchestrator_joined(world_orchestrator(w, 1), &(struct shop_id){"demo"}, &(struct broadcast_id){"autumn"},
                        ROLE_LOGISTICS);
    assert_int_equal(open_on(w, 1, "winter"), RESULT_FULL); /* both are watched */
    orchestrator_left(world_orchestrator(w, 1), &(struct shop_id){"demo"}, &(struct broadcast_id){"autumn"},
                      ROLE_LOGISTICS);
    assert_int_equal(open_on(w, 1, "winter"), RESULT_OK);
    assert_false(world_is_connected(reader));
    world_forget_trace(w);
    world_close(w);
}

static void who_cannot_be_let_in_in_time_hears_so(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .nodes = 2});
    world_do(w, "node 2 cut");
    assert_int_equal(open_on(w, 2, "spring-drop"), RESULT_UNAVAILABLE);
    world_do(w, "node 2 back");
    assert_int_equal(open_on(w, 2, "spring-drop"), RESULT_OK);
    struct opening opening = {.open = {.shop = {"demo"}, .broadcast = {"spring-drop"}, .done = on_opened}};
    orchestrator_open(world_orchestrator(w, 1), &opening.open);
    orchestrator_open_cancel(world_orchestrator(w, 1), &opening.open);
    world_run_ms(w, 5000);
    assert_false(opening.told);
    world_forget_trace(w);
    world_close(w);
}

static void a_catalogue_larger_than_an_entry_arrives_whole(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .nodes = 2});
    size_t count = 3000;
    struct product *products = calloc(count, sizeof *products);
    assert_non_null(products);
    for (size_t i = 0; i < count; i++) {
        snprintf(products[i].sku.text, sizeof products[i].sku.text, "sku-%zu", i);
        snprintf(products[i].title, sizeof products[i].title, "Thing %zu", i);
        products[i].price = (struct money){.minor = 100, .currency = "EUR"};
    }
    struct command put = {.kind = COMMAND_CATALOGUE_PUT, .products = products, .products_count = count};
    world_do(w, "host comes; viewer b@2 comes 2");
    world_set_faults(w, &(struct world_faults){.slow = 500, .slow_ms_max = 30});
    assert_true(world_submit(w, world_person(w, "shop", ROLE_INTEGRATOR), &put));
    world_do(w, "shop creates autumn Autumn show"); /* comes between, so it starts again */
    world_run_ms(w, 2000);
    for (unsigned node = 1; node <= 2; node++) {
        const struct show_view *show = orchestrator_show(world_orchestrator(w, node), &(struct shop_id){"demo"},
                                                         &(struct broadcast_id){"spring-drop"});
        assert_int_equal(show->catalogue->by_sku.count, count);
        assert_non_null(catalogue_find(show->catalogue, "sku-2999"));
        assert_null(catalogue_find(show->catalogue, "mug-red"));
    }
    world_forget_trace(w);
    world_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_many_at_once_hear_so_and_the_others_are_served),
        cmocka_unit_test(another_shops_host_and_a_viewer_with_a_hosts_wish_are_refused),
        cmocka_unit_test(what_does_not_exist_is_not_found_and_takes_no_place),
        cmocka_unit_test(a_watched_broadcast_is_never_closed_for_another),
        cmocka_unit_test(who_cannot_be_let_in_in_time_hears_so),
        cmocka_unit_test(a_catalogue_larger_than_an_entry_arrives_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
