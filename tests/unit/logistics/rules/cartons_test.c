#include <math.h>

#include "logistics/rules/cartons.h"
#include "tests/unit/unit.h"

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-9)

/* Large is named first: the smallest is chosen by its volume, not its place. */
static const struct logistics_plan shop = {
    .cartons = {{.size_mm = {600, 400, 400}, .weight_max_g = 20000, .tare_g = 900},
                {.size_mm = {200, 150, 100}, .weight_max_g = 2000, .tare_g = 80},
                {.size_mm = {900, 100, 100}, .weight_max_g = 5000, .tare_g = 150}},
    .cartons_count = 3,
    .fill_per_mille = 700,
    .cm3_per_kg = 5000,
};

static void packs(const struct parcel_goods *goods, uint16_t carton, uint32_t count)
{
    struct packing p = cartons_pack(&shop, goods);
    assert_int_equal(p.carton, carton);
    assert_int_equal(p.count, count);
}

static void the_smallest_that_takes_it(void **state)
{
    (void)state;
    packs(&(struct parcel_goods){.cm3 = 2100, .grams = 500, .longest_mm = 190, .units = 3}, 1, 1);  /* 3000 cm3 x 0.7 */
    packs(&(struct parcel_goods){.cm3 = 2101, .grams = 500, .longest_mm = 190, .units = 3}, 2, 1);  /* too large */
    packs(&(struct parcel_goods){.cm3 = 2100, .grams = 2001, .longest_mm = 190, .units = 3}, 2, 1); /* too heavy */
    packs(&(struct parcel_goods){.cm3 = 2100, .grams = 500, .longest_mm = 201, .units = 3}, 2, 1);  /* too long */
    packs(&(struct parcel_goods){.cm3 = 6301, .grams = 500, .longest_mm = 190, .units = 3}, 0, 1);
    packs(&(struct parcel_goods){.cm3 = 0, .grams = 0, .longest_mm = 0, .units = 1}, 1, 1);
}

static void several_when_none_takes_it_whole(void **state)
{
    (void)state;
    packs(&(struct parcel_goods){.cm3 = 150000, .grams = 9000, .longest_mm = 300, .units = 40}, 0, 3); /* 67200 each */
    packs(&(struct parcel_goods){.cm3 = 1000, .grams = 45000, .longest_mm = 100, .units = 9}, 0, 3);
}

static void what_no_carton_takes_ships_as_it_is(void **state)
{
    (void)state;
    packs(&(struct parcel_goods){.cm3 = 1000, .grams = 500, .longest_mm = 901, .units = 1}, CARTON_NONE, 1);
    packs(&(struct parcel_goods){.cm3 = 1000, .grams = 30000, .longest_mm = 100, .units = 1}, CARTON_NONE, 1);
    packs(&(struct parcel_goods){.cm3 = 3000, .grams = 500, .longest_mm = 1200, .units = 3}, CARTON_NONE, 3);
}

static void weights(void **state)
{
    (void)state;
    struct packing p =
        cartons_pack(&shop, &(struct parcel_goods){.cm3 = 2100, .grams = 500, .longest_mm = 190, .units = 3});
    NEAR(p.cm3, 3000);
    NEAR(p.grams, 580);
    NEAR(p.billed_grams, 600); /* 3000 cm3 at 5000 per kg */
    p = cartons_pack(&shop, &(struct parcel_goods){.cm3 = 2100, .grams = 1000, .longest_mm = 190, .units = 3});
    NEAR(p.billed_grams, 1080);
    struct logistics_plan by_weight = shop;
    by_weight.cm3_per_kg = 0;
    p = cartons_pack(&by_weight, &(struct parcel_goods){.cm3 = 2100, .grams = 500, .longest_mm = 190, .units = 3});
    NEAR(p.billed_grams, 580);
}

static void a_shop_without_cartons(void **state)
{
    (void)state;
    struct packing p =
        cartons_pack(&(struct logistics_plan){0}, &(struct parcel_goods){.cm3 = 2100, .grams = 500, .units = 3});
    assert_int_equal(p.carton, CARTON_NONE);
    assert_int_equal(p.count, 1);
    NEAR(p.cm3, 2100);
    NEAR(p.billed_grams, 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_that_takes_it),
        cmocka_unit_test(several_when_none_takes_it_whole),
        cmocka_unit_test(what_no_carton_takes_ships_as_it_is),
        cmocka_unit_test(weights),
        cmocka_unit_test(a_shop_without_cartons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
