/* tests/sim/storm.c - a random show under random faults, from a seed.
 *
 *   sim_storm                 the fixed seeds
 *   sim_storm SEED [ACTS]     one seed, as long as wanted; the same seed is the same show; prints what came of it
 *
 * People do what people do, at random; answers are slow, lost, repeated; nodes die, are cut off and come back; in every third
 * show the stock loses its last writes, in every other third with all nodes alive: then nothing that anybody was told may be lost. After every step world_check looks at what must hold at any moment; now and then the
 * faults pause until all is quiet, and world_check_all compares every node with the truth. At the end the show must go on: a
 * host pins, a viewer takes a unit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/world.h"

#define HOSTS 2
#define VIEWERS 10
#define ACTS 2000
#define SEEDS 16

static const char *const skus[] = {"mug-red", "cap-blue", "tee-green"};

struct fan { /* a viewer, and what they remember to ask for again */
    struct world_person *p;
    struct reserve_wish wish;
    char wish_id[ID_LEN_MAX + 1];
};
struct storm {
    struct world *w;
    struct rng *rng;
    struct world_config config;
    struct world_person *hosts[HOSTS], *shop;
    struct fan fans[VIEWERS];
    unsigned refs;
    bool fails_over; /* and what was promised may be lost */
    bool vouches;    /* fails over with all nodes alive: nothing may be lost */
    bool recalls;
    size_t fail_overs, mended_ms;
};

static uint64_t dice(struct storm *s, uint64_t sides) { return rng_below(s->rng, sides); }

static struct sku_id any_sku(struct storm *s)
{
    struct sku_id sku = {0};
    snprintf(sku.text, sizeof sku.text, "%s", skus[dice(s, ARRAY_LEN(skus))]);
    return sku;
}

/* ---- viewers ---- */

static void wish_anew(struct storm *s, struct fan *fan)
{
    fan->wish = (struct reserve_wish){.lines_count = (uint8_t)(1 + (dice(s, 5) == 0))};
    size_t first = dice(s, ARRAY_LEN(skus));
    for (uint8_t i = 0; i < fan->wish.lines_count; i++) {
        snprintf(fan->wish.lines[i].sku.text, sizeof fan->wish.lines[i].sku.text, "%s",
                 skus[(first + i) % ARRAY_LEN(skus)]);
        fan->wish.lines[i].units = 1 + (uint32_t)dice(s, 2);
    }
    snprintf(fan->wish_id, sizeof fan->wish_id, "w%llu", (unsigned long long)rng_next(s->rng));
}

static void fan_reserves(struct storm *s, struct fan *fan)
{
    struct command c = {.kind = COMMAND_RESERVE};
    bool again = fan->wish_id[0] != '\0' && dice(s, 3) == 0;
    if (!again)
        wish_anew(s, fan);
    c.wish = fan->wish;
    memcpy(c.id, fan->wish_id, sizeof c.id);
    world_submit(s->w, fan->p, &c);
}

/* Who is away comes back sooner or later. */
static bool is_here(struct storm *s, struct world_person *p)
{
    unsigned node = 1 + (unsigned)dice(s, s->config.nodes);
    if (!world_is_connected(p) && dice(s, 2) == 0 && world_node_lives(s->w, node))
        world_come(s->w, p, node);
    return world_is_connected(p);
}

static void fan_acts(struct storm *s, struct fan *fan)
{
    if (!is_here(s, fan->p))
        return;
    static const enum command_kind of_hold[] = {COMMAND_RELEASE, COMMAND_EXTEND, COMMAND_CHECKOUT};
    struct command c = {.sku = any_sku(s), .qty = 1 + (uint32_t)dice(s, 2)};
    uint64_t choice = dice(s, 100);
    if (choice < 60) {
        fan_reserves(s, fan);
        return;
    }
    c.kind = choice < 80 ? of_hold[dice(s, 3)] : choice < 95 ? COMMAND_WAITLIST_JOIN : COMMAND_WAITLIST_LEAVE;
    world_last_hold(fan->p, &c.hold);
    if (choice < 80 && ID_IS_NONE(c.hold))
        return;
    world_submit(s->w, fan->p, &c);
}

/* ---- hosts ---- */

static void host_gives_stock(struct storm *s, struct command *c)
{
    c->kind = dice(s, 4) == 0 ? COMMAND_STOCK_WITHDRAW : COMMAND_STOCK_ALLOCATE;
    c->units = 1 + (int64_t)dice(s, 4);
    snprintf(c->ref, sizeof c->ref, "po-%llu",
             (unsigned long long)(dice(s, 8) == 0 ? s->refs : ++s->refs)); /* or said again */
    if (c->kind == COMMAND_STOCK_WITHDRAW)
        snprintf(c->ref, sizeof c->ref, "back-%u", ++s->refs);
}

static void host_names_a_cue(struct storm *s, struct command *c)
{
    c->kind = dice(s, 3) == 0 ? COMMAND_CUE_DONE : COMMAND_CUE_GO;
    snprintf(c->cue.text, sizeof c->cue.text, "c%llu", 1 + (unsigned long long)dice(s, 5));
    c->said_count = 2;
    c->said[dice(s, 2)] = true;
}

/* One of the last two that wait or waited, as some node knows it. */
static void host_decides(struct storm *s, struct command *c)
{
    static const struct shop_id shop = {"demo"};
    static const struct broadcast_id broadcast = {"spring-drop"};
    unsigned node = 1 + (unsigned)dice(s, s->config.nodes);
    const struct show_view *show =
        world_node_lives(s->w, node) ? orchestrator_show(world_orchestrator(s->w, node), &shop, &broadcast) : NULL;
    size_t known = show == NULL ? 0 : show->broadcast->approvals_count;
    c->kind = dice(s, 3) == 0 ? COMMAND_REJECT : COMMAND_APPROVE;
    snprintf(c->approval, sizeof c->approval, "a1");
    if (known > 0)
        memcpy(c->approval, show->broadcast->approvals[known - 1 - dice(s, known > 1 ? 2 : 1)].id.text,
               sizeof c->approval);
}

static void host_acts(struct storm *s, struct world_person *host)
{
    if (!is_here(s, host))
        return;
    static const enum command_kind plain[] = {
        COMMAND_PIN_SET,    COMMAND_PIN_SET,    COMMAND_PIN_CLEAR, COMMAND_CUE_NEXT,    COMMAND_CUE_NEXT,
        COMMAND_PRICE_SET,  COMMAND_UNDO,       COMMAND_NOTICE,    COMMAND_NOTICE,      COMMAND_PAUSE,
        COMMAND_RESUME,     COMMAND_RESUME,     COMMAND_RESUME,    COMMAND_RESUME,      COMMAND_STOCK_STOP,
        COMMAND_STOCK_OPEN, COMMAND_STOCK_OPEN, COMMAND_PREFLIGHT, COMMAND_OFFER_START, COMMAND_OFFER_STOP,
        COMMAND_EXTRA_ADD,  COMMAND_EXTRA_END};
    struct command c = {.kind = plain[dice(s, ARRAY_LEN(plain))], .sku = any_sku(s), .slot = (uint8_t)dice(s, 3)};
    c.money = (struct money){.minor = 200 + (int64_t)dice(s, 1800), .currency = "EUR"};
    c.for_ms = 1000 + (int64_t)dice(s, 20000);
    c.extra = (struct extra){.sku = c.sku, .kind = EXTRA_BUNDLE, .adds = any_sku(s), .adds_units = 1, .text = "a gift"};
    snprintf(c.text, sizeof c.text, "word-%llu", (unsigned long long)rng_next(s->rng));
    uint64_t choice = dice(s, 100);
    if (s->recalls && dice(s, 100) == 0 && strcmp(c.sku.text, "cap-blue") != 0) {
        c.kind = COMMAND_RECALL;
        c.recall = (enum recall_mode)(RECALL_KEEP + dice(s, 3));
    } else if (choice < 30)
        host_gives_stock(s, &c);
    else if (choice < 36)
        host_names_a_cue(s, &c);
    else if (choice < 46)
        host_decides(s, &c);
    if (dice(s, 8) == 0) {
        c.has_expect_seq = true;
        c.expect_seq = world_seen_seq(host);
    }
    world_submit(s->w, host, &c);
}

/* ---- the shop ---- */

static void shop_acts(struct storm *s)
{
    struct command c = {.kind = COMMAND_HOLD_GET};
    world_last_hold(s->fans[dice(s, VIEWERS)].p, &c.hold);
    const struct hold *truth = world_truth(s->w, &c.hold);
    uint64_t choice = dice(s, 10);
    if (choice < 6 && truth != NULL) {
        c.kind = COMMAND_HOLD_CONFIRM;
        c.money.minor = hold_total_minor(truth) + (dice(s, 10) == 0);
        memcpy(c.money.currency, truth->currency, sizeof c.money.currency);
        snprintf(c.ref, sizeof c.ref, "order-%.40s", c.hold.text);
    } else if (choice == 7) {
        c.kind = COMMAND_HOLD_RELEASE;
    } else if (choice == 8) {
        c.kind = dice(s, 2) == 0 ? COMMAND_BROADCAST_LIST : COMMAND_STOCK_GET;
    } else if (choice == 9) {
        c.kind = COMMAND_BROADCAST_CREATE;
        snprintf(c.broadcast.text, sizeof c.broadcast.text, "show-%llu", (unsigned long long)dice(s, 4));
        snprintf(c.details.title, sizeof c.details.title, "Title %llu", (unsigned long long)dice(s, 2));
        c.details.hold_ms = 60000;
    }
    if (c.kind <= COMMAND_HOLD_RELEASE && c.kind >= COMMAND_HOLD_GET && ID_IS_NONE(c.hold))
        return;
    world_submit(s->w, s->shop, &c);
}

/* ---- what goes wrong ---- */

static void faults_change(struct storm *s)
{
    struct world_faults faults = {0};
    if (dice(s, 4) > 0) {
        faults.slow = (unsigned)dice(s, 900);
        faults.slow_ms_max = 1 + (int64_t)dice(s, 400);
        faults.repeated = (unsigned)dice(s, 200);
        faults.lost = (unsigned)dice(s, 150);
        faults.silent = (unsigned)dice(s, 150);
        faults.unavailable = (unsigned)dice(s, 100);
    }
    world_set_faults(s->w, &faults);
}

static void node_suffers(struct storm *s)
{
    unsigned node = 1 + (unsigned)dice(s, s->config.nodes);
    if (!world_node_lives(s->w, node)) {
        world_node_start(s->w, node);
        return;
    }
    switch (dice(s, 8)) {
    case 0:
    case 1:
        world_node_die(s->w, node);
        return;
    case 2:
    case 3:
        world_node_cut(s->w, node, true);
        return;
    case 4:
        orchestrator_stock_ready(world_orchestrator(s->w, node), dice(s, 3) > 0);
        return;
    default:
        world_node_cut(s->w, node, false);
        return;
    }
}

static void somebody_moves(struct storm *s, struct world_person *p)
{
    unsigned node = 1 + (unsigned)dice(s, s->config.nodes);
    if (dice(s, 5) == 0)
        world_go_away(s->w, p);
    else if (world_node_lives(s->w, node))
        world_come(s->w, p, node);
}

static struct world_person *anybody(struct storm *s)
{
    uint64_t at = dice(s, HOSTS + VIEWERS);
    return at < HOSTS ? s->hosts[at] : s->fans[at - HOSTS].p;
}

/* All nodes see it, and what any of them vouches for is there again before anybody sells. */
static void fail_over_vouched(struct storm *s)
{
    world_set_faults(s->w, &(struct world_faults){.slow = 300, .slow_ms_max = 200, .repeated = 50});
    for (unsigned node = 1; node <= s->config.nodes; node++) {
        if (!world_node_lives(s->w, node))
            world_node_start(s->w, node);
        world_node_cut(s->w, node, false);
        orchestrator_stock_ready(world_orchestrator(s->w, node), true);
    }
    world_run_ms(s->w, 1000 + (int64_t)dice(s, 3000));
    for (uint64_t i = dice(s, 40); i > 0; i--) { /* some of it has not come to every node yet */
        fan_acts(s, &s->fans[dice(s, VIEWERS)]);
        host_acts(s, s->hosts[dice(s, HOSTS)]);
        shop_acts(s);
        world_run_ms(s->w, (int64_t)dice(s, 20));
    }
    world_fail_over(s->w, 1 + (size_t)dice(s, 30), true);
    int64_t began_ms = world_now_ms(s->w);
    while (!world_sells(s->w)) {
        if (world_now_ms(s->w) > began_ms + 30000)
            world_fail(s->w, "nobody sells again after a fail-over");
        fan_acts(s, &s->fans[dice(s, VIEWERS)]);
        shop_acts(s);
        world_run_ms(s->w, (int64_t)dice(s, 100));
    }
    s->fail_overs++;
    s->mended_ms += (size_t)(world_now_ms(s->w) - began_ms);
}

static void act(struct storm *s)
{
    uint64_t choice = dice(s, 1000);
    if (choice < 660)
        fan_acts(s, &s->fans[dice(s, VIEWERS)]);
    else if (choice < 800)
        host_acts(s, s->hosts[dice(s, HOSTS)]);
    else if (choice < 880)
        shop_acts(s);
    else if (choice < 950)
        somebody_moves(s, anybody(s));
    else if (choice < 975)
        faults_change(s);
    else if (choice < 994 || !(s->fails_over || s->vouches))
        node_suffers(s);
    else if (s->vouches)
        fail_over_vouched(s);
    else
        world_fail_over(s->w, 1 + (size_t)dice(s, 5), false);
}

static void time_passes(struct storm *s)
{
    static const uint64_t most_ms[] = {0, 0, 5, 5, 40, 40, 40, 300, 300, 5000};
    int64_t until_ms = world_now_ms(s->w) + (int64_t)dice(s, most_ms[dice(s, ARRAY_LEN(most_ms))] + 1);
    while (world_step(s->w, until_ms))
        ;
}

/* ---- quiet ---- */

static void all_is_well(struct storm *s)
{
    world_set_faults(s->w, &(struct world_faults){0});
    for (unsigned node = 1; node <= s->config.nodes; node++) {
        if (!world_node_lives(s->w, node))
            world_node_start(s->w, node);
        world_node_cut(s->w, node, false);
        orchestrator_stock_ready(world_orchestrator(s->w, node), true);
    }
    world_run_ms(s->w, 12000); /* longer than any question is asked again */
    if (world_unanswered(s->w) > 0)
        world_fail(s->w, "%zu commands were never answered", world_unanswered(s->w));
    world_check_all(s->w);
}

static void must_be_answered(struct storm *s, struct world_person *p, struct command *c, const char *want)
{
    if (!world_submit(s->w, p, c))
        world_fail(s->w, "somebody could not come in");
    world_run_ms(s->w, 500);
    if (strcmp(world_last_answer(p), want) != 0)
        world_fail(s->w, "%s is answered '%s' when all is well", command_kind_name(c->kind), world_last_answer(p));
}

static void the_show_goes_on(struct storm *s)
{
    struct world_person *host = s->hosts[0], *late = world_person(s->w, "late", ROLE_VIEWER);
    struct sku_id cap = {"cap-blue"};
    world_come(s->w, host, 1);
    world_come(s->w, late, s->config.nodes);
    world_run_ms(s->w, 500);
    struct command resume = {.kind = COMMAND_RESUME}, open = {.kind = COMMAND_STOCK_OPEN, .sku = cap};
    world_submit(s->w, host, &resume); /* unless it is live already */
    world_run_ms(s->w, 500);
    must_be_answered(s, host, &open, "ok");
    struct command stocks = {.kind = COMMAND_STOCK_ALLOCATE, .sku = cap, .units = 500, .ref = "the-end"};
    must_be_answered(s, host, &stocks, "other");
    struct command pins = {.kind = COMMAND_PIN_SET, .sku = cap};
    must_be_answered(s, host, &pins, "ok");
    struct command wish = {.kind = COMMAND_RESERVE,
                           .id = "the-last-wish",
                           .wish = {.lines_count = 1, .lines = {{.sku = cap, .units = 1}}}};
    must_be_answered(s, late, &wish, "held");
}

/* ---- the whole ---- */

static void people_come(struct storm *s)
{
    char name[16];
    s->shop = world_person(s->w, "shop", ROLE_INTEGRATOR);
    for (unsigned i = 0; i < HOSTS; i++) {
        snprintf(name, sizeof name, i == 0 ? "host" : "host%u", i + 1);
        s->hosts[i] = world_person(s->w, name, ROLE_HOST);
        world_come(s->w, s->hosts[i], 1 + i % s->config.nodes);
    }
    for (unsigned i = 0; i < VIEWERS; i++) {
        snprintf(name, sizeof name, "v%u", i);
        s->fans[i].p = world_person(s->w, name, ROLE_VIEWER);
        world_come(s->w, s->fans[i].p, 1 + i % s->config.nodes);
    }
    world_run_ms(s->w, 10);
    world_do(s->w, "host stocks mug-red 6; host stocks cap-blue 3; host stocks tee-green 9");
}

static void storm_run(uint64_t seed, unsigned acts, bool alone)
{
    struct storm s = {.fails_over = seed % 3 == 0, .vouches = seed % 3 == 1, .recalls = seed % 2 == 0};
    s.config = (struct world_config){.seed = seed,
                                     .nodes = 2 + (unsigned)(seed % 3),
                                     .quiet = true,
                                     .can_forget = s.fails_over || s.vouches,
                                     .estimates = seed % 4 == 1 ||
                                                  seed % 4 == 2}; /* with losses, without, and with all nodes alive */
    s.config.limits = orchestrator_limits_default;
    s.config.limits.holds_per_viewer_max = 4;
    s.config.limits.requests_in_flight_max = seed % 5 == 4 ? 6 : 512;
    s.config.limits.request_timeout_ms = seed % 2 == 0 ? 3000 : 700;
    s.config.limits.offer_ms = 15000;
    s.config.limits.approval_ms = 20000;
    s.config.limits.sale_trip_units = 2; /* nothing is claimed by the dozen here */
    s.w = world_open(&s.config);
    s.rng = world_rng(s.w);
    people_come(&s);
    for (unsigned i = 1; i <= acts; i++) {
        act(&s);
        time_passes(&s);
        if (i % 250 == 0)
            all_is_well(&s);
    }
    all_is_well(&s);
    the_show_goes_on(&s);
    world_check_estimates(s.w);
    if (alone)
        world_print_tally(s.w);
    if (alone && s.fail_overs > 0)
        printf("%zu fail-overs mended in %zu ms each\n", s.fail_overs, s.mended_ms / s.fail_overs);
    world_close(s.w);
}

int main(int argc, char **argv)
{
    unsigned acts = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : ACTS;
    if (argc > 1) {
        storm_run(strtoull(argv[1], NULL, 10), acts, true);
        return 0;
    }
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        storm_run(seed, acts, false);
    printf("%d seeds\n", SEEDS);
    return 0;
}
