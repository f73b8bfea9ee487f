/* app/ledger_command.c - `liveshelf ledger export|trim|checkpoint`: the ledger kept elsewhere, cut, and cut where it can be begun at.
 *
 * Works on the Redis that `liveshelf audit` looks at: beside a serving instance, and without one. docs/operations.md has the
 * commands in their order. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "app/ledger_export.h"
#include "app/ledger_needed.h"
#include "app/recording_export.h"
#include "app/redis_lend.h"
#include "app/supervisor.h"
#include "app/token.h"
#include "core/ports/inventory.h"
#include "inventory/redis/archive.h"

#define KEEP_DEFAULT "30d"

enum { FLAG_SHOP, FLAG_AFTER, FLAG_OUT, FLAG_ACKNOWLEDGE, FLAG_RECORDING, FLAG_KEEP, FLAG_UNSETTLED };

struct ledger_work {
    const struct own_flag *own;
    struct archive archive;
    struct fault fault;
};

static enum result archive_fault(struct ledger_work *w, enum result result)
{
    return fault_set(&w->fault, result == RESULT_MALFORMED ? RESULT_CONFLICT : result, "shop %s: %s",
                     w->archive.shop.text, w->archive.ask.why);
}

/* ---- export ---- */

static enum result work_export(struct ledger_work *w)
{
    const char *recording = w->own[FLAG_RECORDING].value;
    bool of_ledger = w->own[FLAG_AFTER].value != NULL || w->own[FLAG_ACKNOWLEDGE].value != NULL;
    if (recording != NULL && of_ledger)
        return fault_set(&w->fault, RESULT_MALFORMED,
                         "--after and --acknowledge are of the ledger, not of a recording");
    if (recording != NULL)
        return recording_export(&w->archive, recording, w->own[FLAG_OUT].value, &w->fault);
    struct ledger_export export = {w->own[FLAG_AFTER].value, w->own[FLAG_OUT].value,
                                   w->own[FLAG_ACKNOWLEDGE].value != NULL};
    return ledger_export(&w->archive, &export, &w->fault);
}

/* ---- trim ---- */

static enum result keep_parse(const char *word, int64_t *ret_ms)
{
    *ret_ms = 0;
    return strcmp(word, "0") == 0 ? RESULT_OK : token_ttl(word, ret_ms);
}

/* What is folded from it would be less than what was sold, and nobody could tell. */
static enum result trim_check(struct ledger_work *w, int64_t keep_ms)
{
    struct archive_state state;
    struct broadcast_id needs;
    enum result result = archive_state_get(&w->archive, &state);
    if (result == RESULT_OK)
        result = ledger_needed(&w->archive, state.now_ms - keep_ms, &needs);
    if (result != RESULT_OK)
        return archive_fault(w, result);
    if (ID_IS_NONE(needs))
        return RESULT_OK;
    return fault_set(
        &w->fault, RESULT_CONFLICT,
        "shop %s: nothing cut: broadcast %s is not settled, and its estimates would lose what it sold. First: "
        "POST /v1/broadcasts/%s/settle. Or: --unsettled cuts all the same",
        w->archive.shop.text, needs.text, needs.text);
}

static enum result work_trim(struct ledger_work *w)
{
    const char *keep = w->own[FLAG_KEEP].value == NULL ? KEEP_DEFAULT : w->own[FLAG_KEEP].value;
    const char *shop = w->archive.shop.text;
    struct archive_cut cut;
    int64_t keep_ms;
    if (keep_parse(keep, &keep_ms) != RESULT_OK)
        return fault_set(&w->fault, RESULT_MALFORMED, "--keep is a time such as 12h or 30d, at most ten years, or 0");
    enum result result = w->own[FLAG_UNSETTLED].value != NULL ? RESULT_OK : trim_check(w, keep_ms);
    if (result != RESULT_OK)
        return result;
    result = archive_cut(&w->archive, keep_ms, &cut);
    if (result != RESULT_OK)
        return archive_fault(w, result);
    switch (cut.answer) {
    case CUT_DONE:
        printf("shop %s: %" PRIu64 " entries cut; the ledger begins with checkpoint %s\n", shop, cut.entries,
               cut.first_id);
        return RESULT_OK;
    case CUT_NOTHING_OLD:
        printf("shop %s: nothing cut: nothing before a checkpoint is older than %s\n", shop, keep);
        return RESULT_OK;
    case CUT_NOT_ACKNOWLEDGED:
        return fault_set(
            &w->fault, RESULT_CONFLICT,
            "shop %s: nothing cut: nothing of it is acknowledged. First: liveshelf ledger export --shop %s "
            "--out FILE --acknowledge",
            shop, shop);
    case CUT_NO_CHECKPOINT:
        break;
    }
    return fault_set(&w->fault, RESULT_CONFLICT,
                     "shop %s: nothing cut: no checkpoint is both acknowledged and older than %s. One is written by: "
                     "liveshelf ledger "
                     "checkpoint --shop %s",
                     shop, keep, shop);
}

/* ---- checkpoint ---- */

static enum result work_checkpoint(struct ledger_work *w)
{
    enum archive_checkpoint_answer answer;
    char id[LEDGER_ID_LEN_MAX + 1];
    enum result result = archive_checkpoint(&w->archive, &answer, id);
    if (result != RESULT_OK)
        return archive_fault(w, result);
    if (answer == CHECKPOINT_BUSY)
        return fault_set(&w->fault, RESULT_CONFLICT,
                         "shop %s: no checkpoint: more than %d holds are open or in line. Ask again when fewer are",
                         w->archive.shop.text, CHECKPOINT_HOLDS_MAX);
    printf("shop %s: checkpoint %s\n", w->archive.shop.text, id);
    return RESULT_OK;
}

/* ---- the command ---- */

static const struct ledger_word {
    const char *name;
    enum result (*work)(struct ledger_work *w);
    unsigned flags; /* those it takes, beside --shop */
} words[] = {
    {"export", work_export, 1u << FLAG_AFTER | 1u << FLAG_OUT | 1u << FLAG_ACKNOWLEDGE | 1u << FLAG_RECORDING},
    {"trim", work_trim, 1u << FLAG_KEEP | 1u << FLAG_UNSETTLED},
    {"checkpoint", work_checkpoint, 0},
};

static void help_print(const struct own_flag *own)
{
    command_print_help(
        "ledger export|trim|checkpoint [--shop ID] [flags] [--data-dir DIR] [--redis-url URL]",
        "export      writes the ledger as JSON Lines, one line an entry; FILE is continued where it ended, and is "
        "whole or "
        "as it was\n"
        "trim        cuts what is acknowledged, older than --keep and before a checkpoint; says why when it cuts "
        "nothing\n"
        "checkpoint  has the whole state written into the ledger now, so that it can be cut there\n"
        "Exit code 0: done, or nothing to do; 1: refused, or not written: the ledger is as it was; 2: asked wrongly;\n"
        "3: Redis or the shop's ledger could not be reached. Runs beside a serving instance, and without one.",
        own);
}

static enum result shop_choose(struct ledger_work *w, const struct redis_lent *redis, struct shop_id *ret)
{
    struct shop_id *shops = NULL;
    size_t count = 0;
    enum result result = redis_lent_shops(redis, w->own[FLAG_SHOP].value, &shops, &count, &w->fault);
    if (result != RESULT_OK)
        return result;
    if (count == 1)
        *ret = shops[0];
    else if (count == 0)
        result = fault_set(&w->fault, RESULT_NOT_FOUND, "no shop has stock here");
    else
        result = fault_set(&w->fault, RESULT_MALFORMED, "--shop is needed: %s, %s%s have stock here", shops[0].text,
                           shops[1].text, count > 2 ? " and others" : "");
    free(shops);
    return result;
}

static enum result flags_check(struct ledger_work *w, const struct ledger_word *word)
{
    for (unsigned i = FLAG_AFTER; i <= FLAG_UNSETTLED; i++)
        if (w->own[i].value != NULL && (word->flags >> i & 1) == 0)
            return fault_set(&w->fault, RESULT_MALFORMED, "ledger %s does not take --%s", word->name, w->own[i].name);
    return RESULT_OK;
}

static enum result word_run(struct ledger_work *w, const struct ledger_word *word, struct config *config)
{
    struct redis_lent redis = {0};
    struct shop_id shop;
    enum result result = flags_check(w, word);
    if (result == RESULT_OK)
        result = redis_lend(&redis, config, &w->fault);
    if (result == RESULT_OK)
        result = shop_choose(w, &redis, &shop);
    if (result == RESULT_OK) {
        result = archive_open(&w->archive, redis.url, &shop);
        result = result == RESULT_OK ? word->work(w) : archive_fault(w, result);
        archive_close(&w->archive);
    }
    redis_give_back(&redis);
    return result;
}

static int exit_code(enum result result)
{
    switch (result) {
    case RESULT_OK:
        return EXIT_SUCCESS;
    case RESULT_MALFORMED:
        return EXIT_SETTING;
    case RESULT_UNAVAILABLE:
    case RESULT_NOT_FOUND:
        return EXIT_NOT_REACHED;
    default:
        return EXIT_FAILURE;
    }
}

static const struct ledger_word *word_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcmp(words[i].name, name) == 0)
            return &words[i];
    return NULL;
}

int command_ledger(int argc, char **argv)
{
    struct own_flag own[] = {
        [FLAG_SHOP] = {"shop", "ID", "the shop; needed when several have stock here", NULL},
        [FLAG_AFTER] = {"after", "ID", "export: only behind this entry; \"acknowledged\": behind what is archived",
                        NULL},
        [FLAG_OUT] = {"out", "FILE", "export: written or continued; otherwise standard output", NULL},
        [FLAG_ACKNOWLEDGE] = {"acknowledge", NULL, "export: notes, once FILE is safe, that it may be cut so far", NULL},
        [FLAG_RECORDING] = {"recording", "BROADCAST",
                            "export: not the ledger but this broadcast, as `liveshelf estimate` reads it", NULL},
        [FLAG_KEEP] = {"keep", "TIME", "trim: younger entries stay: 12h, 30d (default), 0", NULL},
        [FLAG_UNSETTLED] = {"unsettled", NULL,
                            "trim: also what estimates of a broadcast that is not settled are made from", NULL},
        {0},
    };
    struct ledger_work work = {.own = own};
    struct config config;
    const struct ledger_word *word = argc > 0 ? word_find(argv[0]) : NULL;
    if (command_wants_help(argc, argv) || argc == 0) {
        help_print(own);
        return argc == 0 ? EXIT_SETTING : EXIT_SUCCESS;
    }
    if (word == NULL) {
        fprintf(stderr, "liveshelf ledger: \"%s\" is none of export, trim, checkpoint\n", argv[0]);
        return EXIT_SETTING;
    }
    if (!command_config_load(argc - 1, argv + 1, own, "", &config))
        return EXIT_SETTING;
    enum result result = word_run(&work, word, &config);
    if (result != RESULT_OK)
        fprintf(stderr, "liveshelf ledger: %s\n", work.fault.text);
    config_finish(&config);
    return exit_code(result);
}
