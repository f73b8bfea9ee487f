/* The ring: what was appended is found again, whole, until it is gone. */
#include "ws/lws/ring_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "tests/unit/unit.h"
#include "ws/lws/frame.h"

static void rounds_up_to_pages(void **state)
{
    (void)state;
    struct ring_log r;
    assert_int_equal(ring_log_init(&r, 1), RESULT_OK);
    assert_true(r.capacity >= 4096 && (r.capacity & (r.capacity - 1)) == 0);
    ring_log_finish(&r);
    assert_int_equal(ring_log_init(&r, 70000), RESULT_OK);
    assert_int_equal(r.capacity, 131072);
    ring_log_finish(&r);
    ring_log_finish(&r);
}

/* The stretch from any offset that is held reads as it was written, across the wrap too. */
static void holds_the_last_bytes_in_one_piece(void **state)
{
    (void)state;
    struct ring_log r;
    struct rng rng;
    rng_seed(&rng, 7);
    assert_int_equal(ring_log_init(&r, 4096), RESULT_OK);
    size_t total = 10 * r.capacity, written = 0;
    char *all = malloc(total + r.capacity);
    while (written < total) {
        char frame[700];
        size_t len = 1 + rng_below(&rng, sizeof frame);
        for (size_t i = 0; i < len; i++)
            frame[i] = (char)rng_next(&rng);
        memcpy(all + written, frame, len);
        written += len;
        ring_log_append(&r, frame, len);
        assert_int_equal(r.head, written);
        uint64_t from = written > r.capacity ? written - r.capacity : 0;
        assert_true(ring_log_holds(&r, from));
        assert_false(from > 0 && ring_log_holds(&r, from - 1));
        assert_false(ring_log_holds(&r, written + 1));
        assert_memory_equal(ring_log_at(&r, from), all + from, written - from);
    }
    free(all);
    ring_log_finish(&r);
}

static void events_are_found_by_seq_until_they_are_gone(void **state)
{
    (void)state;
    struct ring_log r;
    uint64_t offset, ends[2000] = {0};
    assert_int_equal(ring_log_init(&r, 4096), RESULT_OK);
    assert_false(ring_log_behind(&r, 0, &offset));
    for (uint64_t seq = 1; seq < 2000; seq++) {
        char frame[64];
        memset(frame, (int)seq, sizeof frame);
        ring_log_append_event(&r, seq, frame, 40 + seq % 20);
        ring_log_append(&r, "value", 5);
        ends[seq] = r.head - 5;
        for (uint64_t back = seq > 120 ? seq - 120 : 1; back <= seq; back++) {
            bool held = r.head - ends[back] <= r.capacity;
            assert_int_equal(ring_log_behind(&r, back, &offset), held);
            if (held)
                assert_int_equal(offset, ends[back]);
        }
        assert_false(ring_log_behind(&r, seq + 1, &offset));
        assert_false(ring_log_behind(&r, 0, &offset));
    }
    ring_log_finish(&r);
}

static void another_history_starts_the_index_anew(void **state)
{
    (void)state;
    struct ring_log r;
    uint64_t offset;
    assert_int_equal(ring_log_init(&r, 4096), RESULT_OK);
    for (uint64_t seq = 1; seq <= 9; seq++)
        ring_log_append_event(&r, seq, "0123456789", 10);
    ring_log_append_event(&r, 4, "abc", 3); /* folded again from elsewhere */
    assert_false(ring_log_behind(&r, 3, &offset));
    assert_true(ring_log_behind(&r, 4, &offset));
    assert_int_equal(offset, r.head);
    assert_false(ring_log_behind(&r, 9, &offset));
    ring_log_finish(&r);
}

static void a_break_throws_everyone_off(void **state)
{
    (void)state;
    struct ring_log r;
    uint64_t offset;
    assert_int_equal(ring_log_init(&r, 4096), RESULT_OK);
    ring_log_append_event(&r, 1, "one", 3);
    uint64_t before = r.head;
    ring_log_break(&r);
    assert_false(ring_log_holds(&r, before));
    assert_false(ring_log_holds(&r, 0));
    assert_true(ring_log_holds(&r, r.head));
    assert_false(ring_log_behind(&r, 1, &offset));
    ring_log_append_event(&r, 2, "two", 3);
    assert_true(ring_log_behind(&r, 2, &offset));
    ring_log_finish(&r);
}

static void a_frame_larger_than_the_ring_breaks_it(void **state)
{
    (void)state;
    struct ring_log r;
    uint64_t offset;
    assert_int_equal(ring_log_init(&r, 4096), RESULT_OK);
    size_t len = r.capacity + 1;
    char *frame = calloc(1, len);
    ring_log_append_event(&r, 1, "one", 3);
    ring_log_append_event(&r, 2, frame, len);
    assert_false(ring_log_behind(&r, 1, &offset));
    assert_true(ring_log_behind(&r, 2, &offset)); /* who has seen it goes on from here */
    assert_int_equal(offset, r.head);
    ring_log_append_event(&r, 3, frame, r.capacity); /* exactly fits */
    assert_true(ring_log_behind(&r, 2, &offset));
    free(frame);
    ring_log_finish(&r);
}

/* ---- frames ---- */

static void frames_of_all_sizes(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 125, 126, 127, 65535, 65536, 70000};
    static const size_t heads[] = {2, 2, 2, 4, 4, 4, 10, 10};
    char *payload = malloc(70000);
    memset(payload, 'x', 70000);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct bytes b = {0};
        frame_begin(&b);
        bytes_append(&b, payload, sizes[i]);
        struct span f = frame_seal(&b, FRAME_TEXT);
        assert_int_equal(f.len, heads[i] + sizes[i]);
        assert_int_equal((unsigned char)f.data[0], 0x81);
        assert_int_equal(frame_size(f.data), f.len);
        assert_memory_equal(f.data + heads[i], payload, sizes[i]);
        bytes_finish(&b);
    }
    free(payload);
}

static void a_cut_is_completed_to_the_end_of_its_frame(void **state)
{
    (void)state;
    struct bytes b = {0}, stream = {0};
    size_t ends[3];
    static const size_t sizes[] = {5, 300, 0};
    for (size_t i = 0; i < 3; i++) {
        frame_begin(&b);
        for (size_t n = 0; n < sizes[i]; n++)
            bytes_append(&b, "y", 1);
        struct span f = frame_seal(&b, FRAME_TEXT);
        bytes_append(&stream, f.data, f.len);
        ends[i] = stream.len;
    }
    for (size_t cut = 1; cut <= stream.len; cut++) {
        size_t wanted = cut <= ends[0] ? ends[0] : cut <= ends[1] ? ends[1] : ends[2];
        assert_int_equal(frame_whole(stream.data, cut), wanted);
    }
    bytes_finish(&b);
    bytes_finish(&stream);
}

static void no_memory_gives_an_empty_frame(void **state)
{
    (void)state;
    struct bytes b;
    bytes_init(&b, 64);
    frame_begin(&b);
    bytes_format(&b, "%200s", "");
    assert_int_equal(frame_seal(&b, FRAME_TEXT).len, 0);
    bytes_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounds_up_to_pages),
        cmocka_unit_test(holds_the_last_bytes_in_one_piece),
        cmocka_unit_test(events_are_found_by_seq_until_they_are_gone),
        cmocka_unit_test(another_history_starts_the_index_anew),
        cmocka_unit_test(a_break_throws_everyone_off),
        cmocka_unit_test(a_frame_larger_than_the_ring_breaks_it),
        cmocka_unit_test(frames_of_all_sizes),
        cmocka_unit_test(a_cut_is_completed_to_the_end_of_its_frame),
        cmocka_unit_test(no_memory_gives_an_empty_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
