#include "tests/contract/inventory/scene.h"

#include <stdio.h>
#include <string.h>

struct stage stage;
char shop[32];
struct inventory_request got;

const char *name_of(enum inventory_answer answer) { return inventory_answer_name(answer); }

/* ---- questions ---- */

void set_text(char *to, const char *from) { snprintf(to, ID_LEN_MAX + 1, "%s", from); }

struct inventory_request question(enum inventory_op op)
{
    struct inventory_request r = {.op = op, .ttl_ms = TTL};
    set_text(r.shop.text, shop);
    return r;
}

enum inventory_answer inquire(struct inventory_request r)
{
    got = r;
    stage_ask(&stage, 0, &got, 1);
    assert_int_equal(RESULT_OK, got.result);
    return got.answer;
}

void ask_all(struct inventory_request *requests, size_t count)
{
    stage_ask(&stage, 0, requests, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(RESULT_OK, requests[i].result);
}

void add_line(struct inventory_request *r, const char *sku, uint32_t units)
{
    struct line *line = &r->hold.lines[r->hold.lines_count++];
    set_text(line->sku.text, sku);
    line->units = units;
    line->unit_minor = 990;
    line->price_version = 1;
}

struct inventory_request a_reserve(const char *id, const char *viewer, const char *sku, uint32_t units)
{
    struct inventory_request r = question(INVENTORY_RESERVE);
    set_text(r.hold.id.text, id);
    set_text(r.hold.viewer.text, viewer);
    set_text(r.hold.broadcast.text, "b1");
    memcpy(r.hold.currency, "EUR", 4);
    add_line(&r, sku, units);
    return r;
}

enum inventory_answer reserve(const char *id, const char *viewer, const char *sku, uint32_t units)
{
    return inquire(a_reserve(id, viewer, sku, units));
}

struct inventory_request a_confirm(const char *id, int64_t minor, const char *order)
{
    struct inventory_request r = question(INVENTORY_CONFIRM);
    set_text(r.hold.id.text, id);
    r.amount = (struct money){minor, "EUR"};
    snprintf(r.ref, sizeof r.ref, "%s", order);
    return r;
}

enum inventory_answer confirm(const char *id, int64_t minor, const char *order)
{
    return inquire(a_confirm(id, minor, order));
}

struct inventory_request of_hold(enum inventory_op op, const char *id, const char *viewer)
{
    struct inventory_request r = question(op);
    set_text(r.hold.id.text, id);
    set_text(r.hold.viewer.text, viewer);
    return r;
}

enum inventory_answer release(const char *id, const char *viewer)
{
    return inquire(of_hold(INVENTORY_RELEASE, id, viewer));
}

enum inventory_answer extend(const char *id, const char *viewer)
{
    return inquire(of_hold(INVENTORY_EXTEND, id, viewer));
}

enum inventory_answer take_back(const char *id) { return inquire(of_hold(INVENTORY_TAKE_BACK, id, "")); }

enum inventory_answer get(const char *id) { return inquire(of_hold(INVENTORY_HOLD_GET, id, "")); }

enum inventory_answer join(const char *viewer, const char *sku, uint32_t units)
{
    struct inventory_request r = a_reserve("", viewer, sku, units);
    r.op = INVENTORY_WAITLIST_JOIN;
    return inquire(r);
}

enum inventory_answer leave(const char *viewer, const char *sku)
{
    struct inventory_request r = a_reserve("", viewer, sku, 1);
    r.op = INVENTORY_WAITLIST_LEAVE;
    return inquire(r);
}

struct inventory_request of_sku(enum inventory_op op, const char *sku, int64_t units)
{
    struct inventory_request r = question(op);
    set_text(r.sku.text, sku);
    r.units = units;
    return r;
}

enum inventory_answer stock(enum inventory_op op, const char *sku, int64_t units, const char *ref)
{
    struct inventory_request r = of_sku(op, sku, units);
    snprintf(r.ref, sizeof r.ref, "%s", ref);
    return inquire(r);
}

enum inventory_answer allocate(const char *sku, int64_t units, const char *ref)
{
    return stock(INVENTORY_ALLOCATE, sku, units, ref);
}

enum inventory_answer sync_count(const char *sku, int64_t count, int64_t gone, int64_t version)
{
    struct inventory_request r = of_sku(INVENTORY_SYNC, sku, count);
    r.gone = gone;
    r.version = version;
    return inquire(r);
}

struct inventory_request a_recall(const char *sku, enum recall_mode mode)
{
    struct inventory_request r = of_sku(INVENTORY_RECALL, sku, 0);
    r.recall = mode;
    return r;
}

enum inventory_answer recall(const char *sku, enum recall_mode mode) { return inquire(a_recall(sku, mode)); }

struct inventory_request a_freeze(const char *broadcast, bool frozen, const char *epoch, int64_t seq)
{
    struct inventory_request r = question(INVENTORY_FREEZE);
    set_text(r.hold.broadcast.text, broadcast);
    set_text(r.epoch.text, epoch);
    r.frozen = frozen;
    r.version = seq;
    return r;
}

enum inventory_answer freeze(const char *broadcast, bool frozen, const char *epoch, int64_t seq)
{
    return inquire(a_freeze(broadcast, frozen, epoch, seq));
}

enum inventory_answer checkpoint(int64_t ttl_ms)
{
    struct inventory_request r = question(INVENTORY_CHECKPOINT);
    r.ttl_ms = ttl_ms;
    return inquire(r);
}

enum inventory_answer expire(void) { return inquire(question(INVENTORY_EXPIRE)); }

/* A withdrawal of more than can be there changes nothing and answers the count. */
void check_count(const char *sku, int64_t available, int64_t held, int64_t sold)
{
    stock(INVENTORY_WITHDRAW, sku, STOCK_UNITS_MAX, "w-never");
    assert_int_equal(available, got.count.available);
    assert_int_equal(held, got.count.held);
    assert_int_equal(sold, got.count.sold);
    assert_int_equal(available + held + sold, got.count.allocated);
}

void check_hold(const char *id, enum hold_state state)
{
    EXPECT(DONE, get(id));
    assert_string_equal(hold_state_name(state), hold_state_name(got.hold.state));
}

void check_held_for(const char *id, int64_t ms)
{
    check_hold(id, HOLD_HELD);
    assert_int_equal(stage.now_ms + ms, got.hold.expires_at_ms);
}

/* ---- the ledger, told on ---- */

static size_t told; /* bytes of the shop's ledger that were looked at */

void check_told(const char *expected)
{
    struct bytes all = {0}, new = {0};
    stage_ledger(&stage, 0, shop, &all);
    for (const char *at = all.data + told; *at != '\0'; at += strcspn(at, "\n") + 1)
        if (strncmp(at, "at ", 3) != 0)
            bytes_append(&new, at, strcspn(at, "\n") + 1);
    bytes_append(&new, "", 1);
    if (expected != NULL)
        assert_string_equal(expected, new.data);
    told = all.len;
    bytes_finish(&all);
    bytes_finish(&new);
}

/* ---- running ---- */

int scene_end_test(void **state)
{
    (void)state;
    if (stage.config.kind == STAGE_REDIS)
        stage_audit(&stage, shop);
    else
        memory_check(stage.world);
    stage_fold(&stage, shop, NULL);
    return 0;
}

int scene_begin_test(void **state)
{
    static unsigned tests;
    (void)state;
    snprintf(shop, sizeof shop, "shop%u", tests++);
    told = 0;
    return 0;
}

int scene_run(const char *name, int (*tell)(const char *name))
{
    char title[80];
    MUST(stage_open(&stage, &(struct stage_config){.kind = STAGE_MEMORY}));
    snprintf(title, sizeof title, "%s in memory", name);
    int failed = tell(title);
    stage_close(&stage);
    if (!stage_open(&stage, &(struct stage_config){.kind = STAGE_REDIS}))
        return failed == 0 ? 77 : failed;
    snprintf(title, sizeof title, "%s in Redis", name);
    failed += tell(title);
    stage_close(&stage);
    return failed;
}
