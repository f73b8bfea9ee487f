/* The parts of inventory/redis that need no Redis. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inventory/redis/entry.h"
#include "inventory/redis/node.h"
#include "inventory/redis/reply.h"
#include "inventory/redis/resp.h"
#include "inventory/redis/text.h"
#include "inventory/rules/counts.h"
#include "inventory/rules/hold.h"
#include "inventory/rules/waitlist.h"

static struct text text_of(const char *text) { return (struct text){text, strlen(text)}; }

/* ---- url ---- */

static void urls(void **state)
{
    (void)state;
    struct redis_url u;
    const char *why = NULL;
    assert_int_equal(RESULT_OK, redis_url_parse("redis://localhost", &u, &why));
    assert_string_equal("localhost", u.host);
    assert_string_equal("6379", u.port);
    assert_string_equal("", u.password);
    assert_int_equal(RESULT_OK, redis_url_parse("redis://bob:p%40ss:w@[::1]:7000/3", &u, &why));
    assert_string_equal("bob", u.user);
    assert_string_equal("p@ss:w", u.password);
    assert_string_equal("::1", u.host);
    assert_string_equal("7000", u.port);
    assert_int_equal(3, u.db);
    assert_string_equal("::1:7000", u.name); /* no secrets in the log */
    assert_int_equal(RESULT_OK, redis_url_parse("redis://secret@h:1", &u, &why));
    assert_string_equal("", u.user);
    assert_string_equal("secret", u.password);
    assert_int_equal(RESULT_OK, redis_url_parse("unix:///run/r@1.sock?db=2", &u, &why));
    assert_string_equal("/run/r@1.sock", u.path);
    assert_int_equal(2, u.db);
    assert_int_equal(RESULT_OK, redis_url_parse("unix://u:p@/run/r.sock", &u, &why));
    assert_string_equal("p", u.password);
    assert_int_equal(RESULT_OK, redis_url_parse("/run/r.sock", &u, &why));
    static const char *const bad[] = {
        "",
        "redis://",
        "redis://h:0",
        "redis://h:65536",
        "redis://h:x",
        "redis://h/x",
        "redis://[::1",
        "redis://[::1]x",
        "unix://r.sock",
        "http://h",
        "redis://%zz@h",
        "redis://a%00@h",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(RESULT_MALFORMED, redis_url_parse(bad[i], &u, &why));
    assert_int_equal(RESULT_MALFORMED, redis_url_parse("rediss://h", &u, &why));
    assert_non_null(strstr(why, "TLS"));
}

/* ---- server ---- */

static void facts_are_read(void **state)
{
    (void)state;
    static const char info[] = "# Server\r\nredis_version:7.0.15\r\n# Persistence\r\nloading:0\r\n# Replication\r\n"
                               "role:master\r\nconnected_slaves:2\r\nslave0:ip=1,port=2,state=online,offset=9\r\n"
                               "slave1:ip=1,port=2,state=wait_bgsave,offset=0\r\nslave_read_only:1\r\n";
    struct server_facts f = {0};
    server_read_info(info, sizeof info - 1, &f);
    assert_int_equal(7, f.version_major);
    assert_int_equal(1, f.replicas);
    assert_false(f.is_replica);
    assert_false(f.is_loading);
}

static void fitness(void **state)
{
    (void)state;
    char why[SERVER_REASON_MAX];
    struct server_facts f = {.version_major = 8, .config_is_known = true, .appendonly = true, .fsync_always = true};
    assert_true(server_is_fit(&f, REDIS_FSYNC, 0, why));
    assert_false(server_is_fit(&f, REDIS_REPLICATED, 1, why));
    f.replicas = 1;
    assert_true(server_is_fit(&f, REDIS_REPLICATED, 1, why));
    f.fsync_always = false;
    assert_false(server_is_fit(&f, REDIS_FSYNC, 0, why));
    assert_true(server_is_fit(&f, REDIS_RELAXED, 0, why));
    f.is_replica = true;
    assert_false(server_is_fit(&f, REDIS_RELAXED, 0, why));
    f = (struct server_facts){.version_major = 6, .version_minor = 2};
    assert_false(server_is_fit(&f, REDIS_RELAXED, 0, why));
    assert_non_null(strstr(why, "too old"));
}

static void the_library_is_never_downgraded(void **state)
{
    (void)state;
    static const char one[] = "#!lua name=x\n-- version 1\n", two[] = "#!lua name=x\n-- version 2\n";
    static const char other_two[] = "#!lua name=x\n-- version 2\nreturn";
    assert_int_equal(LIBRARY_LOAD, library_judge(NULL, 0, one, sizeof one - 1));
    assert_int_equal(LIBRARY_FINE, library_judge(one, sizeof one - 1, one, sizeof one - 1));
    assert_int_equal(LIBRARY_LOAD, library_judge(one, sizeof one - 1, two, sizeof two - 1));
    assert_int_equal(LIBRARY_NEWER, library_judge(two, sizeof two - 1, one, sizeof one - 1));
    assert_int_equal(LIBRARY_LOAD, library_judge(other_two, sizeof other_two - 1, two, sizeof two - 1));
    assert_int_equal(LIBRARY_LOAD, library_judge("", 0, one, sizeof one - 1));
    assert_true(library_version(inventory_lua, inventory_lua_len) >= 1);
}

/* Numbers that stand in the library and in headers. */
static void the_library_knows_the_same_limits(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        long long value;
    } limits[] = {
        {"LINES_MAX = 256, ", CART_LINES_MAX},
        {"EXPIRE_BATCH_MAX = ", HOLD_EXPIRE_BATCH_MAX},
        {"TTL_MS_MAX = 86400000, ", HOLD_TTL_MS_MAX},
        {"RETAIN_MS, TTL_MS_MAX = ", HOLD_RETAIN_MS},
        {"EXTENDS_MAX = ", EXTENDS_MAX},
        {"UNITS_MAX, STOCK_MAX, MONEY_MAX, VERSION_MAX = ", HOLD_UNITS_MAX},
        {"VERSION_MAX = 1000000, ", STOCK_UNITS_MAX},
        {"VERSION_MAX = 1000000, 1000000000, ", MONEY_MINOR_MAX},
        {"ID_MAX, REF_MAX = ", ID_LEN_MAX},
        {"REF_MAX = 63, ", REF_LEN_MAX},
        {"LOOK_MAX, LINE_LEN_MAX = ", WAITLIST_LOOK_MAX},
        {"LINE_LEN_MAX = 16, ", WAITLIST_LEN_MAX},
        {"BACKFILL_HOLDS_MAX = ", LIMIT_BACKFILL_HOLDS_MAX},
    };
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        const char *at = strstr(inventory_lua, limits[i].name);
        assert_non_null(at);
        assert_int_equal(limits[i].value, atoll(at + strlen(limits[i].name)));
    }
    char version[64];
    snprintf(version, sizeof version, "return %u end", library_version(inventory_lua, inventory_lua_len));
    assert_non_null(strstr(strstr(inventory_lua, "'ls_version'"), version));
}

/* ---- texts ---- */

static void holds_as_text(void **state)
{
    (void)state;
    struct hold h = {0};
    assert_int_equal(RESULT_OK,
                     text_hold(text_of("h_1 C|1795177260000|2|1|A-17|v.1|b1|EUR|mug:2:990:3,cap:1:0:0"), &h));
    assert_string_equal("h_1", h.id.text);
    assert_int_equal(HOLD_CONFIRMED, h.state);
    assert_int_equal(1795177260000, h.expires_at_ms);
    assert_int_equal(2, h.extends);
    assert_true(h.offer);
    assert_string_equal("A-17", h.order);
    assert_string_equal("EUR", h.currency);
    assert_int_equal(2, h.lines_count);
    assert_int_equal(1980, hold_total_minor(&h));
    struct bytes claim = {0};
    text_claim_write(&claim, &h);
    assert_string_equal("v.1|b1|EUR|mug:2:990:3,cap:1:0:0", claim.data);
    bytes_finish(&claim);
    static const char *const bad[] = {
        "",
        "h_1",
        "h_1 ",
        "h 1 H|1|0|0||v||EUR|mug:1:1:1",
        "h_1 Q|1|0|0||v||EUR|mug:1:1:1",
        "h_1 H|x|0|0||v||EUR|mug:1:1:1",
        "h_1 H|1|3|0||v||EUR|mug:1:1:1",
        "h_1 H|1|0|2||v||EUR|mug:1:1:1",
        "h_1 H|1|0|0||||EUR|mug:1:1:1",
        "h_1 H|1|0|0||v||eur|mug:1:1:1",
        "h_1 H|1|0|0||v||EUR|",
        "h_1 H|1|0|0||v||EUR|mug:0:1:1",
        "h_1 H|1|0|0||v||EUR|mug:1:1",
        "h_1 H|1|0|0||v||EUR|mug:1:1:1,mug:1:1:1",
        "h_1 H|99999999999999999999|0|0||v||EUR|mug:1:1:1",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(RESULT_MALFORMED, text_hold(text_of(bad[i]), &h));
}

static void answers_as_text(void **state)
{
    (void)state;
    struct inventory_request r = {.op = INVENTORY_RESERVE};
    static const char refused[] = "held_out 3", held[] = "done 0 h1 H|5|0|0||v||EUR|mug:1:1:1";
    assert_int_equal(RESULT_OK, reply_answer_parse(refused, strlen(refused), &r));
    assert_int_equal(INVENTORY_HELD_OUT, r.answer);
    assert_int_equal(3, r.fault_line);
    assert_int_equal(RESULT_OK, reply_answer_parse(held, strlen(held), &r));
    assert_int_equal(INVENTORY_DONE, r.answer);
    assert_int_equal(HOLD_HELD, r.hold.state);
    r = (struct inventory_request){.op = INVENTORY_ALLOCATE, .sku = {"mug"}};
    static const char counted[] = "replayed 0 -1:2:3:4:1:5:6:7:0";
    assert_int_equal(RESULT_OK, reply_answer_parse(counted, strlen(counted), &r));
    assert_int_equal(-1, r.count.available);
    assert_true(r.count.stopped);
    assert_int_equal(6, r.count.version);
    assert_string_equal("mug", r.count.sku.text);
    static const char *const bad[] = {"", "what", "done x", "done 0 h1", "done 0 1:2"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(RESULT_MALFORMED, reply_answer_parse(bad[i], strlen(bad[i]), &r));
    assert_true(reply_error_passes("LOADING Redis is loading the dataset in memory"));
    assert_true(reply_error_passes("ERR Function not found"));
    assert_false(reply_error_passes("ERR user_script:1: attempt to index a nil value"));
}

static void entries_as_text(void **state)
{
    (void)state;
    struct entry_room room = {0};
    struct ledger_entry e;
    size_t skipped = 0;
    struct entry_text text = {
        text_of("1795177200000-1"),
        text_of("1795177200000"),
        text_of(
            "allocated mug 40 po-1\nblessed mug by the pope\nwaiting mug 2 v1\nreserved h1 H|5|0|0||v||EUR|mug:1:1:1\n"
            "released h1 nonsense\nsynced mug -3\nstopped mug"),
        text_of("mug 39:1:0:40:0:2:0:1:1:later things\ncap 1:2"),
    };
    assert_int_equal(RESULT_OK, entry_parse(&text, &room, &e, &skipped));
    assert_int_equal(5, e.movements_count); /* an unknown kind is skipped in silence, a broken line is counted */
    assert_int_equal(2, skipped);
    assert_int_equal(1, e.counts_count);
    assert_int_equal(39, e.counts[0].available);
    assert_int_equal(MOVE_ALLOCATED, e.movements[0].kind);
    assert_string_equal("po-1", e.movements[0].ref);
    assert_string_equal("v1", e.movements[1].hold.viewer.text);
    assert_string_equal("h1", e.movements[2].hold.id.text);
    assert_int_equal(-3, e.movements[3].units);
    assert_int_equal(1795177200000, e.movements[4].ms);
    text.time = text_of("soon");
    assert_int_equal(RESULT_MALFORMED, entry_parse(&text, &room, &e, &skipped));
    entry_room_finish(&room);
}

static void commands_as_bytes(void **state)
{
    (void)state;
    struct bytes out = {0};
    resp_begin(&out, 3);
    resp_word(&out, "SET");
    resp_data(&out, "a\0b", 3);
    resp_number(&out, -12);
    assert_int_equal(strlen("*3\r\n$3\r\nSET\r\n$3\r\nabc\r\n$3\r\n-12\r\n"), out.len);
    assert_memory_equal("*3\r\n$3\r\nSET\r\n$3\r\na\0b\r\n$3\r\n-12\r\n", out.data, out.len);
    bytes_clear(&out);
    resp_command(&out, "GET", "k", NULL);
    assert_string_equal("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", out.data);
    bytes_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls),
        cmocka_unit_test(facts_are_read),
        cmocka_unit_test(fitness),
        cmocka_unit_test(the_library_is_never_downgraded),
        cmocka_unit_test(the_library_knows_the_same_limits),
        cmocka_unit_test(holds_as_text),
        cmocka_unit_test(answers_as_text),
        cmocka_unit_test(entries_as_text),
        cmocka_unit_test(commands_as_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
