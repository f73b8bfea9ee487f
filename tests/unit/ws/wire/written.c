#include "tests/unit/ws/wire/written.h"

#include <stdio.h>

#define WRITES(name) static void write_##name(struct bytes *out, struct sample *s, int *ret_status)
#define NO_STATUS (void)s, (void)ret_status

/* ---- first words, values ---- */

static void welcome(struct bytes *out, enum role role, const char *key)
{
    struct message_welcome w = {.re = "1",
                                .role = role,
                                .viewer = role == ROLE_LOGISTICS ? NULL : SAMPLE_VIEWER,
                                .viewer_key = key,
                                .broadcast = "spring-drop",
                                .epoch = "e1",
                                .seq = 44,
                                .server_ms = SAMPLE_NOW_MS + 123,
                                .heartbeat_ms = 25000,
                                .recovered = role == ROLE_VIEWER};
    message_welcome(out, &w);
}

WRITES(welcome)
{
    NO_STATUS;
    welcome(out, ROLE_VIEWER, SAMPLE_VIEWER ".c2ln");
}
WRITES(welcome_host)
{
    NO_STATUS;
    welcome(out, ROLE_HOST, NULL);
}
WRITES(welcome_logistics)
{
    NO_STATUS;
    welcome(out, ROLE_LOGISTICS, NULL);
}

static void snapshot(struct bytes *out, struct sample *s, enum role role)
{
    static const struct viewer_id viewer = SAMPLE_ID(SAMPLE_VIEWER);
    message_snapshot(out, &s->context, &s->show, role, &viewer);
}

WRITES(snapshot)
{
    NO_STATUS;
    snapshot(out, s, ROLE_VIEWER);
}
WRITES(snapshot_host)
{
    NO_STATUS;
    snapshot(out, s, ROLE_HOST);
}
WRITES(snapshot_empty)
{
    NO_STATUS;
    struct broadcast b;
    broadcast_init(&b, s->context.shop, &s->broadcast.id);
    b.epoch = s->broadcast.epoch;
    b.seq = 1;
    b.details = s->broadcast.details;
    struct claims claims;
    claims_init(&claims);
    struct show_view show = {.broadcast = &b, .claims = &claims};
    message_snapshot(out, &s->context, &show, ROLE_VIEWER, NULL);
    claims_finish(&claims);
}
WRITES(stock)
{
    NO_STATUS;
    static const struct sku_id skus[] = {SAMPLE_ID("mug-red"), SAMPLE_ID("lamp"),   SAMPLE_ID("scarf"),
                                         SAMPLE_ID("teapot"),  SAMPLE_ID("poster"), SAMPLE_ID("elsewhere")};
    message_stock(out, &s->show, skus, ARRAY_LEN(skus));
}
WRITES(counts)
{
    NO_STATUS;
    static const struct sku_id skus[] = {SAMPLE_ID("mug-red")};
    message_counts(out, &s->show, skus, ARRAY_LEN(skus));
}
WRITES(demand)
{
    NO_STATUS;
    message_demand(out, &s->show);
}
WRITES(audience)
{
    NO_STATUS;
    message_audience(out, &s->show, ROLE_VIEWER);
}
WRITES(audience_host)
{
    NO_STATUS;
    message_audience(out, &s->show, ROLE_HOST);
}
WRITES(lag)
{
    NO_STATUS;
    message_lag(out, &s->show);
}
WRITES(lag_none)
{
    NO_STATUS;
    s->show.lag = (struct lag_view){0};
    message_lag(out, &s->show);
}
WRITES(health)
{
    NO_STATUS;
    message_health(out, &s->show);
}
WRITES(health_unavailable)
{
    NO_STATUS;
    s->claims.sync_delay.last_ms = s->claims.sync_delay.p95_ms = -1;
    s->show.selling_available = false;
    s->show.selling_why = "The stock cannot be reached.";
    message_health(out, &s->show);
}
WRITES(health_stopped)
{
    NO_STATUS;
    s->claims.differences = 1;
    s->show.selling_available = false;
    s->show.selling_why = "The books of the stock do not add up: mug-red, 40 in them and 39 counted.";
    message_health(out, &s->show);
}
WRITES(hold_clock)
{
    NO_STATUS;
    message_hold_clock(out, &s->show);
}
WRITES(hold_clock_still)
{
    NO_STATUS;
    const struct movement stands = {
        .kind = MOVE_FROZEN, .ms = SAMPLE_NOW_MS - 7000, .hold.broadcast = SAMPLE_ID("spring-drop")};
    struct ledger_entry e = {
        .id = "1795177200200-0", .ms = SAMPLE_NOW_MS - 7000, .movements = &stands, .movements_count = 1};
    MUST(claims_fold(&s->claims, &e) == RESULT_OK);
    message_hold_clock(out, &s->show);
}
WRITES(volumes)
{
    NO_STATUS;
    message_volumes(out, &s->volumes, true);
}
WRITES(volumes_new)
{
    NO_STATUS;
    message_volumes(out, &s->volumes, false);
}
WRITES(pong)
{
    NO_STATUS;
    message_pong(out, "p1", SAMPLE_NOW_MS + 123);
}
WRITES(ok)
{
    NO_STATUS;
    message_ok(out, "k1");
}
WRITES(reconnect)
{
    NO_STATUS;
    message_reconnect(out, 200, 5000);
}

/* ---- events ---- */

static void event(struct bytes *out, struct sample *s, enum event_kind kind, enum role role)
{
    struct event e = sample_event(kind);
    message_event(out, &s->show, &e, role);
    event_finish(&e);
}

#define WRITES_EVENT(name, kind, role)                                                                                 \
    WRITES(name)                                                                                                       \
    {                                                                                                                  \
        NO_STATUS;                                                                                                     \
        event(out, s, kind, role);                                                                                     \
    }
WRITES_EVENT(state, EVENT_STATE, ROLE_VIEWER)
WRITES_EVENT(pin_set, EVENT_PIN_SET, ROLE_VIEWER)
WRITES_EVENT(pin_clear, EVENT_PIN_CLEARED, ROLE_VIEWER)
WRITES_EVENT(cue, EVENT_CUE, ROLE_VIEWER)
WRITES_EVENT(cue_host, EVENT_CUE, ROLE_HOST)
WRITES_EVENT(cue_done, EVENT_CUE_DONE, ROLE_HOST)
WRITES_EVENT(none, EVENT_CUE_DONE, ROLE_VIEWER)
WRITES_EVENT(none_epoch, EVENT_EPOCH, ROLE_HOST)
WRITES_EVENT(price, EVENT_PRICE, ROLE_VIEWER)
WRITES_EVENT(offer, EVENT_OFFER, ROLE_VIEWER)
WRITES_EVENT(extra, EVENT_EXTRA, ROLE_VIEWER)
WRITES_EVENT(notice, EVENT_NOTICE, ROLE_VIEWER)
WRITES_EVENT(sku, EVENT_SKU, ROLE_VIEWER)
WRITES_EVENT(sku_host, EVENT_SKU, ROLE_HOST)
WRITES_EVENT(approval, EVENT_APPROVAL, ROLE_HOST)
WRITES_EVENT(shelf, EVENT_SHELF, ROLE_VIEWER)
WRITES_EVENT(shelf_host, EVENT_SHELF, ROLE_HOST)
WRITES_EVENT(details, EVENT_DETAILS, ROLE_VIEWER)
WRITES_EVENT(details_begun, EVENT_BEGUN, ROLE_VIEWER)
WRITES(offer_stopped)
{
    NO_STATUS;
    struct event e = sample_event(EVENT_OFFER);
    e.u.offer.started = false;
    e.u.offer.price = (struct price){{7900, "EUR"}, 5};
    e.u.offer.ends_ms = 0;
    message_event(out, &s->show, &e, ROLE_VIEWER);
}
WRITES(extra_ended)
{
    NO_STATUS;
    struct event e = sample_event(EVENT_EXTRA);
    e.u.extra.started = false;
    message_event(out, &s->show, &e, ROLE_VIEWER);
}
WRITES(sku_recalled)
{
    NO_STATUS;
    struct event e = sample_event(EVENT_SKU);
    e.u.sku.state = SKU_RECALLED;
    snprintf(e.u.sku.reason, sizeof e.u.sku.reason, "The handle may come off");
    message_event(out, &s->show, &e, ROLE_VIEWER);
}
WRITES(cue_none)
{
    NO_STATUS;
    struct event e = sample_event(EVENT_CUE);
    e.u.cue = (struct cue_shown){.index = -1};
    message_event(out, &s->show, &e, ROLE_HOST);
}

/* ---- answers ---- */

static void answer(struct bytes *out, struct sample *s, int *ret_status, struct outcome o)
{
    bool problem = false;
    o.view = o.view == NULL ? &s->show : o.view;
    if (*ret_status == 0) {
        message_outcome(out, &s->context, &o);
        return;
    }
    *ret_status = http_outcome(out, &s->context, &o, &problem);
    MUST(problem == (o.kind == OUTCOME_ERROR));
}

#define ANSWERS(name, ...)                                                                                             \
    WRITES(name) { answer(out, s, ret_status, (struct outcome){__VA_ARGS__}); }
ANSWERS(hold, .kind = OUTCOME_HOLD, .re = "h_7Qx", .command = COMMAND_RESERVE, .hold = sample_hold())
ANSWERS(ok_seq, .kind = OUTCOME_OK, .re = "p1", .seq = 45, .command = COMMAND_PIN_SET)
ANSWERS(waitlist, .kind = OUTCOME_WAITLIST, .re = "w1", .waitlist = {SAMPLE_ID("mug-red"), true, 3})
ANSWERS(waitlist_left, .kind = OUTCOME_WAITLIST, .re = "w2", .waitlist = {SAMPLE_ID("mug-red"), false, 0})
ANSWERS(ok_stock, .kind = OUTCOME_STOCK, .re = "p10", .command = COMMAND_STOCK_ALLOCATE,
        .stock = {.sku = SAMPLE_ID("mug-red"), .available = 7, .held = 3, .sold = 30, .allocated = 40})
ANSWERS(ok_run, .kind = OUTCOME_RUN, .re = "p20", .seq = 45, .command = COMMAND_RUN_LOAD, .count = 3,
        .preflight = &s->preflight)
ANSWERS(preflight, .kind = OUTCOME_PREFLIGHT, .re = "p21", .command = COMMAND_PREFLIGHT, .preflight = &s->preflight)
#define AFFECTED .affected = {.holds = 3, .units_held = 3, .orders = 30, .units_sold = 31}
#define RECALLED .stock = {.sku = SAMPLE_ID("mug-red"), .stopped = true, .recall = RECALL_CANCEL}, AFFECTED
ANSWERS(ok_recall, .kind = OUTCOME_RECALL, .re = "p14", .seq = 46, .command = COMMAND_RECALL, RECALLED)
ANSWERS(recalled, .kind = OUTCOME_ERROR, .re = "h_7Qx", .error = {.code = ERROR_RECALLED, .sku = SAMPLE_ID("mug-red")})
ANSWERS(sold_out, .kind = OUTCOME_ERROR, .re = "h_7Qx",
        .error = {.code = ERROR_SOLD_OUT, .sku = SAMPLE_ID("mug-red"), .may_wait = true})
ANSWERS(price_changed, .kind = OUTCOME_ERROR, .re = "h_7Qx",
        .error = {.code = ERROR_PRICE_CHANGED, .sku = SAMPLE_ID("mug-red"), .price = {{990, "EUR"}, 2}})
ANSWERS(preflight_failed, .kind = OUTCOME_ERROR, .re = "p15", .error = {.code = ERROR_PREFLIGHT_FAILED},
        .preflight = &s->preflight)
ANSWERS(approval_needed, .kind = OUTCOME_ERROR, .re = "p6",
        .error = {.code = ERROR_APPROVAL_NEEDED, .sku = SAMPLE_ID("mug-red"), .approval = "a44"})
ANSWERS(unavailable, .kind = OUTCOME_ERROR, .re = "h_7Qx", .error = {.code = ERROR_UNAVAILABLE, .retry_after_ms = 1000})
WRITES(hold_offered)
{
    struct outcome o = {.kind = OUTCOME_HOLD, .hold = sample_hold()}; /* nobody asked: no `re` */
    o.hold.offer = true;
    o.hold.extends = 1;
    o.hold.lines_count = 1;
    answer(out, s, ret_status, o);
}
WRITES(hold_kept)
{
    struct outcome o = {.kind = OUTCOME_HOLD, .re = "c1", .command = COMMAND_CHECKOUT, .hold = sample_hold()};
    snprintf(o.hold.lines[1].sku.text, sizeof o.hold.lines[1].sku.text, "teapot");
    struct stock_count count = {.sku = SAMPLE_ID("teapot"), .available = 9, .allocated = 9, .stopped = true};
    count.recall = RECALL_KEEP;
    const struct movement recall = {
        .kind = MOVE_RECALL, .ms = SAMPLE_NOW_MS, .sku = SAMPLE_ID("teapot"), .recall = RECALL_KEEP};
    struct ledger_entry e = {.id = "1795177200200-0",
                             .ms = SAMPLE_NOW_MS,
                             .movements = &recall,
                             .movements_count = 1,
                             .counts = &count,
                             .counts_count = 1};
    MUST(claims_fold(&s->claims, &e) == RESULT_OK);
    answer(out, s, ret_status, o);
}
WRITES(hold_recalled)
{
    struct outcome o = {.kind = OUTCOME_HOLD, .hold = sample_hold()};
    o.hold.state = HOLD_RELEASED;
    o.hold.expires_at_ms = SAMPLE_NOW_MS;
    answer(out, s, ret_status, o);
}
WRITES(hold_expired)
{
    struct outcome o = {.kind = OUTCOME_HOLD, .hold = sample_hold()};
    o.hold.state = HOLD_EXPIRED;
    o.hold.extends = EXTENDS_MAX;
    answer(out, s, ret_status, o);
}
WRITES(bad_request)
{
    NO_STATUS;
    message_error(out, "h_7Qx", ERROR_BAD_REQUEST, "lines[0].qty", "must be a whole number from 1 to 1000000", 0);
}

/* ---- HTTP ---- */

ANSWERS(catalogue_put, .kind = OUTCOME_CATALOGUE, .command = COMMAND_CATALOGUE_PUT, .count = 12)
ANSWERS(catalogue_get, .kind = OUTCOME_CATALOGUE, .command = COMMAND_CATALOGUE_GET, .catalogue = &s->catalogue)
ANSWERS(broadcast_create, .kind = OUTCOME_BROADCAST, .command = COMMAND_BROADCAST_CREATE, .created = true)
ANSWERS(broadcast_get, .kind = OUTCOME_BROADCAST, .command = COMMAND_BROADCAST_GET)
ANSWERS(broadcast_list, .kind = OUTCOME_BROADCAST_LIST, .command = COMMAND_BROADCAST_LIST, .count = 1,
        .listed = &(const struct broadcast_listed){SAMPLE_ID("spring-drop"), "Spring drop", SAMPLE_NOW_MS})
ANSWERS(run_load, .kind = OUTCOME_RUN, .command = COMMAND_RUN_LOAD, .count = 3, .preflight = &s->preflight)
ANSWERS(run_get, .kind = OUTCOME_RUN, .command = COMMAND_RUN_GET)
ANSWERS(stock_allocate, .kind = OUTCOME_STOCK, .command = COMMAND_STOCK_ALLOCATE,
        .stock = {.sku = SAMPLE_ID("mug-red"), .available = 40, .allocated = 40})
ANSWERS(stock_sync, .kind = OUTCOME_STOCK, .command = COMMAND_STOCK_SYNC, .ignored = true,
        .stock = {.sku = SAMPLE_ID("mug-red"), .available = 7, .held = 3, .sold = 30, .allocated = 40})
ANSWERS(stock_get, .kind = OUTCOME_STOCK_LIST, .command = COMMAND_STOCK_GET, .claims = &s->claims,
        .ledger_id = "1795177200100-0", .as_of_ms = SAMPLE_NOW_MS + 123)
ANSWERS(recall, .kind = OUTCOME_RECALL, .seq = 46, .command = COMMAND_RECALL, RECALLED)
WRITES(affected_get)
{
    struct hold held = sample_hold(), bought = sample_hold();
    bought.lines_count = 1;
    bought.state = HOLD_CONFIRMED;
    bought.expires_at_ms = SAMPLE_NOW_MS;
    snprintf(bought.id.text, sizeof bought.id.text, "h_old");
    snprintf(bought.order, sizeof bought.order, "A-17");
    const struct hold *const holds[] = {&held, &bought};
    answer(out, s, ret_status,
           (struct outcome){.kind = OUTCOME_AFFECTED,
                            .command = COMMAND_AFFECTED_GET,
                            .stock = {.sku = SAMPLE_ID("mug-red"), .recall = RECALL_KEEP},
                            .affected = {.holds = 1, .units_held = 1, .orders = 1, .units_sold = 1},
                            .holds = holds,
                            .count = ARRAY_LEN(holds),
                            .ledger_id = "1795177200100-0",
                            .as_of_ms = SAMPLE_NOW_MS + 123});
}
ANSWERS(hold_reserve, .kind = OUTCOME_HOLD, .command = COMMAND_HOLD_RESERVE, .hold = sample_hold())
WRITES(hold_extend)
{
    struct outcome o = {.kind = OUTCOME_HOLD, .command = COMMAND_HOLD_EXTEND, .hold = sample_hold()};
    o.hold.extends = 1;
    answer(out, s, ret_status, o);
}
ANSWERS(act, .kind = OUTCOME_OK, .command = COMMAND_APPROVE, .seq = 46)
ANSWERS(hold_get, .kind = OUTCOME_HOLD, .command = COMMAND_HOLD_GET, .hold = sample_hold())
ANSWERS(volumes_get, .kind = OUTCOME_VOLUMES, .command = COMMAND_VOLUMES_GET, .volumes = &s->volumes)
ANSWERS(problem_expired, .kind = OUTCOME_ERROR, .command = COMMAND_HOLD_CONFIRM, .error = {.code = ERROR_HOLD_EXPIRED})
ANSWERS(problem_preflight, .kind = OUTCOME_ERROR, .command = COMMAND_START, .error = {.code = ERROR_PREFLIGHT_FAILED},
        .preflight = &s->preflight)
WRITES(hold_confirm)
{
    struct outcome o = {.kind = OUTCOME_CONFIRMED, .command = COMMAND_HOLD_CONFIRM, .hold = sample_hold()};
    o.hold.state = HOLD_CONFIRMED;
    snprintf(o.hold.order, sizeof o.hold.order, "A-17");
    answer(out, s, ret_status, o);
}
WRITES(hold_release)
{
    struct outcome o = {.kind = OUTCOME_HOLD, .command = COMMAND_HOLD_RELEASE, .hold = sample_hold()};
    o.hold.state = HOLD_RELEASED;
    answer(out, s, ret_status, o);
}
WRITES(problem_field)
{
    (void)s;
    *ret_status = http_problem(out, ERROR_BAD_REQUEST, "row[7].price",
                               "row 7, column price: \"12,9\" is not an amount and a currency", 0);
}
WRITES(problem_busy)
{
    (void)s;
    *ret_status = http_problem(out, ERROR_OVERLOADED, NULL, NULL, 1000);
}
WRITES(problem_key)
{
    (void)s;
    *ret_status =
        http_problem_as(out, 422, ERROR_MISMATCH, "Idempotency-Key", "This key was used for another request.", 0);
}

/* clang-format off */
const struct written written[] = {
    {"messages/welcome",                0, true,  write_welcome},
    {"messages/welcome~host",           0, true,  write_welcome_host},
    {"messages/welcome~logistics",      0, true,  write_welcome_logistics},
    {"messages/snapshot",               0, true,  write_snapshot},
    {"messages/snapshot~host",          0, false, write_snapshot_host},
    {"messages/snapshot~empty",         0, true,  write_snapshot_empty},
    {"messages/state",                  0, true,  write_state},
    {"messages/pin.set",                0, true,  write_pin_set},
    {"messages/pin.clear",              0, true,  write_pin_clear},
    {"messages/cue",                    0, true,  write_cue},
    {"messages/cue~host",               0, false, write_cue_host},
    {"messages/cue~none",               0, true,  write_cue_none},
    {"messages/cue.done",               0, false, write_cue_done},
    {"messages/none",                   0, true,  write_none},
    {"messages/none~epoch",             0, true,  write_none_epoch},
    {"messages/price",                  0, true,  write_price},
    {"messages/offer",                  0, true,  write_offer},
    {"messages/offer~stopped",          0, true,  write_offer_stopped},
    {"messages/extra",                  0, true,  write_extra},
    {"messages/extra~ended",            0, true,  write_extra_ended},
    {"messages/notice",                 0, true,  write_notice},
    {"messages/sku",                    0, true,  write_sku},
    {"messages/sku~host",               0, false, write_sku_host},
    {"messages/sku~recalled",           0, true,  write_sku_recalled},
    {"messages/approval",               0, false, write_approval},
    {"messages/shelf",                  0, true,  write_shelf},
    {"messages/shelf~host",             0, false, write_shelf_host},
    {"messages/details",                0, true,  write_details},
    {"messages/details~begun",          0, true,  write_details_begun},
    {"messages/stock",                  0, true,  write_stock},
    {"messages/audience",               0, true,  write_audience},
    {"messages/audience~host",          0, false, write_audience_host},
    {"messages/lag",                    0, false, write_lag},
    {"messages/lag~none",               0, false, write_lag_none},
    {"messages/counts",                 0, false, write_counts},
    {"messages/demand",                 0, false, write_demand},
    {"messages/health",                 0, false, write_health},
    {"messages/health~unavailable",     0, false, write_health_unavailable},
    {"messages/health~stopped",         0, false, write_health_stopped},
    {"messages/hold_clock",             0, true,  write_hold_clock},
    {"messages/hold_clock~still",       0, true,  write_hold_clock_still},
    {"messages/volumes",                0, false, write_volumes},
    {"messages/volumes~new",            0, false, write_volumes_new},
    {"messages/hold",                   0, true,  write_hold},
    {"messages/hold~offered",           0, true,  write_hold_offered},
    {"messages/hold~expired",           0, true,  write_hold_expired},
    {"messages/hold~recalled",          0, true,  write_hold_recalled},
    {"messages/hold~kept",              0, true,  write_hold_kept},
    {"messages/waitlist",               0, true,  write_waitlist},
    {"messages/waitlist~left",          0, true,  write_waitlist_left},
    {"messages/ok",                     0, true,  write_ok},
    {"messages/ok~act",                 0, true,  write_ok_seq},
    {"messages/ok~stock",               0, true,  write_ok_stock},
    {"messages/ok~run",                 0, true,  write_ok_run},
    {"messages/ok~recall",              0, false, write_ok_recall},
    {"messages/pong",                   0, true,  write_pong},
    {"messages/preflight",              0, true,  write_preflight},
    {"messages/reconnect",              0, true,  write_reconnect},
    {"messages/error~sold_out",         0, true,  write_sold_out},
    {"messages/error~recalled",         0, true,  write_recalled},
    {"messages/error~price_changed",    0, true,  write_price_changed},
    {"messages/error~bad_request",      0, true,  write_bad_request},
    {"messages/error~preflight_failed", 0, true,  write_preflight_failed},
    {"messages/error~approval_needed",  0, false, write_approval_needed},
    {"messages/error~unavailable",      0, true,  write_unavailable},
    {"responses/catalogue.put",         200, false, write_catalogue_put},
    {"responses/catalogue.get",         200, false, write_catalogue_get},
    {"responses/broadcast.create",      201, false, write_broadcast_create},
    {"responses/broadcast.get",         200, false, write_broadcast_get},
    {"responses/broadcast.list",        200, false, write_broadcast_list},
    {"responses/run.load",              200, false, write_run_load},
    {"responses/run.get",               200, false, write_run_get},
    {"responses/stock.allocate",        200, false, write_stock_allocate},
    {"responses/stock.sync",            200, false, write_stock_sync},
    {"responses/stock.get",             200, false, write_stock_get},
    {"responses/recall",                200, false, write_recall},
    {"responses/affected.get",          200, false, write_affected_get},
    {"responses/approve",               200, false, write_act},
    {"responses/reject",                200, false, write_act},
    {"responses/hold.reserve",          200, false, write_hold_reserve},
    {"responses/hold.extend",           200, false, write_hold_extend},
    {"responses/hold.get",              200, false, write_hold_get},
    {"responses/hold.release",          200, false, write_hold_release},
    {"responses/hold.confirm",          200, false, write_hold_confirm},
    {"responses/volumes.get",           200, false, write_volumes_get},
    {"responses/logistics.put",         200, false, write_logistics},
    {"responses/logistics.get",         200, false, write_logistics},
    {"responses/logistics.get~none",    200, false, write_logistics_none},
    {"responses/actuals.post",          200, false, write_actuals},
    {"responses/settle",                200, false, write_settle},
    {"responses/estimate.stamp",        201, false, write_stamped},
    {"responses/stamps.get",            200, false, write_stamps},
    {"responses/stamp.get",             200, false, write_stamp},
    {"responses/changes.get",           200, false, write_changes},
    {"responses/hooks.put",             200, false, write_hooks},
    {"responses/hooks.get",             200, false, write_hooks},
    {"responses/hook.dead.get",         200, false, write_hook_dead},
    {"responses/hook.replay",           200, false, write_hook_replay},
    {"responses/problem~hold_expired",  410, false, write_problem_expired},
    {"responses/problem~preflight_failed", 409, false, write_problem_preflight},
    {"responses/problem~bad_request",   400, false, write_problem_field},
    {"responses/problem~overloaded",    503, false, write_problem_busy},
    {"responses/problem~mismatch",      422, false, write_problem_key},
};
/* clang-format on */
const size_t written_count = ARRAY_LEN(written);
