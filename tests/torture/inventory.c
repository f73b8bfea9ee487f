/* tests/torture/inventory.c - the stock under torture: seeded games against a model written from the contract.
 *
 *     torture_inventory [--seed N] [--ops N] [--kills N] [--games N] [--anywhere] [--library FILE] [--state FILE]
 *                       [--about ID]...
 *
 * Plays games of `ops` operations with `kills` kills of Redis, beginning with seed N; 0 games: without end. Each seed is printed
 * before it begins, a line with its digest when it is over: the same seed gives the same digest, unless --anywhere
 * kills at moments of chance as well. Stops at the first difference: the seed, the operation, expected and got; and for
 * each --about ID (a hold, a SKU, a viewer, a broadcast) what was asked about it before. --state keeps the next seed in a
 * file, and goes on from it. --library plays against another text of inventory.lua, which is how the mutation check
 * plays to a library with a guard less.
 *
 * Without arguments: the pinned seeds, as a test. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "tests/torture/game.h"

#define CHECK_EVERY 6000 /* operations between two looks at the whole state */
#define AUDIT_EVERY 50000
#define HISTORY_MAX 30000
#define HISTORY_SHOWN 40 /* of one word */
#define WORDS_MAX 8

struct options {
    uint64_t seed, ops, kills, games;
    bool anywhere;
    char *library;
    const char *state;
    const char *words[WORDS_MAX]; /* ids to be told about in a report */
    size_t words_count;
};

struct history { /* the last requests, for the report */
    struct inventory_request requests[HISTORY_MAX];
    int64_t at_ms[HISTORY_MAX];
    uint64_t count;
};

static struct play play;
static struct game game;
static struct history history;

/* ---- a report ---- */

static bool is_about(const struct inventory_request *r, const char *word)
{
    return strcmp(r->hold.id.text, word) == 0 || strcmp(r->sku.text, word) == 0 ||
           strcmp(r->hold.broadcast.text, word) == 0 || strcmp(r->hold.viewer.text, word) == 0;
}

static void show_history(const char *word)
{
    struct bytes text = {0};
    uint64_t first = history.count > HISTORY_MAX ? history.count - HISTORY_MAX : 0, shown = 0;
    for (uint64_t i = history.count; i-- > first && shown < HISTORY_SHOWN;) {
        const struct inventory_request *r = &history.requests[i % HISTORY_MAX];
        if (!is_about(r, word))
            continue;
        bytes_format(&text, "    %" PRIu64 " at %" PRId64 ": ", i, history.at_ms[i % HISTORY_MAX]);
        told_write_request(&text, r);
        bytes_text(&text, "\n");
        shown++;
    }
    fprintf(stderr, "  what was asked about %s, the last first:\n%s", word, text.data == NULL ? "" : text.data);
    bytes_finish(&text);
}

static void remember(const struct play *p, size_t count)
{
    for (size_t i = 0; i < count; i++, history.count++) {
        history.requests[history.count % HISTORY_MAX] = p->asked[i];
        history.at_ms[history.count % HISTORY_MAX] = p->now_ms;
    }
}

static void report(const struct options *o, uint64_t seed)
{
    fprintf(stderr,
            "DIFFERENCE in seed %" PRIu64 " (--ops %" PRIu64 " --kills %" PRIu64 "%s), operation %" PRIu64 "\n%s", seed,
            o->ops, o->kills, o->anywhere ? " --anywhere" : "", play.operations, play.difference.data);
    struct bytes state = {0};
    told_write_state(&state, &play.model);
    fprintf(stderr, "  the model:\n%s", state.data == NULL ? "" : state.data);
    bytes_finish(&state);
    for (size_t i = 0; i < o->words_count; i++)
        show_history(o->words[i]);
}

/* ---- a game ---- */

static bool step(struct play *p, struct game *g, uint64_t kill_at)
{
    size_t count = game_group(g, p->now_ms, p->asked);
    if (play_may_kill && p->operations >= kill_at)
        p->kill = game_kill(g, count, &p->kill_call, &p->kill_after_us);
    remember(p, count);
    if (!play_group(p, count))
        return false;
    game_learn(g);
    p->now_ms = game_time(g, p->now_ms);
    return true;
}

static bool play_game(const struct options *o)
{
    uint64_t next_check = CHECK_EVERY, next_audit = AUDIT_EVERY;
    uint64_t kills_apart = o->kills == 0 ? UINT64_MAX : o->ops / o->kills + 1, next_kill = kills_apart / 2;
    while (play.operations < o->ops) {
        bool kills = play.operations >= next_kill;
        if (!step(&play, &game, next_kill))
            return false;
        if (kills)
            next_kill += kills_apart;
        if (play.operations < next_check)
            continue;
        if (!play_check(&play, play.operations >= next_audit))
            return false;
        next_check = play.operations + CHECK_EVERY;
        next_audit = play.operations >= next_audit ? play.operations + AUDIT_EVERY : next_audit;
    }
    return play_check(&play, true);
}

/* 0: as it must be, 1: not, 77: no Redis. */
static int play_seed(const struct options *o, uint64_t seed, uint64_t *ret_digest)
{
    history.count = 0;
    if (!play_open(&play, GAME_START_MS, o->library))
        return 77;
    game_init(&game, seed, &play.model, o->anywhere);
    bool is_right = play_game(o);
    if (!is_right)
        report(o, seed);
    *ret_digest = play.digest;
    return is_right ? 0 : 1;
}

/* ---- many ---- */

struct totals {
    uint64_t games, operations, calls, kills, done_twice, entries;
    uint64_t answers[INVENTORY_OPS][INVENTORY_ANSWERS];
    struct timespec began;
};

static void add_up(struct totals *t)
{
    t->games++;
    t->operations += play.operations;
    t->calls += play.calls_made;
    t->kills += play.kills;
    t->done_twice += play.done_twice;
    t->entries += play.entries;
    for (size_t op = 0; op < INVENTORY_OPS; op++)
        for (size_t a = 0; a < INVENTORY_ANSWERS; a++)
            t->answers[op][a] += play.answers[op][a];
}

static void show(const struct totals *t, uint64_t seed, uint64_t digest)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double seconds = (double)(now.tv_sec - t->began.tv_sec) + (double)(now.tv_nsec - t->began.tv_nsec) / 1e9;
    printf("seed %" PRIu64 " digest %016" PRIx64 ": in all %" PRIu64 " operations, %" PRIu64 " calls, %" PRIu64
           " entries, %" PRIu64 " kills (%" PRIu64 " of a call that was done), %" PRIu64
           " seeds, %.0f s, 0 differences\n",
           seed, digest, t->operations, t->calls, t->entries, t->kills, t->done_twice, t->games, seconds);
    fflush(stdout);
}

static uint64_t kept_seed(const struct options *o)
{
    uint64_t seed = o->seed;
    FILE *file = o->state == NULL ? NULL : fopen(o->state, "r");
    if (file == NULL)
        return seed;
    if (fscanf(file, "%" SCNu64, &seed) != 1)
        seed = o->seed;
    fclose(file);
    return seed;
}

static void keep_seed(const struct options *o, uint64_t seed)
{
    FILE *file = o->state == NULL ? NULL : fopen(o->state, "w");
    if (file == NULL)
        return;
    fprintf(file, "%" PRIu64 "\n", seed);
    fclose(file);
}

static int play_many(const struct options *o, struct totals *t)
{
    uint64_t seed = kept_seed(o), digest = 0;
    clock_gettime(CLOCK_MONOTONIC, &t->began);
    for (uint64_t i = 0; o->games == 0 || i < o->games; i++, seed++) {
        printf("seed %" PRIu64 " begins\n", seed);
        fflush(stdout);
        keep_seed(o, seed);
        int status = play_seed(o, seed, &digest);
        if (status == 0)
            add_up(t);
        if (status != 77)
            play_close(&play);
        if (status != 0)
            return status;
        show(t, seed, digest);
    }
    keep_seed(o, seed);
    return 0;
}

static void show_answers(const struct totals *t)
{
    for (size_t op = 0; op < INVENTORY_OPS; op++) {
        struct bytes text = {0};
        bytes_format(&text, "  op %zu:", op);
        for (size_t a = 0; a < INVENTORY_ANSWERS; a++)
            if (t->answers[op][a] > 0)
                bytes_format(&text, " %s %" PRIu64, inventory_answer_name((enum inventory_answer)a), t->answers[op][a]);
        printf("%s\n", text.data);
        bytes_finish(&text);
    }
}

/* ---- as a test ---- */

struct pinned {
    uint64_t seed, ops, kills;
    const char *why;
};
static const struct pinned pinned[] = {
    {1, 40000, 6, "the usual mix"},
    {1, 40000, 6, "the same again: the same digest"},
    {20, 40000, 6, "the usual mix"},
    {21, 40000, 6, "the usual mix"},
    {12, 20000, 0, "an old timer of an id that came back ended a hold whose broadcast stands still"},
    {2, 20000, 0, "an offer took the number of one that had been put back"},
    {8, 20000, 0, "due holds waited behind the timers of holds that had ended"},
    {11, 20000, 0, "who joined heard a place that the joining itself had changed"},
};

static int play_pinned(void)
{
    struct totals totals = {0};
    uint64_t digests[ARRAY_LEN(pinned)];
    clock_gettime(CLOCK_MONOTONIC, &totals.began);
    for (size_t i = 0; i < ARRAY_LEN(pinned); i++) {
        struct options o = {.ops = pinned[i].ops, .kills = pinned[i].kills};
        printf("seed %" PRIu64 ": %s\n", pinned[i].seed, pinned[i].why);
        fflush(stdout);
        int status = play_seed(&o, pinned[i].seed, &digests[i]);
        if (status == 0)
            add_up(&totals);
        if (status != 77)
            play_close(&play);
        if (status != 0)
            return status;
        show(&totals, pinned[i].seed, digests[i]);
    }
    show_answers(&totals);
    if (digests[0] != digests[1]) {
        fprintf(stderr, "seed %" PRIu64 " gave two histories\n", pinned[0].seed);
        return 1;
    }
    return 0;
}

/* ---- options ---- */

static char *read_file(const char *path)
{
    struct bytes text = {0};
    char piece[4096];
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fprintf(stderr, "cannot read %s\n", path);
        exit(2);
    }
    for (size_t n; (n = fread(piece, 1, sizeof piece, file)) > 0;)
        bytes_append(&text, piece, n);
    fclose(file);
    size_t len = 0;
    return bytes_take(&text, &len);
}

static uint64_t number(const char *text)
{
    char *end = NULL;
    uint64_t value = text == NULL ? 0 : strtoull(text, &end, 10);
    if (text == NULL || *end != '\0' || end == text) {
        fprintf(stderr, "not a number: %s\n", text == NULL ? "" : text);
        exit(2);
    }
    return value;
}

static struct options read_options(int argc, char **argv)
{
    struct options o = {.seed = 1, .ops = 100000, .kills = 10};
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--anywhere") == 0) {
            o.anywhere = true;
            continue;
        }
        i++;
        if (strcmp(argv[i - 1], "--seed") == 0)
            o.seed = number(value);
        else if (strcmp(argv[i - 1], "--ops") == 0)
            o.ops = number(value);
        else if (strcmp(argv[i - 1], "--kills") == 0)
            o.kills = number(value);
        else if (strcmp(argv[i - 1], "--games") == 0)
            o.games = number(value);
        else if (strcmp(argv[i - 1], "--about") == 0 && value != NULL && o.words_count < WORDS_MAX)
            o.words[o.words_count++] = value;
        else if (strcmp(argv[i - 1], "--library") == 0 && value != NULL)
            o.library = read_file(value);
        else if (strcmp(argv[i - 1], "--state") == 0 && value != NULL)
            o.state = value;
        else {
            fprintf(stderr, "unknown option: %s\n", argv[i - 1]);
            exit(2);
        }
    }
    return o;
}

int main(int argc, char **argv)
{
    log_level_set(LOG_ERROR);
    if (argc == 1)
        return play_pinned();
    struct options o = read_options(argc, argv);
    struct totals totals = {0};
    int status = play_many(&o, &totals);
    if (status == 0)
        show_answers(&totals);
    free(o.library);
    return status;
}
