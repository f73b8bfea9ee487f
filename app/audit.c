/* app/audit.c - `liveshelf audit`: is the stock what its ledger says? A certificate per SKU; exit 1 on any difference.
 *
 * Asks the Redis of --redis-url, or the one a running instance has in data-dir. When no instance runs there, that Redis is
 * started for the time of the audit, under the instance's own lock. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/command.h"
#include "app/redis_lend.h"
#include "app/supervisor.h"
#include "inventory/redis/audit.h"

enum { FLAG_SHOP, FLAG_JSON };

/* ---- for programs: one object a line, one line a shop ---- */

static json_t *certificate_json(const struct audit_certificate *c)
{
    const struct stock_count *n = &c->count;
    return json_pack("{ss sI sI sI sI sb ss sI sI sI sI s{sI sI sI sI sI} ss ss}", "sku", n->sku.text, "allocated",
                     (json_int_t)n->allocated, "available", (json_int_t)n->available, "held", (json_int_t)n->held,
                     "sold", (json_int_t)n->sold, "stopped", n->stopped, "recall", recall_mode_name(n->recall), "limit",
                     (json_int_t)n->limit_per_viewer, "version", (json_int_t)n->version, "buffer",
                     (json_int_t)n->buffer, "waiting", (json_int_t)c->waiting, "holds", "open",
                     (json_int_t)c->holds_held, "confirmed", (json_int_t)c->holds_confirmed, "released",
                     (json_int_t)c->holds_released, "expired", (json_int_t)c->holds_expired, "void",
                     (json_int_t)c->holds_void, "first_id", c->first_id, "last_id", c->last_id);
}

static json_t *texts_json(char (*texts)[AUDIT_TEXT_MAX], size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_string(texts[i]));
    return array;
}

static bool result_print_json(const struct audit_result *r)
{
    json_t *skus = json_array();
    for (size_t i = 0; i < r->skus_count; i++)
        json_array_append_new(skus, certificate_json(&r->skus[i]));
    json_t *all = json_pack(
        "{ss sb sI sI sI sI sI sb ss ss so sI so sI so}", "shop", r->shop.text, "clean", r->differences_total == 0,
        "entries", (json_int_t)r->entries, "movements", (json_int_t)r->movements, "holds", (json_int_t)r->holds,
        "checkpoints", (json_int_t)r->checkpoints, "unchecked", (json_int_t)r->unchecked, "begins_at_checkpoint",
        r->begins_at_checkpoint, "first_id", r->first_id, "last_id", r->last_id, "skus", skus, "differences_total",
        (json_int_t)r->differences_total, "differences", texts_json(r->differences, r->differences_count),
        "remarks_total", (json_int_t)r->remarks_total, "remarks", texts_json(r->remarks, r->remarks_count));
    bool done = all != NULL && json_dumpf(all, stdout, JSON_COMPACT) == 0;
    putchar('\n');
    json_decref(all);
    return done;
}

static bool result_print(const struct audit_result *r)
{
    struct bytes text = {0};
    audit_write(r, &text);
    bool done = bytes_result(&text) == RESULT_OK && fwrite(text.data, 1, text.len, stdout) == text.len;
    bytes_finish(&text);
    return done;
}

/* ---- shop by shop ---- */

static enum result shop_check(const char *url, const struct shop_id *shop, bool for_programs, bool *differs,
                              struct fault *fault)
{
    struct audit_result found = {0};
    const char *why = NULL;
    enum result result = audit_run(url, shop, &found, &why);
    if (result != RESULT_OK)
        return fault_set(fault, result, "shop %s: %s", shop->text, why == NULL ? result_name(result) : why);
    *differs = *differs || found.differences_total > 0;
    if (!(for_programs ? result_print_json(&found) : result_print(&found)))
        result = fault_set(fault, RESULT_IO, "shop %s: what was found could not be printed", shop->text);
    audit_finish(&found);
    return result;
}

static enum result audit_all(const struct own_flag *own, struct config *config, bool *differs, struct fault *fault)
{
    struct redis_lent redis = {0};
    struct shop_id *shops = NULL;
    size_t count = 0;
    enum result result = redis_lend(&redis, config, fault);
    if (result == RESULT_OK)
        result = redis_lent_shops(&redis, own[FLAG_SHOP].value, &shops, &count, fault);
    for (size_t i = 0; i < count && result == RESULT_OK; i++)
        result = shop_check(redis.url, &shops[i], own[FLAG_JSON].value != NULL, differs, fault);
    if (result == RESULT_OK && count == 0 && own[FLAG_JSON].value == NULL)
        puts("no shop has stock here");
    free(shops);
    redis_give_back(&redis);
    return result;
}

int command_audit(int argc, char **argv)
{
    struct own_flag own[] = {
        [FLAG_SHOP] = {"shop", "ID", "only this one; otherwise every shop", NULL},
        [FLAG_JSON] = {"json", NULL, "for programs: one JSON object per shop and line", NULL},
        {0},
    };
    struct config config;
    struct fault fault;
    bool differs = false;
    if (command_wants_help(argc, argv)) {
        command_print_help(
            "audit [--shop ID] [--json] [--data-dir DIR] [--redis-url URL]",
            "Replays the ledger and compares it with all that is kept: counters, holds, timers, limits, lines, "
            "clocks.\n"
            "Prints a certificate per SKU. Exit code 0: the stock is what its ledger says; 1: it is not; 2: asked "
            "wrongly;\n"
            "3: could not be checked. Runs beside a serving instance, which sells on meanwhile, and without one.",
            own);
        return EXIT_SUCCESS;
    }
    if (!command_config_load(argc, argv, own, "", &config))
        return EXIT_SETTING;
    enum result result = audit_all(own, &config, &differs, &fault);
    if (result != RESULT_OK)
        fprintf(stderr, "liveshelf audit: %s\n", fault.text);
    config_finish(&config);
    if (result != RESULT_OK)
        return redis_exit_code(result);
    return differs ? EXIT_FAILURE : EXIT_SUCCESS;
}
