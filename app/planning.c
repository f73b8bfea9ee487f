/* app/planning.c
 *
 *   planning_observe   the orchestrator tells the board of everything, and hands over what logistics asks
 *   planning_wanted    a broadcast that is not settled is opened here, and again when it was closed to make room */
#include "app/planning.h"

#include <stdlib.h>

#include "app/limits.h"
#include "base/log.h"
#include "ws/wire/estimate_document.h"
#include "ws/wire/journal_codec.h"

struct planning_open {
    struct list link;
    struct orchestrator_open open;
};

/* ---- what the board asks ---- */

static const struct show_view *planning_show(void *ctx, const struct shop_id *shop,
                                             const struct broadcast_id *broadcast)
{
    struct planning *p = ctx;
    return p->orchestrator == NULL ? NULL : orchestrator_show(p->orchestrator, shop, broadcast);
}

static void planning_changed(void *ctx, const struct shop_id *shop, const struct broadcast_id *broadcast)
{
    struct planning *p = ctx;
    if (p->orchestrator != NULL)
        orchestrator_volumes_changed(p->orchestrator, shop, broadcast);
}

static void open_done(struct orchestrator_open *open)
{
    struct planning_open *o = container_of(open, struct planning_open, open);
    if (open->result != RESULT_OK)
        log_warn("planning.not_opened", "shop=%s broadcast=%s result=%s", open->shop.text, open->broadcast.text,
                 result_name(open->result));
    list_remove(&o->link);
    free(o);
}

/* Told again as long as it is not open. */
static void planning_wanted(void *ctx, const struct shop_id *shop, const struct broadcast_id *broadcast)
{
    struct planning *p = ctx;
    if (p->orchestrator == NULL)
        return;
    list_for_each (at, &p->opening) {
        const struct orchestrator_open *open = &container_of(at, struct planning_open, link)->open;
        if (ID_EQUAL(open->shop, *shop) && ID_EQUAL(open->broadcast, *broadcast))
            return;
    }
    struct planning_open *o = calloc(1, sizeof *o);
    MUST(o != NULL);
    o->open = (struct orchestrator_open){.shop = *shop, .broadcast = *broadcast, .done = open_done};
    list_push_back(&p->opening, &o->link);
    orchestrator_open(p->orchestrator, &o->open);
}

/* ---- what the board tells the courier ---- */

static void planning_lead(void *ctx, const struct shop_id *shop, const struct broadcast_id *broadcast, bool leads)
{
    struct planning *p = ctx;
    hooks_lead(courier_hooks(p->courier), shop, broadcast, leads);
}

static void planning_published(void *ctx, const struct shop_id *shop, const struct broadcast_id *broadcast,
                               uint64_t seq, const char *document, size_t len)
{
    struct planning *p = ctx;
    (void)seq;
    (void)document;
    (void)len; /* the courier looks for itself, when it is its turn */
    hooks_news(courier_hooks(p->courier), shop, broadcast);
}

static void planning_promise(void *ctx, const struct show_view *show, const struct promise_change *change)
{
    struct planning *p = ctx;
    (void)change;
    hooks_news(courier_hooks(p->courier), &show->broadcast->shop, &show->broadcast->id);
}

static void planning_hooks(void *ctx, const struct shop_id *shop, uint64_t seq, const struct hook_list *list)
{
    struct planning *p = ctx;
    hooks_listed(courier_hooks(p->courier), shop, seq, list);
}

static void planning_hooks_rewound(void *ctx, const struct shop_id *shop)
{
    struct planning *p = ctx;
    hooks_rewound(courier_hooks(p->courier), shop);
}

static bool planning_owed(void *ctx, const struct shop_id *shop, const struct broadcast_id *broadcast)
{
    struct planning *p = ctx;
    return hooks_owe(courier_hooks(p->courier), shop, broadcast);
}

/* ---- what the orchestrator tells ---- */

static void observe_entry(void *ctx, const struct shop_id *shop, const struct ledger_entry *entry)
{
    struct planning *p = ctx;
    board_ledger_entry(p->board, shop, entry);
}

static void observe_rewound(void *ctx, const struct shop_id *shop)
{
    struct planning *p = ctx;
    board_ledger_rewound(p->board, shop);
}

static void observe_event(void *ctx, const struct show_view *show, const struct event *event)
{
    struct planning *p = ctx;
    board_event(p->board, show, event);
}

static bool observe_volumes(void *ctx, const struct show_view *show, struct volumes_view *ret)
{
    struct planning *p = ctx;
    return board_volumes(p->board, show, ret);
}

static void asked_answer(void *ctx, struct outcome *outcome) { orchestrator_answer(ctx, outcome); }

static void observe_command(void *ctx, struct orchestrator_ask *ask)
{
    struct planning *p = ctx;
    if (command_is_hooks(ask->command->kind)) {
        struct hooks_ask asked = {.shop = ask->shop, .command = ask->command, .answer = asked_answer, .ctx = ask};
        hooks_command(courier_hooks(p->courier), &asked);
        return;
    }
    struct board_ask asked = {.shop = ask->shop,
                              .asker = ask->asker,
                              .command = ask->command,
                              .show = ask->show,
                              .answer = asked_answer,
                              .ctx = ask};
    board_command(p->board, &asked);
}

void planning_observe(struct planning *p, struct orchestrator_observer *ret)
{
    *ret = (struct orchestrator_observer){
        .ledger_entry = observe_entry,
        .ledger_rewound = observe_rewound,
        .event = observe_event,
        .volumes = observe_volumes,
        .command = observe_command,
        .ctx = p,
    };
}

/* ---- begin and end ---- */

static enum result board_make(struct planning *p, const struct courier_options *o)
{
    struct board_config board = {
        .node = o->node,
        .seed = o->seed,
        .clock = &o->loop->clock,
        .log = redis_log(o->redis),
        .ledger = redis_ledger(o->redis),
        .store = redis_store(o->redis),
        .work = &p->work.work,
        .codec = {.encode = journal_encode, .decode = journal_decode},
        .document = estimate_write,
        .show = planning_show,
        .listener = {.changed = planning_changed,
                     .wanted = planning_wanted,
                     .lead = planning_lead,
                     .published = planning_published,
                     .promise_changed = planning_promise,
                     .settled = planning_published,
                     .hooks = planning_hooks,
                     .hooks_rewound = planning_hooks_rewound,
                     .owed = planning_owed},
        .ctx = p,
    };
    limits_of_board(o->config, &board.limits);
    return board_create(&board, &p->board);
}

enum result planning_init(struct planning *p, const struct courier_options *options)
{
    *p = (struct planning){0};
    list_init(&p->opening);
    work_pool_init(&p->work, &options->loop->uv);
    hooks_metrics_register();
    enum result result = courier_create(options, &p->courier);
    if (result == RESULT_OK)
        result = board_make(p, options);
    if (result == RESULT_OK)
        courier_attach(p->courier, p->board);
    return result;
}

void planning_attach(struct planning *p, struct orchestrator *o) { p->orchestrator = o; }

static void work_ended(void *ctx)
{
    struct planning *p = ctx;
    p->stopped(p->ctx);
}

static void courier_ended(void *ctx)
{
    struct planning *p = ctx;
    work_pool_stop(&p->work, work_ended, p);
}

void planning_stop(struct planning *p, void (*stopped)(void *ctx), void *ctx)
{
    p->stopped = stopped;
    p->ctx = ctx;
    if (p->board != NULL)
        board_stop(p->board);
    if (p->courier != NULL)
        courier_close(p->courier, courier_ended, p);
    else
        courier_ended(p);
}

void planning_finish(struct planning *p)
{
    board_destroy(p->board);
    courier_destroy(p->courier);
    for (struct list *at = p->opening.next; at != NULL && at != &p->opening;) {
        struct planning_open *o = container_of(at, struct planning_open, link);
        at = at->next;
        free(o);
    }
    *p = (struct planning){0};
}
