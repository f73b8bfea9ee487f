/* The stage on Redis. How a group goes:
 *
 *   play_ask         asks everything in one turn
 *     play_time      a call begins: where it begins is noted; Redis may be stopped here, to be killed
 *     play_answered
 *   rise_again       after a kill: the call under way was done, or not; the ledger tells */
#include "tests/torture/play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "inventory/redis/node.h"

#define PATIENCE_MS 60000 /* real time for one group, or for Redis to come back */
#define FD_MAX 1024

/* ---- the node's side ---- */

const bool play_may_step_back = true, play_may_kill = true;

static int64_t play_time(void *ctx)
{
    struct play *p = ctx;
    play_call_begins(p);
    if (p->kill == KILL_NONE || p->calls != p->kill_call)
        return p->now_ms;
    uv_stop(&p->loop); /* the turn ends when the call is written, without waiting for anything */
    if (p->kill == KILL_UNREAD || p->kill == KILL_UNANSWERED) {
        redis_server_pause(&p->server, true);
        p->is_stopped = true;
    }
    return p->now_ms;
}

static void play_ready(void *ctx, bool ready, const char *reason)
{
    struct play *p = ctx;
    (void)reason;
    p->is_ready = ready;
}

/* ---- waiting ---- */

static void out_of_patience(uv_timer_t *timer)
{
    bool it_came = timer == NULL;
    MUST(it_came);
}

static bool is_ready(const struct play *p) { return p->is_ready; }
static bool is_cut_off(const struct play *p) { return !p->is_ready; }
static bool is_closed(const struct play *p) { return p->is_closed; }
static bool is_caught_up(const struct play *p) { return p->is_caught_up || p->was_rewound; }
static bool is_stopped(const struct play *p) { return p->is_stopped || play_is_answered(p); }
static bool is_under_way(const struct play *p) { return p->calls >= p->kill_call || play_is_answered(p); }
static void run_until(struct play *p, bool (*is_so)(const struct play *p))
{
    uv_timer_t patience;
    if (is_so(p))
        return;
    uv_timer_init(&p->loop, &patience);
    uv_timer_start(&patience, out_of_patience, PATIENCE_MS, 0);
    while (!is_so(p))
        uv_run(&p->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&patience, NULL);
    uv_run(&p->loop, UV_RUN_NOWAIT); /* lets go of the timer */
}

/* ---- opening ---- */

static void load_library(const struct play *p, const char *library)
{
    const char *answer = redis_server_command(&p->server, "FUNCTION LOAD REPLACE %s", library);
    if (strcmp(answer, "liveshelf") == 0)
        return;
    fprintf(stderr, "the library cannot be loaded: %s\n", answer);
    exit(PLAY_NO_LIBRARY);
}

bool play_open(struct play *p, int64_t now_ms, const char *library)
{
    play_begin(p, now_ms);
    if (!redis_server_start(&p->server, true))
        return false;
    MUST(uv_loop_init(&p->loop) == 0);
    struct redis_config config = {.loop = &p->loop,
                                  .url = p->server.url,
                                  .durability = REDIS_FSYNC,
                                  .node = {"torture"},
                                  .seed = 1,
                                  .request_ms = PATIENCE_MS,
                                  .silence_ms = PATIENCE_MS,
                                  .ready = play_ready,
                                  .now_ms = play_time,
                                  .ctx = p};
    MUST(redis_node_create(&config, &p->node, NULL) == RESULT_OK);
    run_until(p, is_ready);
    if (library != NULL)
        load_library(p, library);
    play_follow(p, redis_ledger(p->node));
    run_until(p, is_caught_up);
    return true;
}

static void node_closed(void *ctx) { ((struct play *)ctx)->is_closed = true; }

void play_close(struct play *p)
{
    struct ledger *ledger = redis_ledger(p->node);
    ledger->unfollow(ledger, &p->follow);
    redis_node_close(p->node, node_closed, p);
    run_until(p, is_closed);
    uv_run(&p->loop, UV_RUN_DEFAULT);
    MUST(uv_loop_close(&p->loop) == 0);
    play_end(p);
    redis_server_finish(&p->server);
}

/* ---- killing ---- */

static const char *ledger_end(struct play *p)
{
    static char id[LEDGER_ID_LEN_MAX + 1];
    const char *last = redis_server_command(&p->server, "XREVRANGE ls:{" SHOP ".0}:g + - COUNT 1");
    size_t len = strcspn(last, "\n");
    MUST(len <= LEDGER_ID_LEN_MAX);
    memcpy(id, last, len);
    id[len] = '\0';
    return id;
}

static unsigned long calls_done(struct play *p)
{
    const char *stats = redis_server_command(&p->server, "INFO commandstats");
    const char *at = strstr(stats, "cmdstat_fcall:calls=");
    return at == NULL ? 0 : strtoul(strchr(at, '=') + 1, NULL, 10);
}

/* Throws away what the dead server's answer left in our sockets. */
static void lose_answers(const struct play *p)
{
    char nothing[4096];
    for (int fd = 3; fd < FD_MAX; fd++) {
        struct sockaddr_un peer = {0};
        socklen_t len = sizeof peer;
        if (getpeername(fd, (struct sockaddr *)&peer, &len) != 0 || peer.sun_family != AF_UNIX ||
            strcmp(peer.sun_path, p->server.socket) != 0)
            continue;
        while (recv(fd, nothing, sizeof nothing, MSG_DONTWAIT) > 0)
            continue;
    }
}

/* Redis is dead now, and the calls so far are p->calls. Starts it again, and finds out about the call under way. */
static void rise_again(struct play *p)
{
    p->kills++;
    p->kills_by[p->kill]++;
    p->is_stopped = false;
    redis_server_start_again(&p->server);
    play_acknowledge(p);
    const char *end = ledger_end(p);
    bool is_under_way = p->calls > 0 && p->call_begins[p->calls - 1] == p->answered && !play_is_answered(p);
    if (strcmp(end, p->acknowledged) == 0)
        return;
    if (!is_under_way) {
        bytes_format(&p->difference, "  the ledger ends at [%s] after a kill, [%s] was acknowledged last\n", end,
                     p->acknowledged);
        return;
    }
    memcpy(p->unanswered, end, strlen(end) + 1);
    p->twice = p->calls;
    p->done_twice++;
}

static void kill_redis(struct play *p)
{
    redis_server_kill(&p->server);
    rise_again(p);
}

static void let_it_answer_in_vain(struct play *p, unsigned long calls_before)
{
    redis_server_pause(&p->server, false);
    while (calls_done(p) < calls_before + p->kill_call)
        continue;
    redis_server_kill(&p->server);
    lose_answers(p);
    rise_again(p);
}

static void ask_all(struct play *p)
{
    struct inventory *inventory = redis_inventory(p->node);
    for (size_t i = 0; i < p->count; i++) {
        inventory->ask(inventory, &p->got[i]);
    }
}

static void ask_with_a_kill(struct play *p)
{
    unsigned long calls_before = p->kill == KILL_UNANSWERED ? calls_done(p) : 0;
    if (p->kill == KILL_BEFORE)
        redis_server_kill(&p->server);
    ask_all(p);
    switch (p->kill) {
    case KILL_BEFORE:
        uv_run(&p->loop, UV_RUN_NOWAIT);
        rise_again(p);
        break;
    case KILL_UNREAD:
    case KILL_UNANSWERED:
        run_until(p, is_stopped);
        if (p->is_stopped && p->kill == KILL_UNREAD)
            kill_redis(p);
        else if (p->is_stopped)
            let_it_answer_in_vain(p, calls_before);
        break;
    case KILL_ANYWHERE:
        run_until(p, is_under_way);
        for (unsigned i = 0; i < p->kill_after_us % 4; i++)
            uv_run(&p->loop, UV_RUN_NOWAIT);
        usleep(p->kill_after_us);
        redis_server_kill(&p->server);
        if (p->kill_after_us % 2 == 0)
            lose_answers(p);
        run_until(p, is_cut_off); /* reads what had come */
        rise_again(p);
        break;
    default:
        run_until(p, play_is_answered);
        kill_redis(p);
    }
}

void play_ask(struct play *p)
{
    if (p->kill == KILL_NONE)
        ask_all(p);
    else
        ask_with_a_kill(p);
    run_until(p, play_is_answered);
    p->kill = KILL_NONE;
    play_acknowledge(p);
    run_until(p, play_has_last_entry);
}

/* ---- what Redis says of itself ---- */

/* ls_check: SKUs, holds kept, open holds, and a line per breach. */
static bool check_library(struct play *p)
{
    struct bytes command = {0};
    unsigned long skus = 0, kept = 0, open = 0;
    int read = 0;
    bytes_format(&command, "FCALL_RO ls_check %d", STOCK_KEYS);
    for (size_t i = 0; i < STOCK_KEYS; i++) {
        char key[KEY_MAX];
        key_stock(key, SHOP, stock_key_letters[i]);
        bytes_format(&command, " %s", key);
    }
    bytes_format(&command, " %lld", (long long)p->now_ms);
    const char *text = redis_server_command(&p->server, command.data);
    bytes_finish(&command);
    bool is_read = sscanf(text, "%lu %lu %lu %n", &skus, &kept, &open, &read) == 3;
    if (!is_read || text[read] != '\0' || skus != p->model.skus.count || kept < p->model.holds.count ||
        open != model_holds_open(&p->model))
        bytes_format(&p->difference, "  ls_check, where %zu SKUs, %zu holds or more, %zu open were expected:\n%s\n",
                     p->model.skus.count, p->model.holds.count, model_holds_open(&p->model), text);
    return p->difference.len == 0;
}

static bool check_audit(struct play *p)
{
    struct audit_result result;
    struct shop_id shop = {SHOP};
    const char *why = NULL;
    enum result ran = audit_run(p->server.url, &shop, &result, &why);
    if (ran == RESULT_NOT_FOUND && p->entries == 0)
        return true; /* nothing ever moved */
    if (ran != RESULT_OK) {
        bytes_format(&p->difference, "  the audit could not run: %s\n", why == NULL ? "?" : why);
        return false;
    }
    if (result.differences_total > 0) {
        bytes_text(&p->difference, "  the audit:\n");
        audit_write(&result, &p->difference);
    }
    audit_finish(&result);
    return p->difference.len == 0;
}

bool play_check_stage(struct play *p, bool audit) { return check_library(p) && (!audit || check_audit(p)); }
