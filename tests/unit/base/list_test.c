#include "base/list.h"
#include "tests/unit/unit.h"

struct item {
    int number;
    struct list link;
};

/* The numbers on the list as one decimal number: 1, 2, 3 is 123. */
static int digits(const struct list *head)
{
    int sum = 0;
    list_for_each (at, head)
        sum = sum * 10 + container_of(at, struct item, link)->number;
    return sum;
}

static void pushes_keep_their_order(void **state)
{
    (void)state;
    struct list head;
    struct item a = {.number = 1}, b = {.number = 2}, c = {.number = 3};
    list_init(&head);
    assert_true(list_is_empty(&head));
    list_push_back(&head, &b.link);
    list_push_back(&head, &c.link);
    list_push_front(&head, &a.link);
    assert_int_equal(digits(&head), 123);
    list_move(&head, &a.link);
    assert_int_equal(digits(&head), 231);
}

static void removing_twice_is_harmless(void **state)
{
    (void)state;
    struct list head;
    struct item a = {.number = 1}, b = {.number = 2};
    list_init(&head);
    list_remove(&a.link); /* zeroed: never was on a list */
    assert_false(list_is_linked(&a.link));
    list_push_back(&head, &a.link);
    list_push_back(&head, &b.link);
    assert_true(list_is_linked(&a.link));
    list_remove(&a.link);
    list_remove(&a.link);
    assert_false(list_is_linked(&a.link));
    assert_int_equal(digits(&head), 2);
}

static void a_walk_survives_removal_of_where_it_is(void **state)
{
    (void)state;
    struct list head;
    struct item items[4] = {{.number = 1}, {.number = 2}, {.number = 3}, {.number = 4}};
    list_init(&head);
    for (int i = 0; i < 4; i++)
        list_push_back(&head, &items[i].link);
    list_for_each (at, &head)
        if (container_of(at, struct item, link)->number % 2 == 0)
            list_remove(at);
    assert_int_equal(digits(&head), 13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pushes_keep_their_order),
        cmocka_unit_test(removing_twice_is_harmless),
        cmocka_unit_test(a_walk_survives_removal_of_where_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
