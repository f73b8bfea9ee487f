/* app/supervisor.c - from start to the last process gone.
 *
 *   supervisor_run         folder, lock, port: what can be refused is refused before anything is started
 *     redis_begin          our own Redis; wait until it accepts
 *     nodes_begin          one process each; they say `ready` on their status pipe
 *       node_line          all of them ready: the ready line, then the companion
 *     stop_begin           SIGTERM or SIGINT: nodes drain
 *       stop_go_on         the last node is gone: Redis syncs and ends; then the loop ends */
#include "app/supervisor.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/child.h"
#include "app/data_dir.h"
#include "app/limits.h"
#include "app/listener.h"
#include "app/loop.h"
#include "app/metric_board.h"
#include "app/redis_server.h"
#include "base/log.h"
#include "base/must.h"

#define LOCK_WAIT_MS 5000 /* for a predecessor's Redis that is still syncing */
#define REDIS_POLL_MS 10
#define REDIS_STOP_MS 20000     /* a large append-only file may take long to sync */
#define NODE_STOP_SPARE_MS 2000 /* beyond its own drain time */
#define REDIS_FIRST_TRIES 3     /* dying so often before it ever accepted: its settings or its files are wrong */
#define HURRY_AFTER_MS 1000     /* a second signal within this is the same one, sent to the process and to its group */
#define NODE_WORDS 10

enum stage { STAGE_STARTING, STAGE_SERVING, STAGE_DRAINING, STAGE_REDIS_ENDING };

struct node_child {
    struct child child;
    struct supervisor *supervisor;
    bool ready;
    char name[24], index[24], metrics[24];
    char *argv[NODE_WORDS];
};

struct supervisor {
    const struct supervisor_options *options;
    struct config *config;
    struct loop loop;
    struct listener listener;
    struct redis_server redis;
    bool own_redis, redis_accepted;
    int lock_fd, metrics_fd; /* -1: none */
    struct child redis_child, companion;
    struct node_child *nodes;
    size_t nodes_count;
    char **environment;
    char *redis_argv[3];
    char *companion_argv[NODE_WORDS];
    enum stage stage;
    struct clock_timer redis_poll, stop_deadline;
    int64_t stop_began_ms;
    int exit_code;
};

static void redis_begin(struct supervisor *s);
static void nodes_begin(struct supervisor *s);
static void node_line(struct child *child, const char *line);
static void stop_begin(struct supervisor *s, int exit_code);
static void stop_go_on(struct supervisor *s);

static int64_t now_ms(struct supervisor *s) { return s->loop.clock.now_ms(&s->loop.clock); }

/* ---- Redis ---- */

static void redis_gone(struct child *child, int wait_status)
{
    struct supervisor *s = child->ctx;
    (void)wait_status;
    if (s->stage >= STAGE_DRAINING) {
        stop_go_on(s);
        return;
    }
    redis_server_mend(&s->redis); /* it is started again */
    if (s->redis_accepted || child->restarts + 1 < REDIS_FIRST_TRIES)
        return;
    log_error("redis.hopeless", "see=%s", log_quote(s->redis.folder));
    fprintf(stderr, "liveshelf: %s does not start; %s/redis.log tells why\n", s->redis.program, s->redis.folder);
    stop_begin(s, EXIT_FAILURE);
}

static void redis_poll_due(struct clock_timer *timer)
{
    struct supervisor *s = container_of(timer, struct supervisor, redis_poll);
    if (s->stage != STAGE_STARTING)
        return;
    if (!redis_server_answers(&s->redis)) {
        s->loop.clock.start(&s->loop.clock, timer, REDIS_POLL_MS);
        return;
    }
    s->redis_accepted = true;
    nodes_begin(s);
}

static void redis_begin(struct supervisor *s)
{
    redis_server_clean(&s->redis); /* the lock is ours: whatever lies there is a dead one's */
    s->redis_argv[0] = s->redis.program;
    s->redis_argv[1] = s->redis.config;
    s->redis_child = (struct child){
        .name = "redis",
        .file = s->redis.program,
        .argv = s->redis_argv,
        .death_signal = SIGTERM, /* should we be killed, it still syncs; the lock it inherits tells until when */
        .inherit_fd = s->lock_fd,
        .is_short = true, /* an answer waits for it, and for its disk */
        .gone = redis_gone,
        .ctx = s,
    };
    child_init(&s->redis_child, &s->loop);
    child_start(&s->redis_child);
    s->loop.clock.start(&s->loop.clock, &s->redis_poll, REDIS_POLL_MS);
}

/* ---- nodes ---- */

static void node_gone(struct child *child, int wait_status)
{
    struct node_child *n = container_of(child, struct node_child, child);
    struct supervisor *s = n->supervisor;
    n->ready = false;
    if (s->stage >= STAGE_DRAINING)
        stop_go_on(s);
    else if (WIFEXITED(wait_status) &&
             (WEXITSTATUS(wait_status) == EXIT_SETTING || WEXITSTATUS(wait_status) == CHILD_NOT_RUN))
        stop_begin(s, WEXITSTATUS(wait_status) == EXIT_SETTING ? EXIT_SETTING : EXIT_FAILURE);
}

static void node_prepare(struct supervisor *s, struct node_child *n, size_t index)
{
    snprintf(n->name, sizeof n->name, "n%zu", index + 1);
    snprintf(n->index, sizeof n->index, "%zu", index + 1);
    snprintf(n->metrics, sizeof n->metrics, "%d", s->metrics_fd);
    size_t words = 0;
    n->argv[words++] = (char *)"liveshelf";
    n->argv[words++] = (char *)"node";
    n->argv[words++] = (char *)"--index";
    n->argv[words++] = n->index;
    n->argv[words++] = (char *)"--metrics-fd";
    n->argv[words++] = n->metrics;
    n->argv[words++] = (char *)s->options->node_flag; /* NULL ends the words as well */
    n->supervisor = s;
    n->child = (struct child){
        .name = n->name,
        .file = "/proc/self/exe", /* also when an upgrade has replaced the file meanwhile */
        .argv = n->argv,
        .envp = s->environment,
        .death_signal = SIGKILL, /* its state is in Redis; its viewers go elsewhere */
        .inherit_fd = s->metrics_fd,
        .line = node_line,
        .gone = node_gone,
        .ctx = s,
    };
    child_init(&n->child, &s->loop);
}

static void nodes_begin(struct supervisor *s)
{
    for (size_t i = 0; i < s->nodes_count; i++) {
        node_prepare(s, &s->nodes[i], i);
        child_start(&s->nodes[i].child);
    }
}

/* ---- ready, and the companion ---- */

static void companion_gone(struct child *child, int wait_status)
{
    struct supervisor *s = child->ctx;
    if (s->stage >= STAGE_DRAINING)
        stop_go_on(s);
    else if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == EXIT_SETTING)
        stop_begin(s, EXIT_SETTING);
}

static void companion_begin(struct supervisor *s)
{
    size_t words = 0;
    s->companion_argv[words++] = (char *)"liveshelf";
    s->companion_argv[words++] = (char *)s->options->companion;
    for (const char *const *more = s->options->companion_more; more != NULL && *more != NULL; more++) {
        MUST(words < NODE_WORDS - 1);
        s->companion_argv[words++] = (char *)*more;
    }
    s->companion = (struct child){
        .name = s->options->companion,
        .file = "/proc/self/exe",
        .argv = s->companion_argv,
        .envp = s->environment,
        .death_signal = SIGKILL,
        .inherit_fd = -1,
        .gone = companion_gone,
        .ctx = s,
    };
    child_init(&s->companion, &s->loop);
    child_start(&s->companion);
}

static void node_line(struct child *child, const char *line)
{
    struct node_child *n = container_of(child, struct node_child, child);
    struct supervisor *s = n->supervisor;
    n->ready = strcmp(line, "ready") == 0;
    if (s->stage != STAGE_STARTING)
        return;
    for (size_t i = 0; i < s->nodes_count; i++)
        if (!s->nodes[i].ready)
            return;
    s->stage = STAGE_SERVING;
    log_info("serving", "url=%s nodes=%zu", s->listener.url, s->nodes_count);
    printf("ready %s\n", s->listener.url);
    fflush(stdout);
    if (s->options->companion != NULL)
        companion_begin(s);
}

/* ---- stop ---- */

static void nodes_stop(struct supervisor *s, int signal)
{
    for (size_t i = 0; i < s->nodes_count; i++)
        if (s->nodes[i].child.loop != NULL)
            child_stop(&s->nodes[i].child, signal);
    if (s->companion.loop != NULL)
        child_stop(&s->companion, signal);
}

static bool nodes_are_running(const struct supervisor *s)
{
    for (size_t i = 0; i < s->nodes_count; i++)
        if (child_is_running(&s->nodes[i].child))
            return true;
    return child_is_running(&s->companion);
}

static void stop_late(struct clock_timer *timer)
{
    struct supervisor *s = container_of(timer, struct supervisor, stop_deadline);
    log_error("stop.late", "stage=%s", s->stage == STAGE_DRAINING ? "nodes" : "redis");
    if (s->stage == STAGE_DRAINING)
        nodes_stop(s, SIGKILL);
    else
        child_stop(&s->redis_child, SIGKILL);
}

static void stop_begin(struct supervisor *s, int exit_code)
{
    s->stage = STAGE_DRAINING;
    s->stop_began_ms = now_ms(s);
    s->exit_code = exit_code;
    log_info("stopping", "drain_ms=%lld", (long long)config_number(s->config, SETTING_DRAIN_MS));
    s->loop.clock.stop(&s->loop.clock, &s->redis_poll);
    s->loop.clock.start(&s->loop.clock, &s->stop_deadline,
                        config_number(s->config, SETTING_DRAIN_MS) + NODE_STOP_SPARE_MS);
    nodes_stop(s, SIGTERM);
    stop_go_on(s);
}

static void stop_go_on(struct supervisor *s)
{
    if (s->stage == STAGE_DRAINING && !nodes_are_running(s)) {
        s->stage = STAGE_REDIS_ENDING;
        s->loop.clock.start(&s->loop.clock, &s->stop_deadline, REDIS_STOP_MS);
        if (s->redis_child.loop != NULL)
            child_stop(&s->redis_child, SIGTERM);
    }
    if (s->stage == STAGE_REDIS_ENDING && !child_is_running(&s->redis_child))
        loop_stop(&s->loop);
}

static void signalled(void *ctx, int signal)
{
    struct supervisor *s = ctx;
    if (signal == SIGCHLD) {
        for (size_t i = 0; i < s->nodes_count; i++)
            child_check(&s->nodes[i].child);
        child_check(&s->companion);
        child_check(&s->redis_child);
    } else if (s->stage < STAGE_DRAINING) {
        stop_begin(s, EXIT_SUCCESS);
    } else if (s->stage == STAGE_DRAINING &&
               now_ms(s) - s->stop_began_ms >
                   HURRY_AFTER_MS) { /* asked twice: somebody is in a hurry; Redis still gets its time */
        nodes_stop(s, SIGKILL);
    }
}

/* ---- begin and end ---- */

static enum result folder_take(struct supervisor *s, struct fault *fault)
{
    char absolute[PATH_MAX];
    const char *folder = config_text(s->config, SETTING_DATA_DIR);
    enum result result = data_dir_make(folder, fault);
    if (result != RESULT_OK)
        return result;
    if (realpath(folder, absolute) == NULL || strlen(absolute) > (size_t)config_table[SETTING_DATA_DIR].max)
        return fault_set(fault, RESULT_IO, "data-dir %.200s: no usable absolute name", folder);
    config_replace(s->config, SETTING_DATA_DIR, absolute);
    return data_dir_lock(absolute, LOCK_WAIT_MS, &s->lock_fd, fault);
}

/* Each node finds the same; said here where somebody reads it. */
static enum result files_look(const struct config *c, struct fault *fault)
{
    struct net_limits net;
    limits_of_net(c, &net);
    return limits_fit_files(&net, limits_files(), fault);
}

static enum result supervisor_prepare(struct supervisor *s, struct fault *fault)
{
    char key[PATH_MAX];
    const char *scheme = *config_text(s->config, SETTING_TLS_CERT_FILE) == '\0' ? "http" : "https";
    enum result result = files_look(s->config, fault);
    if (result == RESULT_OK)
        result = folder_take(s, fault);
    if (result == RESULT_OK)
        result = data_dir_key(s->config, key, fault); /* made before N nodes look for it */
    if (result == RESULT_OK)
        result = listener_settle(config_text(s->config, SETTING_LISTEN), scheme, &s->listener, fault);
    if (result != RESULT_OK)
        return result;
    config_replace(s->config, SETTING_KEY_FILE, key);
    config_replace(s->config, SETTING_LISTEN, s->listener.listen);
    s->own_redis = *config_text(s->config, SETTING_REDIS_URL) == '\0';
    if (s->own_redis)
        result = redis_server_prepare(s->config, &s->redis, fault);
    if (result == RESULT_OK && s->own_redis)
        config_replace(s->config, SETTING_REDIS_URL, s->redis.url);
    s->environment = config_environment(s->config, NULL);
    s->nodes_count = (size_t)config_number(s->config, SETTING_WORKERS);
    s->nodes = calloc(s->nodes_count, sizeof *s->nodes);
    s->metrics_fd = metric_board_create(s->nodes_count);
    if (result == RESULT_OK && (s->environment == NULL || s->nodes == NULL))
        result = fault_set(fault, RESULT_NO_MEMORY, "no memory");
    return result;
}

static void supervisor_finish(struct supervisor *s)
{
    if (s->own_redis)
        redis_server_clean(&s->redis);
    listener_close(&s->listener);
    if (s->lock_fd >= 0) {
        if (ftruncate(s->lock_fd, 0) != 0)
            log_warn("lock.truncate", "fd=%d",
                     s->lock_fd); /* a stale pid in a free lock misleads nobody but a reader */
        close(s->lock_fd);
    }
    if (s->metrics_fd >= 0)
        close(s->metrics_fd);
    free(s->environment);
    free(s->nodes);
}

int supervisor_run(const struct supervisor_options *options)
{
    struct fault fault = {{0}};
    struct supervisor s = {
        .options = options, .config = options->config, .lock_fd = -1, .metrics_fd = -1, .listener = {.probe_fd = -1}};
    s.redis_poll.fire = redis_poll_due;
    s.stop_deadline.fire = stop_late;
    log_context_set("node=parent");
    enum result result = supervisor_prepare(&s, &fault);
    if (result == RESULT_OK && loop_init(&s.loop) != RESULT_OK)
        result = fault_set(&fault, RESULT_IO, "no event loop: too few file descriptors?");
    if (result != RESULT_OK) {
        fprintf(stderr, "liveshelf: %s\n", fault.text);
        supervisor_finish(&s);
        return result == RESULT_MALFORMED ? EXIT_SETTING : EXIT_FAILURE;
    }
    MUST(loop_signals(&s.loop, true, signalled, &s) == RESULT_OK);
    if (s.own_redis)
        redis_begin(&s);
    else
        nodes_begin(&s);
    loop_run(&s.loop);
    loop_finish(&s.loop, 1000);
    supervisor_finish(&s);
    log_info("stopped", "exit=%d", s.exit_code);
    return s.exit_code;
}
