/* One who wants more than others: more conns, more of the door, more of a say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/contract/audience/ask.h"

#define PATH "/v1/broadcasts/" STAGE_SHOW "/live"
#define PROTOCOL "Sec-WebSocket-Protocol: liveshelf.v1\r\n"

static void one_address_is_held_to_its_limit(void **state)
{
    (void)state;
    static struct peer in[5];
    struct stage_options options = stage_options_default();
    options.limits.conns_per_address_max = 5;
    struct stage *s = stage_open(&options);
    const char *from = "X-Forwarded-For: 203.0.113.7\r\n";
    const char *full = "liveshelf_refused_total{reason=\"conns_per_address_max\"}";
    double before = stage_metric(full);
    int64_t last_ms = 0;
    bool times_differ = false;
    for (size_t i = 0; i < 5; i++) {
        peer_connect(&in[i], s);
        assert_int_equal(peer_upgrade(&in[i], from), 101);
    }
    for (int i = 0; i < 40; i++) {
        struct peer p;
        int64_t retry_ms = 0;
        peer_connect(&p, s);
        peer_upgrade_sent(&p, PATH, PROTOCOL "X-Forwarded-For: 203.0.113.7\r\n");
        char *text = refusal_of(&p, &retry_ms);
        assert_ptr_equal(strstr(text, "HTTP/1.1 429 Too Many Requests\r\n"), text);
        assert_non_null(strstr(text, "\"code\":\"rate_limited\""));
        assert_non_null(strstr(text, "(conns-per-address-max)"));
        assert_in_range(retry_ms, 2500, 7500);
        times_differ = times_differ || (last_ms != 0 && retry_ms != last_ms);
        last_ms = retry_ms;
        free(text);
        peer_finish(&p);
    }
    assert_int_equal(stage_metric(full) - before, 40);
    assert_true(times_differ); /* they do not all come back at once */
    struct peer other;
    peer_connect(&other, s);
    ask_expect(&other, "GET", PATH, from, NULL, 429, "(conns-per-address-max)");
    assert_int_equal(peer_upgrade(&other, "X-Forwarded-For: 203.0.113.8\r\n"), 101);
    peer_finish(&other);
    for (size_t i = 0; i < 5; i++)
        peer_finish(&in[i]);
    stage_close(s);
}

/* It holds all it may, and tries again and again: nothing of the bucket is spent on it, early or late. */
static void who_is_over_the_limit_shuts_nobody_out(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.limits.conns_per_address_max = 2;
    options.limits.admit_per_second_min = options.limits.admit_per_second_max = 40; /* 20 at once */
    struct stage *s = stage_open(&options);
    static const char hammers[] = "X-Forwarded-For: 203.0.113.9\r\n";
    struct peer in[12], p;
    s->clock.stands_ms = stage_now_ms();
    for (size_t i = 0; i < 12; i++) { /* two of that address, and ten more: less than half is left */
        char header[64];
        snprintf(header, sizeof header, "X-Forwarded-For: 198.51.100.%zu\r\n", i);
        peer_connect(&in[i], s);
        assert_int_equal(peer_upgrade(&in[i], i < 2 ? hammers : header), 101);
    }
    for (int i = 0; i < 50; i++) {
        peer_connect(&p, s);
        assert_int_equal(peer_upgrade(&p, hammers), 429);
        peer_finish(&p);
    }
    for (int i = 0; i < 8; i++) {
        char header[64];
        snprintf(header, sizeof header, "X-Forwarded-For: 192.0.2.%d\r\n", i);
        peer_connect(&p, s);
        assert_int_equal(peer_upgrade(&p, header), 101);
        peer_finish(&p);
    }
    for (size_t i = 0; i < 12; i++)
        peer_finish(&in[i]);
    stage_close(s);
}

static void who_comes_and_goes_again_is_held_back_in_a_crowd(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.limits.admit_per_second_min = options.limits.admit_per_second_max = 40;
    struct stage *s = stage_open(&options);
    const char *metric = "liveshelf_refused_total{reason=\"address_portion\"}";
    double before = stage_metric(metric);
    struct peer p;
    unsigned inside = 0;
    s->clock.stands_ms = stage_now_ms();
    for (int i = 0; i < 30; i++) {
        peer_connect(&p, s);
        int status = peer_upgrade(&p, "X-Forwarded-For: 203.0.113.9\r\n");
        assert_true(status == 101 || status == 429);
        inside += status == 101 ? 1 : 0;
        peer_finish(&p);
    }
    assert_in_range(inside, 10, 12); /* of 20 */
    assert_int_equal(stage_metric(metric) - before, 30 - inside);
    peer_connect(&p, s);
    ask_expect(&p, "GET", PATH, "X-Forwarded-For: 203.0.113.9\r\n", NULL, 429, "\"code\":\"rate_limited\"");
    peer_finish(&p);
    for (int i = 0; i < 8; i++) {
        char header[64];
        snprintf(header, sizeof header, "X-Forwarded-For: 192.0.2.%d\r\n", i);
        peer_connect(&p, s);
        assert_int_equal(peer_upgrade(&p, header), 101);
        peer_finish(&p);
    }
    stage_close(s);
}

/* Of 32 conns two are for those with a ticket. */
static void a_full_house_has_room_for_a_ticket(void **state)
{
    (void)state;
    static struct peer in[30];
    struct stage_options options = stage_options_default();
    options.limits.conns_max = 32;
    struct stage *s = stage_open(&options);
    struct peer p, hosts[2];
    for (size_t i = 0; i < ARRAY_LEN(in); i++) {
        peer_connect(&in[i], s);
        assert_int_equal(peer_upgrade(&in[i], ""), 101);
    }
    int64_t retry_ms = 0;
    peer_connect(&p, s);
    peer_upgrade_sent(&p, PATH, PROTOCOL);
    char *text = refusal_of(&p, &retry_ms);
    assert_non_null(strstr(text, "(conns-max)"));
    assert_in_range(retry_ms, 2500, 7500);
    free(text);
    peer_finish(&p);
    for (size_t i = 0; i < 2; i++) {
        char path[200], *ticket = ticket_of(s, ROLE_HOST, STAGE_SHOW, PATH);
        assert_non_null(ticket);
        snprintf(path, sizeof path, PATH "?ticket=%s", ticket);
        peer_connect(&hosts[i], s);
        peer_upgrade_sent(&hosts[i], path, PROTOCOL);
        char *head = peer_answer(&hosts[i], NULL);
        assert_int_equal(status_of(head), 101);
        free(head);
        free(ticket);
    }
    assert_null(ticket_of(s, ROLE_HOST, STAGE_SHOW, PATH)); /* full for them as well */
    for (size_t i = 0; i < 2; i++)
        peer_finish(&hosts[i]);
    for (size_t i = 0; i < ARRAY_LEN(in); i++)
        peer_finish(&in[i]);
    stage_close(s);
}

/* A tab, another and one more: how late they see the show is said by each, and counts once. */
static void a_viewer_says_once_where_the_video_is(void **state)
{
    (void)state;
    static const char *const who[] = {"eve", "eve", "eve", "adam"};
    static const char sample[] = "liveshelf_viewer_lag_seconds_count";
    struct stage *s = stage_open(NULL);
    struct peer p[ARRAY_LEN(who)], host;
    char text[100];
    peer_join(&host, s, ROLE_HOST, "adam");                      /* the same name, but no viewer */
    s->clock.stands_ms = s->clock.clock.now_ms(&s->clock.clock); /* one slot of time */
    double before = stage_metric(sample);
    snprintf(text, sizeof text, "{\"t\":\"clock\",\"id\":\"k1\",\"playing_ms\":%lld}",
             (long long)s->clock.stands_ms - 6000);
    peer_say(&host, text);
    peer_expect(&host, "\"t\":\"ok\",\"re\":\"k1\"");
    for (size_t i = 0; i < ARRAY_LEN(who); i++) {
        peer_join(&p[i], s, ROLE_VIEWER, who[i]);
        peer_say(&p[i], text);
        peer_expect(&p[i], "\"t\":\"ok\",\"re\":\"k1\"");
    }
    assert_int_equal(stage_metric(sample) - before, 2);
    for (size_t i = 0; i < ARRAY_LEN(who); i++)
        peer_finish(&p[i]);
    peer_finish(&host);
    stage_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_address_is_held_to_its_limit),
        cmocka_unit_test(who_is_over_the_limit_shuts_nobody_out),
        cmocka_unit_test(who_comes_and_goes_again_is_held_back_in_a_crowd),
        cmocka_unit_test(a_full_house_has_room_for_a_ticket),
        cmocka_unit_test(a_viewer_says_once_where_the_video_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
