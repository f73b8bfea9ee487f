#include "logistics/rules/volume.h"
#include "tests/unit/unit.h"

static void move(struct volume *v, enum volume_move what, const char *sku, int64_t units)
{
    assert_int_equal(volume_move(v, what, sku, units), RESULT_OK);
}

static void units_go_from_held_to_confirmed(void **state)
{
    (void)state;
    struct volume v;
    volume_init(&v);
    move(&v, VOLUME_TAKEN, "mug", 3);
    move(&v, VOLUME_TAKEN, "cap", 1);
    move(&v, VOLUME_SOLD, "mug", 3);
    move(&v, VOLUME_RETURNED, "cap", 1);
    move(&v, VOLUME_RETAKEN, "cap", 1);
    const struct volume_row *mug = volume_row(&v, "mug"), *cap = volume_row(&v, "cap");
    assert_int_equal(mug->held, 0);
    assert_int_equal(mug->confirmed, 3);
    assert_int_equal(cap->held, 0);
    assert_int_equal(cap->confirmed, 1);
    assert_int_equal(v.confirmed, 4);
    assert_int_equal(v.held, 0);
    assert_null(volume_row(&v, "hat"));
    volume_finish(&v);
}

static void foreign_text_is_no_sku(void **state)
{
    (void)state;
    struct volume v;
    volume_init(&v);
    assert_int_equal(volume_move(&v, VOLUME_TAKEN, "not a sku", 1), RESULT_MALFORMED);
    assert_int_equal(v.at.count, 0);
    assert_true(list_is_empty(&v.rows));
    assert_int_equal(v.held, 0);
    volume_finish(&v);
}

static void the_newest_point_is_exact_and_others_keep_their_distance(void **state)
{
    (void)state;
    struct course c;
    course_init(&c);
    course_add(&c, 1000, 0, 1);
    course_add(&c, 1500, 0, 2);
    assert_int_equal(c.count, 2);
    course_add(&c, 2000, 1, 2); /* nearer to 1000 than the gap: takes the place of 1500 */
    assert_int_equal(c.count, 2);
    assert_int_equal(c.points[1].ms, 2000);
    assert_int_equal(c.points[1].confirmed, 1);
    course_add(&c, 6000, 2, 2); /* 2000 is still too near to 1000, so it moves on */
    assert_int_equal(c.count, 2);
    course_add(&c, 6001, 3, 0);
    assert_int_equal(c.count, 3);
    assert_int_equal(c.points[2].ms, 6001);
    course_add(&c, 6001, 4, 0); /* of the same moment */
    assert_int_equal(c.count, 3);
    assert_int_equal(c.points[2].confirmed, 4);
    course_add(&c, 10, 5, 0); /* a clock that went back */
    assert_int_equal(c.points[c.count - 1].ms, 6001);
    assert_int_equal(c.points[c.count - 1].confirmed, 5);
}

static void a_long_course_halves_its_resolution_and_keeps_its_ends(void **state)
{
    (void)state;
    struct course c;
    course_init(&c);
    int64_t ms = 0;
    for (int i = 0; i < 100000; i++) {
        ms += 1 + (i * 7919) % 3000;
        course_add(&c, ms, i, i % 7);
        assert_true(c.count <= COURSE_POINTS_MAX);
        assert_int_equal(c.points[c.count - 1].ms, ms);
        assert_int_equal(c.points[c.count - 1].confirmed, i);
    }
    assert_true(c.gap_ms > COURSE_GAP_MS);
    assert_true(c.count > COURSE_POINTS_MAX / 2);
    for (size_t i = 1; i + 1 < c.count; i++)
        assert_true(c.points[i].ms - c.points[i - 1].ms >= c.gap_ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_go_from_held_to_confirmed),
        cmocka_unit_test(foreign_text_is_no_sku),
        cmocka_unit_test(the_newest_point_is_exact_and_others_keep_their_distance),
        cmocka_unit_test(a_long_course_halves_its_resolution_and_keeps_its_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
