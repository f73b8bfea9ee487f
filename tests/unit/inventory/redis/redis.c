/* The parts of inventory/redis that need no Redis. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inventory/redis/entry.h"
#include "inventory/redis/exec.h"
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
    static const char three[] = "#!lua name=x\n-- version 3\n", other_three[] = "#!lua name=x\n-- version 3\nreturn";
    assert_int_equal(LIBRARY_LOAD, library_judge(NULL, 0, two, sizeof two - 1));
    assert_int_equal(LIBRARY_FINE, library_judge(two, sizeof two - 1, two, sizeof two - 1));
    assert_int_equal(LIBRARY_LOAD, library_judge(two, sizeof two - 1, three, sizeof three - 1));
    assert_int_equal(LIBRARY_NEWER, library_judge(three, sizeof three - 1, two, sizeof two - 1));
    assert_int_equal(LIBRARY_LOAD, library_judge(other_three, sizeof other_three - 1, three, sizeof three - 1));
    assert_int_equal(LIBRARY_LOAD, library_judge("", 0, two, sizeof two - 1));
    assert_int_equal(LIBRARY_TOO_OLD, library_judge(one, sizeof one - 1, two, sizeof two - 1));
    assert_true(library_version(inventory_lua, inventory_lua_len) >= LIBRARY_READ_SINCE);
}

/* Numbers that stand in the library and in headers. */
static void the_library_knows_the_same_limits(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        long long value;
    } limits[] = {
        {"OPS_MAX, LINES_MAX = ", BATCH_MAX},
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
        {"\nlocal CHECKPOINT_HOLDS_MAX = ", CHECKPOINT_HOLDS_MAX},
        {"PARK_BASE, PURGE_BASE = ", TIMER_PARK_BASE},
        {"PURGE_BASE = 1000000000000000, ", TIMER_PURGE_BASE},
        {"SKU_UNKNOWN = ", INVENTORY_SOLD_OUT},
        {"SKU_UNKNOWN = 3, ", INVENTORY_HELD_OUT},
        {"SKU_UNKNOWN = 3, 4, ", INVENTORY_LIMIT_REACHED},
        {"SKU_UNKNOWN = 3, 4, 5, ", INVENTORY_STOPPED},
        {"SKU_UNKNOWN = 3, 4, 5, 6, ", INVENTORY_SKU_UNKNOWN},
        {"local KEEP, CANCEL = ", RECALL_KEEP},
        {"local KEEP, CANCEL = 1, ", RECALL_CANCEL},
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
    assert_int_equal(RESULT_OK, text_hold(text_of("h_1 C1795177260000+2~#A-17|v.1|b1|EUR|mug:2:990:3,cap:1:0:0"), &h));
    assert_string_equal("h_1", h.id.text);
    assert_int_equal(HOLD_CONFIRMED, h.state);
    assert_int_equal(1795177260000, h.expires_at_ms);
    assert_int_equal(2, h.extends);
    assert_true(h.offer);
    assert_string_equal("A-17", h.order);
    assert_string_equal("b1", h.broadcast.text);
    assert_string_equal("EUR", h.currency);
    assert_int_equal(2, h.lines_count);
    assert_int_equal(1980, hold_total_minor(&h));
    struct bytes claim = {0};
    text_claim_write(&claim, &h);
    assert_string_equal("v.1|b1|EUR|mug:2:990:3,cap:1:0:0", claim.data);
    bytes_clear(&claim);
    text_shared_claim_write(&claim, &h);
    assert_string_equal("b1|EUR|mug:2:990:3,cap:1:0:0", claim.data);
    bytes_finish(&claim);
    assert_int_equal(RESULT_OK, text_hold(text_of("h_1 H5|v||EUR|mug:1:1:1"), &h)); /* defaults are left out */
    assert_int_equal(0, h.extends);
    assert_false(h.offer);
    assert_string_equal("", h.order);
    assert_string_equal("", h.broadcast.text);
    assert_int_equal(RESULT_OK,
                     text_hold(text_of("h_1 C5##1+~|v||EUR|mug:1:1:1"), &h)); /* an order may look like marks */
    assert_string_equal("#1+~", h.order);
    static const char *const bad[] = {
        "",
        "h_1",
        "h_1 ",
        "h 1 H1|v||EUR|mug:1:1:1",
        "h_1 Q1|v||EUR|mug:1:1:1",
        "h_1 Hx|v||EUR|mug:1:1:1",
        "h_1 H|v||EUR|mug:1:1:1",
        "h_1 H1+3|v||EUR|mug:1:1:1",
        "h_1 H1+|v||EUR|mug:1:1:1",
        "h_1 H1~+1|v||EUR|mug:1:1:1",
        "h_1 H1A-17|v||EUR|mug:1:1:1",
        "h_1 H1#a,b|v||EUR|mug:1:1:1",
        "h_1 H1|||EUR|mug:1:1:1",
        "h_1 H1|v||eur|mug:1:1:1",
        "h_1 H1|v||EUR|",
        "h_1 H1|v||EUR|mug:0:1:1",
        "h_1 H1|v||EUR|mug:1:1",
        "h_1 H1|v||EUR|mug:1:1:1,mug:1:1:1",
        "h_1 H99999999999999999999|v||EUR|mug:1:1:1",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(RESULT_MALFORMED, text_hold(text_of(bad[i]), &h));
}

static void rows_as_text(void **state)
{
    (void)state;
    struct stock_count c = {0};
    struct row_rest rest;
    assert_int_equal(RESULT_OK, text_row(text_of("-1:2:3:4:1:5:6:7:1:2:9"), &c, &rest));
    assert_int_equal(-1, c.available);
    assert_true(c.stopped);
    assert_int_equal(5, c.limit_per_viewer);
    assert_int_equal(6, c.version);
    assert_int_equal(RECALL_CANCEL, c.recall);
    assert_int_equal(9, c.buffer);
    assert_int_equal(7, rest.waiting);
    assert_true(rest.tracked);
    assert_int_equal(RESULT_OK, text_row(text_of("1:0:0:1:0:0:0:0:0:0:0:later things"), &c, &rest));
    static const char *const bad[] = {"", "1:0:0:1:0:0:0:0:0", "1:0:0:1:0:0:0:0:2:0:0", "1:0:0:1:0:0:0:0:0:4:0"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(RESULT_MALFORMED, text_row(text_of(bad[i]), &c, &rest));
}

static void timers_and_clocks_as_text(void **state)
{
    (void)state;
    struct timer_text t;
    struct text id;
    assert_int_equal(RESULT_OK, text_timer(text_of("t|b1|1795177260000|h1 h2"), &t));
    assert_int_equal('t', t.kind);
    assert_string_equal("b1", t.broadcast);
    assert_int_equal(1795177260000, t.expires_at_ms);
    assert_true(text_take(&t.ids, ' ', &id) && text_is(id, "h1"));
    assert_true(text_take(&t.ids, ' ', &id) && text_is(id, "h2"));
    assert_int_equal(RESULT_OK, text_timer(text_of("t||5|h1"), &t));
    assert_string_equal("", t.broadcast);
    assert_int_equal(RESULT_OK, text_timer(text_of("p|~1"), &t));
    assert_true(text_is(t.ids, "~1"));
    assert_int_equal(RESULT_OK, text_timer(text_of("u|7"), &t));
    assert_int_equal(7, t.lane);
    static const char *const bad_timers[] = {"",        "t",  "t|b1", "t|b1|x|h1", "t|b 1|5|h1",
                                             "t|b1|5|", "p|", "u|x",  "q|h1"};
    for (size_t i = 0; i < ARRAY_LEN(bad_timers); i++)
        assert_int_equal(RESULT_MALFORMED, text_timer(text_of(bad_timers[i]), &t));
    struct clock_text c;
    assert_int_equal(RESULT_OK, text_clock(text_of("60000|1795177200000|e1|42|3"), &c));
    assert_int_equal(60000, c.stood_ms);
    assert_int_equal(1795177200000, c.since_ms);
    assert_string_equal("e1", c.epoch.text);
    assert_int_equal(42, c.seq);
    assert_int_equal(3, c.lane);
    static const char *const bad_clocks[] = {"", "1|2|e1|3", "1|2||3|4", "-1|2|e1|3|4", "1|2|e1|3|x"};
    for (size_t i = 0; i < ARRAY_LEN(bad_clocks); i++)
        assert_int_equal(RESULT_MALFORMED, text_clock(text_of(bad_clocks[i]), &c));
}

static enum result answer(struct inventory_request *r, const char *text)
{
    return reply_answer_parse(text, strlen(text), r);
}

static void answers_as_text(void **state)
{
    (void)state;
    struct inventory_request r = {.op = INVENTORY_RESERVE};
    assert_int_equal(RESULT_OK, answer(&r, "replayed 40 h1 H5|v||EUR|mug:1:1:1"));
    assert_int_equal(INVENTORY_REPLAYED, r.answer);
    assert_int_equal(HOLD_HELD, r.hold.state);
    assert_int_equal(45, r.hold.expires_at_ms); /* the broadcast's clock stood still for 40 ms */
    assert_int_equal(RESULT_OK, answer(&r, "hold_released 40 h1 R5|v||EUR|mug:1:1:1"));
    assert_int_equal(5, r.hold.expires_at_ms);
    r = (struct inventory_request){.op = INVENTORY_WAITLIST_JOIN};
    assert_int_equal(RESULT_OK, answer(&r, "done 3"));
    assert_int_equal(3, r.ahead);
    r = (struct inventory_request){.op = INVENTORY_ALLOCATE, .sku = {"mug"}};
    assert_int_equal(RESULT_OK, answer(&r, "replayed 0 -1:2:3:4:1:5:6:7:0:3:8"));
    assert_int_equal(-1, r.count.available);
    assert_int_equal(RECALL_HONOUR, r.count.recall);
    assert_string_equal("mug", r.count.sku.text);
    static const char *const bad[] = {"", "what", "done x", "done 0 h1", "done 0 1:2"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(RESULT_MALFORMED, answer(&r, bad[i]));
    assert_true(reply_error_passes("LOADING Redis is loading the dataset in memory"));
    assert_true(reply_error_passes("ERR Function not found"));
    assert_false(reply_error_passes("ERR user_script:1: attempt to index a nil value"));
    assert_true(reply_error_refuses("ERR liveshelf: the stock at ls:{s.0}:c was written by another version"));
    assert_false(reply_error_refuses("ERR user_script:1: attempt to index a nil value"));
}

static void answers_as_numbers(void **state)
{
    (void)state;
    struct inventory_request r = {.op = INVENTORY_RESERVE, .ttl_ms = 60000, .hold = {.id = {"h1"}, .extends = 1}};
    assert_int_equal(RESULT_OK, reply_number_parse(0, 1795177200000, &r));
    assert_int_equal(INVENTORY_DONE, r.answer);
    assert_int_equal(HOLD_HELD, r.hold.state);
    assert_int_equal(1795177260000, r.hold.expires_at_ms);
    assert_int_equal(0, r.hold.extends);
    assert_int_equal(RESULT_OK, reply_number_parse(16 * INVENTORY_HELD_OUT + 3, 1795177200000, &r));
    assert_int_equal(INVENTORY_HELD_OUT, r.answer);
    assert_int_equal(3, r.fault_line);
    assert_int_equal(HOLD_NONE, r.hold.state);
    assert_int_equal(RESULT_MALFORMED, reply_number_parse(-1, 0, &r));
    assert_int_equal(RESULT_MALFORMED, reply_number_parse(16 * INVENTORY_ANSWERS, 0, &r));
    r.op = INVENTORY_CONFIRM; /* nobody knows the hold */
    assert_int_equal(RESULT_MALFORMED, reply_number_parse(0, 0, &r));
}

static void entries_as_text(void **state)
{
    (void)state;
    struct entry_room room = {0};
    struct ledger_entry e;
    size_t skipped = 0;
    struct entry_text text = {
        .id = text_of("1795177200000-1"),
        .time = text_of("1795177200000"),
        .claims = text_of("5|b1|EUR|mug:1:990:1\n\n6||EUR|mug:2:1:1,cap:1:1:1"),
        .movements =
            text_of("allocated mug 40 po-1\nblessed mug by the pope\nwaiting mug 2 v1\n1 h1 v1\n3 h2 v2\n2 h3 v3\n"
                    "4 h4 v4\nreleased h1 nonsense\nsynced mug -3 7 9 -1\nstopped mug\nrecall mug keep\n"
                    "recall mug twice\nbuffer mug 4\nfrozen b1\nthawed b1 300\nthawed b1\n"
                    "recalled h1 R7|v1|b1|EUR|mug:1:990:1"),
        .counts = text_of("mug 39:1:0:40:0:2:0:1:1:0:4:later things\ncap 1:2"),
    };
    assert_int_equal(RESULT_OK, entry_parse(&text, &room, &e, &skipped));
    assert_int_equal(11, e.movements_count); /* an unknown kind is skipped in silence, a broken line is counted */
    assert_int_equal(6, skipped);
    assert_false(e.is_checkpoint);
    assert_int_equal(1, e.counts_count);
    assert_int_equal(39, e.counts[0].available);
    assert_int_equal(4, e.counts[0].buffer);
    assert_int_equal(MOVE_ALLOCATED, e.movements[0].kind);
    assert_string_equal("po-1", e.movements[0].ref);
    assert_string_equal("v1", e.movements[1].hold.viewer.text);
    assert_int_equal(MOVE_RESERVED, e.movements[2].kind);
    assert_string_equal("h1", e.movements[2].hold.id.text);
    assert_string_equal("v1", e.movements[2].hold.viewer.text);
    assert_string_equal("b1", e.movements[2].hold.broadcast.text);
    assert_int_equal(HOLD_HELD, e.movements[2].hold.state);
    assert_int_equal(5, e.movements[2].hold.expires_at_ms);
    assert_int_equal(990, e.movements[2].hold.lines[0].unit_minor);
    assert_int_equal(2, e.movements[3].hold.lines_count);
    assert_int_equal(-3, e.movements[4].units);
    assert_int_equal(7, e.movements[4].gone);
    assert_int_equal(9, e.movements[4].version);
    assert_int_equal(-1, e.movements[4].delay_ms);
    assert_int_equal(1795177200000, e.movements[5].ms);
    assert_int_equal(RECALL_KEEP, e.movements[6].recall);
    assert_int_equal(4, e.movements[7].units);
    assert_string_equal("b1", e.movements[8].hold.broadcast.text);
    assert_int_equal(300, e.movements[9].units);
    assert_int_equal(MOVE_RECALLED, e.movements[10].kind);
    text.time = text_of("soon");
    assert_int_equal(RESULT_MALFORMED, entry_parse(&text, &room, &e, &skipped));
    entry_room_finish(&room);
}

static void checkpoints_as_text(void **state)
{
    (void)state;
    struct entry_room room = {0};
    struct ledger_entry e;
    size_t skipped = 0;
    struct entry_text text = {
        .id = text_of("2-0"),
        .time = text_of("2"),
        .movements =
            text_of("checkpoint\nkept h1 H5+1~|v1|b1|EUR|mug:1:990:1\nwaiting mug 2 v2\nfrozen b1 300 1795177200000\n"
                    "thawed b2 400"),
        .counts = text_of("mug 39:1:0:40:0:2:0:1:1:0:4"),
    };
    assert_int_equal(RESULT_OK, entry_parse(&text, &room, &e, &skipped));
    assert_int_equal(0, skipped);
    assert_true(e.is_checkpoint);
    assert_int_equal(4, e.movements_count);
    assert_int_equal(MOVE_KEPT, e.movements[0].kind);
    assert_true(e.movements[0].hold.offer);
    assert_int_equal(300, e.movements[2].units);
    assert_int_equal(1795177200000, e.movements[2].gone);
    text.movements = text_of("stopped mug\ncheckpoint");
    assert_int_equal(RESULT_OK, entry_parse(&text, &room, &e, &skipped));
    assert_false(e.is_checkpoint); /* the first line only */
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

static struct inventory_request a_claim(enum inventory_op op, const char *id, const char *viewer, uint32_t units)
{
    struct inventory_request r = {.op = op, .ttl_ms = 60000, .hold = {.currency = "EUR", .lines_count = 1}};
    snprintf(r.hold.id.text, sizeof r.hold.id.text, "%s", id);
    snprintf(r.hold.viewer.text, sizeof r.hold.viewer.text, "%s", viewer);
    r.hold.broadcast = (struct broadcast_id){"b1"};
    r.hold.lines[0] = (struct line){.sku = {"mug"}, .units = units, .unit_minor = 990, .price_version = 1};
    return r;
}

/* What is promised alike is said once; the rest is a word for each. */
static void calls_as_bytes(void **state)
{
    (void)state;
    struct inventory_request asked[] = {
        a_claim(INVENTORY_RESERVE, "h1", "v1", 1),
        a_claim(INVENTORY_RESERVE, "h2", "v2", 2),
        {.op = INVENTORY_CONFIRM, .hold = {.id = {"h1"}}, .amount = {990, "EUR"}, .ref = "A-1"},
        a_claim(INVENTORY_WAITLIST_JOIN, "", "v3", 1),
        a_claim(INVENTORY_RESERVE, "h4", "v4", 1),
    };
    struct inventory_request again = a_claim(INVENTORY_RESERVE, "~7", "v5", 1), *requests[6];
    again.restores = again.hold.offer = true;
    for (size_t i = 0; i < ARRAY_LEN(asked); i++)
        requests[i] = &asked[i];
    requests[5] = &again;
    struct bytes out = {0}, head = {0}, text = {0};
    bytes_text(&head, "<head>");
    exec_write(&out, &head, &text, 5, requests, ARRAY_LEN(requests));
    assert_string_equal(
        "*22\r\n<head>$1\r\n5\r\n$1\r\n2\r\n"
        "$24\r\n60000|b1|EUR|mug:1:990:1\r\n$24\r\n60000|b1|EUR|mug:2:990:1\r\n"
        "$7\r\n1 h1 v1\r\n$7\r\n2 h2 v2\r\n$16\r\nC h1 990 EUR|A-1\r\n$8\r\nJ 1 0 v3\r\n$7\r\n1 h4 v4\r\n"
        "$34\r\nY ~7 60000 1|v5|b1|EUR|mug:1:990:1\r\n",
        out.data);
    bytes_finish(&out);
    bytes_finish(&head);
    bytes_finish(&text);
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
        cmocka_unit_test(rows_as_text),
        cmocka_unit_test(timers_and_clocks_as_text),
        cmocka_unit_test(answers_as_text),
        cmocka_unit_test(answers_as_numbers),
        cmocka_unit_test(entries_as_text),
        cmocka_unit_test(checkpoints_as_text),
        cmocka_unit_test(commands_as_bytes),
        cmocka_unit_test(calls_as_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
