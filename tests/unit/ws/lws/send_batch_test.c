/* One batch with every way a send can end, over both paths: what is said of each is the same. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/unit.h"
#include "ws/lws/frame.h"
#include "ws/lws/meters.h"
#include "ws/lws/send_batch.h"

#define BIG (4 << 20)

enum { TAKEN, CUT, FULL, DEAD, CASES };

static void pairs_open(int here[CASES], int there[CASES])
{
    for (int i = 0; i < CASES; i++) {
        int ends[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
        here[i] = ends[0];
        there[i] = ends[1];
    }
    close(there[DEAD]);
    there[DEAD] = -1;
}

static void fill(int fd, const char *data)
{
    while (send(fd, data, 4096, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
        ;
}

static void run_all(enum send_path path)
{
    static char data[BIG];
    struct send_batch *b = NULL;
    int here[CASES], there[CASES];
    pairs_open(here, there);
    fill(here[FULL], data);
    assert_int_equal(send_batch_create(path, &b), RESULT_OK);
    if (path == SEND_PATH_IO_URING && b->uring == NULL)
        print_message("the kernel allows no io_uring here\n");
    assert_int_equal(meters.send_path[SEND_PATH_IO_URING].value, b->uring != NULL);
    assert_int_equal(meters.send_path[SEND_PATH_SEND].value, b->uring == NULL);
    for (int i = 0; i < CASES; i++)
        b->deliveries[b->count++] =
            (struct delivery){.part = {.data = data, .len = i == CUT ? BIG : 100}, .fd = here[i], .seat = (uint32_t)i};
    send_batch_run(b);
    assert_int_equal(b->deliveries[TAKEN].sent, 100);
    assert_true(b->deliveries[CUT].sent > 0 && b->deliveries[CUT].sent < BIG);
    assert_int_equal(b->deliveries[FULL].sent, -EAGAIN);
    assert_int_equal(b->deliveries[DEAD].sent, -EPIPE);
    for (uint32_t i = 0; i < CASES; i++)
        assert_int_equal(b->deliveries[i].seat, i);
    for (int i = 0; i < CASES; i++) {
        close(here[i]);
        if (there[i] >= 0)
            close(there[i]);
    }
    send_batch_destroy(b);
}

static void plain_says_how_each_ended(void **state)
{
    (void)state;
    run_all(SEND_PATH_SEND);
}

static void io_uring_says_the_same(void **state)
{
    (void)state;
    run_all(SEND_PATH_IO_URING);
}

/* More rounds than the rings of io_uring are long, each full. */
static void full_batches_arrive_in_order(void **state)
{
    (void)state;
    for (enum send_path path = SEND_PATH_AUTO; path < SEND_PATHS; path++) {
        struct send_batch *b = NULL;
        int ends[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
        assert_int_equal(send_batch_create(path, &b), RESULT_OK);
        for (uint32_t round = 0; round < 20; round++) {
            static uint32_t words[SEND_BATCH_MAX], back[SEND_BATCH_MAX];
            for (b->count = 0; b->count < SEND_BATCH_MAX; b->count++) {
                words[b->count] = round * SEND_BATCH_MAX + b->count;
                b->deliveries[b->count] =
                    (struct delivery){.part = {.data = (char *)&words[b->count], .len = sizeof *words}, .fd = ends[0]};
            }
            send_batch_run(b);
            for (uint32_t i = 0; i < b->count; i++)
                assert_int_equal(b->deliveries[i].sent, sizeof *words);
            assert_int_equal(recv(ends[1], back, sizeof back, MSG_WAITALL), sizeof back);
            assert_memory_equal(back, words, sizeof back);
        }
        send_batch_destroy(b);
        close(ends[0]);
        close(ends[1]);
    }
}

static void frames_are_counted(void **state)
{
    (void)state;
    struct bytes frame = {0}, all = {0};
    static const size_t lengths[] = {0, 1, 125, 126, 65535, 65536};
    static char payload[65536];
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        assert_int_equal(frame_count(all.data, all.len), i);
        frame_begin(&frame);
        bytes_append(&frame, payload, lengths[i]);
        struct span sealed = frame_seal(&frame, FRAME_TEXT);
        bytes_append(&all, sealed.data, sealed.len);
    }
    assert_int_equal(frame_count(all.data, all.len), 6);
    bytes_finish(&frame);
    bytes_finish(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_says_how_each_ended),
        cmocka_unit_test(io_uring_says_the_same),
        cmocka_unit_test(full_batches_arrive_in_order),
        cmocka_unit_test(frames_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
