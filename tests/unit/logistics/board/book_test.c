/* An estimate log as the board uses it: the fence, and entries that must get in whatever the head is. */
#include "inventory/memory/memory.h"
#include "logistics/board/book.h"
#include "tests/support/fake_clock.h"
#include "tests/unit/unit.h"
#include "ws/wire/journal_codec.h"

static const struct shop_id shop = {"demo"};
static const struct broadcast_id show = {"drop"};
static const struct journal_codec codec = {.encode = journal_encode, .decode = journal_decode};

struct reader {
    struct book book;
    unsigned entries, caught_up, rewound;
    enum journal_kind last;
};
static void read_entry(struct book *book, struct journal *j)
{
    struct reader *r = container_of(book, struct reader, book);
    r->entries++;
    r->last = j->kind;
    assert_int_equal(j->seq, book->head);
}
static void read_caught_up(struct book *book) { container_of(book, struct reader, book)->caught_up++; }
static void read_rewound(struct book *book) { container_of(book, struct reader, book)->rewound++; }
static const struct book_reader reader = {.entry = read_entry, .caught_up = read_caught_up, .rewound = read_rewound};

struct stage {
    struct fake_clock clock;
    struct memory_world *world;
    struct memory_node *nodes[2];
    struct reader readers[2];
    struct memory_fate fate; /* of appends */
};

static void stage_fate(void *ctx, const struct memory_delivery *delivery, struct memory_fate *fate)
{
    const struct stage *s = ctx;
    if (delivery->channel == MEMORY_APPEND)
        *fate = s->fate;
}

static void stage_open(struct stage *s)
{
    static const struct node_id ids[] = {{"n1"}, {"n2"}};
    *s = (struct stage){0};
    fake_clock_init(&s->clock, 1000);
    s->world = memory_world_create(&(struct memory_config){.fate = stage_fate, .ctx = s, .keeps_history = true});
    for (size_t i = 0; i < 2; i++) {
        s->nodes[i] = memory_attach(s->world, &ids[i], &s->clock.clock);
        book_init(&s->readers[i].book, memory_log(s->nodes[i]), &codec, &reader, &shop, &show);
        book_follow(&s->readers[i].book);
    }
    fake_clock_run_until(&s->clock, 1000);
}

static void stage_run(struct stage *s, int64_t ms) { fake_clock_run_until(&s->clock, s->clock.now_ms + ms); }

static void stage_close(struct stage *s)
{
    for (size_t i = 0; i < 2; i++) {
        book_stop(&s->readers[i].book);
        memory_detach(s->nodes[i]);
        book_finish(&s->readers[i].book);
    }
    memory_world_destroy(s->world);
    fake_clock_finish(&s->clock);
}

struct said {
    unsigned times;
    enum result result;
    uint64_t seq;
};
static void written(struct book_wish *wish)
{
    struct said *said = wish->ctx;
    said->times++;
    said->result = wish->result;
    said->seq = wish->seq;
}

static void says(struct stage *s, size_t node, enum journal_kind kind, bool fenced, struct said *said)
{
    struct journal j = {.kind = kind, .ms = 5};
    assert_true(book_write(&s->readers[node].book, &j, fenced, written, said));
    assert_int_equal(said->times, 0); /* never from inside the call */
}

static void of_two_that_saw_the_same_head_one_gets_in(void **state)
{
    (void)state;
    struct stage s;
    struct said a = {0}, b = {0};
    stage_open(&s);
    says(&s, 0, JOURNAL_TICK, true, &a);
    says(&s, 1, JOURNAL_TICK, true, &b);
    stage_run(&s, 100);
    assert_int_equal(a.times + b.times, 2);
    assert_int_equal((a.result == RESULT_OK) + (b.result == RESULT_OK), 1);
    assert_int_equal((a.result == RESULT_CONFLICT) + (b.result == RESULT_CONFLICT), 1);
    assert_int_equal(s.readers[0].entries, 1);
    assert_int_equal(s.readers[1].entries, 1);
    stage_close(&s);
}

/* Asleep with an append in its hands: what others wrote meanwhile keeps it out. */
static void who_was_asleep_finds_the_head_taken(void **state)
{
    (void)state;
    struct stage s;
    struct said late = {0}, quick = {0};
    stage_open(&s);
    s.fate.after_ms = 500;
    says(&s, 0, JOURNAL_ESTIMATE, true, &late);
    s.fate.after_ms = 0;
    says(&s, 1, JOURNAL_TICK, true, &quick);
    stage_run(&s, 1000);
    assert_int_equal(quick.result, RESULT_OK);
    assert_int_equal(late.times, 1);
    assert_int_equal(late.result, RESULT_CONFLICT);
    assert_int_equal(s.readers[1].entries, 1);
    assert_int_equal(s.readers[1].last, JOURNAL_TICK);
    stage_close(&s);
}

static void what_must_get_in_gets_in_behind_whatever_there_is(void **state)
{
    (void)state;
    struct stage s;
    struct said a[4] = {0}, b[4] = {0};
    stage_open(&s);
    for (size_t i = 0; i < 4; i++) {
        says(&s, 0, JOURNAL_STAMP, false, &a[i]);
        says(&s, 1, JOURNAL_SETTLED, false, &b[i]);
    }
    stage_run(&s, 1000);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(a[i].result, RESULT_OK);
        assert_int_equal(b[i].result, RESULT_OK);
    }
    assert_int_equal(s.readers[0].entries, 8);
    assert_true(book_is_idle(&s.readers[0].book));
    stage_close(&s);
}

static void silence_and_absence_are_told_apart(void **state)
{
    (void)state;
    struct stage s;
    struct said lost = {0}, away = {0};
    stage_open(&s);
    s.fate.silent = true; /* it stands there, and nobody says so */
    says(&s, 0, JOURNAL_TICK, true, &lost);
    stage_run(&s, 2000);
    assert_int_equal(lost.result, RESULT_NO_ANSWER);
    assert_int_equal(s.readers[0].entries, 1);
    s.fate = (struct memory_fate){.unavailable = true};
    says(&s, 0, JOURNAL_TICK, true, &away);
    stage_run(&s, 2000);
    assert_int_equal(away.result, RESULT_UNAVAILABLE);
    assert_int_equal(s.readers[0].entries, 1);
    stage_close(&s);
}

static void a_lost_end_is_told_and_read_again(void **state)
{
    (void)state;
    struct stage s;
    struct said said = {0};
    stage_open(&s);
    for (size_t i = 0; i < 3; i++) {
        said = (struct said){0};
        says(&s, 0, JOURNAL_TICK, true, &said);
        stage_run(&s, 100);
    }
    assert_int_equal(s.readers[0].entries, 3);
    for (size_t i = 0; i < 2; i++)
        memory_cut(s.nodes[i], true);
    assert_int_equal(memory_forget(s.world, 1), 1);
    for (size_t i = 0; i < 2; i++)
        memory_cut(s.nodes[i], false);
    stage_run(&s, 100);
    assert_int_equal(s.readers[0].rewound, 1);
    assert_int_equal(s.readers[0].entries, 5); /* two of them again */
    assert_int_equal(s.readers[0].book.head, 2);
    said = (struct said){0};
    says(&s, 0, JOURNAL_SETTLED, true, &said);
    stage_run(&s, 100);
    assert_int_equal(said.result, RESULT_OK);
    assert_int_equal(said.seq, 3);
    book_again(&s.readers[1].book);
    stage_run(&s, 100);
    assert_int_equal(s.readers[1].book.head, 3);
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_two_that_saw_the_same_head_one_gets_in),
        cmocka_unit_test(who_was_asleep_finds_the_head_taken),
        cmocka_unit_test(what_must_get_in_gets_in_behind_whatever_there_is),
        cmocka_unit_test(silence_and_absence_are_told_apart),
        cmocka_unit_test(a_lost_end_is_told_and_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
