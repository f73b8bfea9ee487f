/* The words of the wire, the roles' table, the errors' table, sums and copies of holds. */
#include <stdlib.h>
#include <string.h>

#include "core/broadcast/claims.h"
#include "core/broadcast/outcome.h"
#include "tests/unit/unit.h"

/* The words are part of the wire and of the log: changing one is a change of both, and of this list. */
static void kinds_are_named_as_on_the_wire(void **state)
{
    (void)state;
    static const char *const events[EVENT_KINDS] = {
        "begun", "epoch", "details", "shelf", "state",     "pin.set", "pin.clear", "cue",  "cue.done",
        "price", "offer", "notice",  "sku",   "catalogue", "listed",  "approval",  "extra"};
    for (enum event_kind kind = 0; kind < EVENT_KINDS; kind++)
        assert_string_equal(event_kind_name(kind), events[kind]);
    static const char *const movements[MOVE_KINDS] = {
        "reserved", "offered", "extended",  "confirmed", "retaken", "voided",  "released", "expired",
        "recalled", "kept",    "allocated", "withdrawn", "synced",  "stopped", "opened",   "limit",
        "waiting",  "left",    "recall",    "buffer",    "frozen",  "thawed"};
    for (enum movement_kind kind = 0; kind < MOVE_KINDS; kind++)
        assert_string_equal(movement_kind_name(kind), movements[kind]);
    static const char *const commands[COMMAND_KINDS] = {"hello",
                                                        "ping",
                                                        "clock",
                                                        "reserve",
                                                        "extend",
                                                        "release",
                                                        "checkout",
                                                        "waitlist.join",
                                                        "waitlist.leave",
                                                        "pin.set",
                                                        "pin.clear",
                                                        "cue.next",
                                                        "cue.go",
                                                        "cue.done",
                                                        "price.set",
                                                        "notice",
                                                        "offer.start",
                                                        "offer.stop",
                                                        "stock.stop",
                                                        "stock.open",
                                                        "recall",
                                                        "start",
                                                        "pause",
                                                        "resume",
                                                        "end",
                                                        "undo",
                                                        "run.load",
                                                        "preflight",
                                                        "approve",
                                                        "reject",
                                                        "stock.allocate",
                                                        "stock.withdraw",
                                                        "stock.sync",
                                                        "stock.get",
                                                        "catalogue.put",
                                                        "catalogue.get",
                                                        "broadcast.create",
                                                        "broadcast.list",
                                                        "broadcast.get",
                                                        "run.get",
                                                        "hold.get",
                                                        "hold.confirm",
                                                        "hold.release",
                                                        "hold.reserve",
                                                        "hold.extend",
                                                        "affected.get",
                                                        "volumes.get",
                                                        "extra.add",
                                                        "extra.end",
                                                        "logistics.put",
                                                        "logistics.get",
                                                        "actuals.post",
                                                        "settle",
                                                        "estimate.stamp",
                                                        "stamps.get",
                                                        "stamp.get",
                                                        "changes.get",
                                                        "hooks.put",
                                                        "hooks.get",
                                                        "hook.dead.get",
                                                        "hook.replay"};
    for (enum command_kind kind = 0; kind < COMMAND_KINDS; kind++)
        assert_string_equal(command_kind_name(kind), commands[kind]);
}

static void states_are_named_as_on_the_wire(void **state)
{
    (void)state;
    static const char *const broadcasts[] = {"draft", "rehearsal", "scheduled", "live", "paused", "ended", "settled"};
    for (enum broadcast_state s = 0; s < BROADCAST_STATES; s++)
        assert_string_equal(broadcast_state_name(s), broadcasts[s]);
    static const char *const skus[] = {"open", "stopped", "recalled"};
    for (enum sku_state s = 0; s <= SKU_RECALLED; s++)
        assert_string_equal(sku_state_name(s), skus[s]);
    static const char *const levels[] = {"info", "correction", "recall", "outage"};
    for (enum notice_level l = 0; l <= NOTICE_OUTAGE; l++)
        assert_string_equal(notice_level_name(l), levels[l]);
    static const char *const holds[] = {"none", "held", "confirmed", "released", "expired", "void"};
    for (enum hold_state s = 0; s <= HOLD_VOID; s++)
        assert_string_equal(hold_state_name(s), holds[s]);
    static const char *const recalls[] = {"none", "keep", "cancel", "honour"};
    for (enum recall_mode r = 0; r < RECALL_MODES; r++)
        assert_string_equal(recall_mode_name(r), recalls[r]);
    static const char *const stocks[] = {"ok", "low", "held_out", "sold_out", "stopped"};
    for (enum stock_state s = 0; s <= STOCK_STOPPED; s++)
        assert_string_equal(stock_state_name(s), stocks[s]);
    static const char *const roles[] = {"none", "viewer", "host", "logistics", "integrator"};
    for (enum role r = 0; r <= ROLE_INTEGRATOR; r++)
        assert_string_equal(role_name(r), roles[r]);
}

static void what_has_no_name_is_unknown(void **state)
{
    (void)state;
    assert_string_equal(broadcast_state_name((enum broadcast_state)99), "unknown");
    assert_string_equal(sku_state_name((enum sku_state)99), "unknown");
    assert_string_equal(notice_level_name((enum notice_level)99), "unknown");
    assert_string_equal(event_kind_name(EVENT_KINDS), "unknown");
    assert_string_equal(hold_state_name((enum hold_state)99), "unknown");
    assert_string_equal(movement_kind_name(MOVE_KINDS), "unknown");
    assert_string_equal(stock_state_name((enum stock_state)99), "unknown");
    assert_string_equal(role_name((enum role)99), "unknown");
    assert_string_equal(command_kind_name(COMMAND_KINDS), "unknown");
    assert_string_equal(error_code_name(ERROR_CODES), "unknown");
    assert_string_equal(error_code_title(ERROR_CODES), "Unknown error");
    assert_int_equal(error_code_http(ERROR_CODES), 500);
}

static void ticks_and_approvals_are_kept_from_viewers(void **state)
{
    (void)state;
    for (enum event_kind kind = 0; kind < EVENT_KINDS; kind++)
        assert_int_equal(event_is_for_viewers(kind), kind != EVENT_CUE_DONE && kind != EVENT_APPROVAL);
}

static void roles_may_do_what_the_wire_says(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool none, viewer, host, logistics, integrator;
    } rows[] = {
        {"hello", 1, 1, 1, 1, 1},          {"ping", 0, 1, 1, 1, 1},
        {"clock", 0, 1, 1, 1, 1},          {"reserve", 0, 1, 1, 0, 0},
        {"waitlist.leave", 0, 1, 1, 0, 0}, {"pin.set", 0, 0, 1, 0, 0},
        {"undo", 0, 0, 1, 0, 0},           {"recall", 0, 0, 1, 0, 1},
        {"approve", 0, 0, 1, 0, 1},        {"hold.reserve", 0, 0, 0, 0, 1},
        {"affected.get", 0, 0, 1, 0, 1},   {"stock.stop", 0, 0, 1, 0, 0},
        {"start", 0, 0, 1, 0, 1},          {"end", 0, 0, 1, 0, 1},
        {"run.load", 0, 0, 1, 0, 1},       {"stock.allocate", 0, 0, 1, 0, 1},
        {"stock.sync", 0, 0, 0, 0, 1},     {"catalogue.put", 0, 0, 0, 0, 1},
        {"hold.get", 0, 0, 0, 0, 1},       {"hold.confirm", 0, 0, 0, 0, 1},
        {"broadcast.list", 0, 0, 0, 0, 1}, {"broadcast.get", 0, 0, 1, 0, 1},
        {"volumes.get", 0, 0, 1, 1, 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum command_kind kind = 0;
        while (strcmp(command_kind_name(kind), rows[i].name) != 0)
            kind++;
        assert_int_equal(command_is_allowed(kind, ROLE_NONE), rows[i].none);
        assert_int_equal(command_is_allowed(kind, ROLE_VIEWER), rows[i].viewer);
        assert_int_equal(command_is_allowed(kind, ROLE_HOST), rows[i].host);
        assert_int_equal(command_is_allowed(kind, ROLE_LOGISTICS), rows[i].logistics);
        assert_int_equal(command_is_allowed(kind, ROLE_INTEGRATOR), rows[i].integrator);
    }
    assert_false(command_is_allowed(COMMAND_KINDS, ROLE_HOST));
    assert_false(command_is_allowed(COMMAND_PING, (enum role)31));
}

static void a_command_frees_what_it_owns(void **state)
{
    (void)state;
    struct command c = {.document = strdup("{}"), .products = calloc(1, sizeof(struct product))};
    c.hello.token = strdup("t");
    command_finish(&c); /* the sanitizer sees what is left */
    assert_null(c.document);
    command_finish(&c);
    command_finish(NULL);
    event_finish(NULL);
}

static void errors_are_named_titled_and_numbered(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int http;
    } rows[ERROR_CODES] = {
        {"none", 200},           {"sold_out", 409},      {"held_out", 409},        {"limit_reached", 409},
        {"price_changed", 409},  {"not_live", 409},      {"paused", 423},          {"recalled", 423},
        {"stopped", 423},        {"sku_unknown", 404},   {"hold_unknown", 404},    {"hold_expired", 410},
        {"hold_confirmed", 409}, {"hold_released", 409}, {"conflict", 409},        {"preflight_failed", 409},
        {"rate_limited", 429},   {"overloaded", 503},    {"unauthenticated", 401}, {"token_expired", 401},
        {"forbidden", 403},      {"bad_request", 400},   {"too_large", 413},       {"unavailable", 503},
        {"mismatch", 409},       {"not_found", 404},     {"approval_needed", 409},
    };
    for (enum error_code code = 0; code < ERROR_CODES; code++) {
        assert_string_equal(error_code_name(code), rows[code].name);
        assert_int_equal(error_code_http(code), rows[code].http);
        assert_true(strlen(error_code_title(code)) > 3);
    }
    assert_string_equal(error_code_title(ERROR_SOLD_OUT), "Sold out");
}

static void a_hold_costs_its_units_at_their_prices(void **state)
{
    (void)state;
    struct hold h = {.lines_count = 2, .lines = {{.units = 2, .unit_minor = 990}, {.units = 1, .unit_minor = 4900}}};
    assert_int_equal(hold_total_minor(&h), 6880);
    h.lines_count = CART_LINES_MAX;
    for (size_t i = 0; i < CART_LINES_MAX; i++)
        h.lines[i] = (struct line){.units = HOLD_UNITS_MAX, .unit_minor = MONEY_MINOR_MAX};
    assert_true(hold_total_minor(&h) == INT64_MAX); /* and not a small number by accident */
}

static void a_copied_hold_needs_only_the_room_of_its_lines(void **state)
{
    (void)state;
    struct hold h = {.id = {"h_1"}, .lines_count = 1, .lines = {{.units = 3}}};
    struct hold back = {.lines_count = 0};
    void *kept = malloc(HOLD_SIZE(1));
    assert_non_null(kept);
    hold_copy(kept, &h); /* the sanitizer sees a byte too many */
    hold_copy(&back, kept);
    assert_string_equal(back.id.text, "h_1");
    assert_int_equal(back.lines[0].units, 3);
    free(kept);
}

static void stock_is_shown_in_words(void **state)
{
    (void)state;
    static const struct {
        struct stock_count count;
        enum stock_state shown;
    } rows[] = {
        {{.available = 11}, STOCK_OK},
        {{.available = 10}, STOCK_LOW},
        {{.available = 1, .held = 5}, STOCK_LOW},
        {{.available = 0, .held = 1}, STOCK_HELD_OUT},
        {{.available = -2, .held = 1}, STOCK_HELD_OUT},
        {{.available = 0, .sold = 9}, STOCK_SOLD_OUT},
        {{.available = -3}, STOCK_SOLD_OUT},
        {{.available = 11, .stopped = true}, STOCK_STOPPED},
        {{.available = 11, .buffer = 4}, STOCK_LOW}, /* what is withheld is not for sale */
        {{.available = 3, .buffer = 3, .held = 1}, STOCK_HELD_OUT},
        {{.available = 3, .buffer = 5}, STOCK_SOLD_OUT},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(stock_state_of(&rows[i].count), rows[i].shown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_are_named_as_on_the_wire),
        cmocka_unit_test(states_are_named_as_on_the_wire),
        cmocka_unit_test(what_has_no_name_is_unknown),
        cmocka_unit_test(ticks_and_approvals_are_kept_from_viewers),
        cmocka_unit_test(roles_may_do_what_the_wire_says),
        cmocka_unit_test(a_command_frees_what_it_owns),
        cmocka_unit_test(errors_are_named_titled_and_numbered),
        cmocka_unit_test(a_hold_costs_its_units_at_their_prices),
        cmocka_unit_test(a_copied_hold_needs_only_the_room_of_its_lines),
        cmocka_unit_test(stock_is_shown_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
