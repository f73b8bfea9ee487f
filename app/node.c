/* app/node.c - one node process under the supervisor: a loop, the wiring on it, and an orderly end.
 *
 * Its settings come whole through the environment (config_environment); on its status pipe it says `ready` and `unready`. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/child.h"
#include "app/command.h"
#include "app/loop.h"
#include "app/supervisor.h"
#include "app/watchdog.h"
#include "app/wiring.h"
#include "base/log.h"
#include "base/map.h"
#include "base/must.h"
#include "base/rng.h"

#define CLOSE_WAIT_MS 2000

struct node {
    struct config config;
    struct loop loop;
    struct wiring *wiring;
    bool stopping;
};

static void status_say(const char *line)
{
    if (write(CHILD_STATUS_FD, line, strlen(line)) < 0 && errno != EBADF)
        log_warn("status.write", "error=%s", log_quote(strerror(errno)));
}

static void node_ready(void *ctx, bool ready, const char *reason)
{
    (void)ctx;
    (void)reason;
    status_say(ready ? "ready\n" : "unready\n");
}

static void node_stopped(void *ctx)
{
    struct node *n = ctx;
    loop_stop(&n->loop);
}

static void node_signalled(void *ctx, int signal)
{
    struct node *n = ctx;
    (void)signal;
    if (n->stopping)
        return;
    n->stopping = true;
    log_info("draining", "limit_ms=%lld", (long long)config_number(&n->config, SETTING_DRAIN_MS));
    wiring_stop(n->wiring, config_number(&n->config, SETTING_DRAIN_MS), node_stopped);
}

/* "n1-k3v9x0": the index for people, the rest because nodes of other machines and earlier lives share the Redis. */
static void node_name(const char *index, uint64_t seed, struct node_id *ret)
{
    struct rng rng;
    char tail[7];
    rng_seed(&rng, seed);
    rng_text(&rng, tail, 6);
    snprintf(ret->text, sizeof ret->text, "n%.8s-%s", index, tail);
}

static uint64_t seed_from_system(void)
{
    uint64_t seed;
    MUST(getrandom(&seed, sizeof seed, 0) == (ssize_t)sizeof seed);
    return seed;
}

static void process_prepare(const struct node_id *node)
{
    char text[80];
    struct rlimit files;
    snprintf(text, sizeof text, "node=%.60s", node->text);
    log_context_set(text);
    prctl(PR_SET_NAME, "liveshelf-node");
    map_hash_seed(seed_from_system());
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

static int node_run(struct node *n, struct wiring_options *options)
{
    struct fault fault;
    if (loop_init(&n->loop) != RESULT_OK || loop_signals(&n->loop, false, node_signalled, n) != RESULT_OK ||
        watchdog_start(&n->loop.uv, WATCHDOG_LOOK_MS) != RESULT_OK) {
        log_error("node.loop", "error=%s", log_quote(strerror(errno)));
        return EXIT_FAILURE;
    }
    enum result result = wiring_create(options, &n->wiring, &fault);
    if (result == RESULT_OK)
        loop_run(&n->loop);
    else
        log_error("node.start", "why=%s", log_quote(fault.text));
    wiring_destroy(n->wiring);
    watchdog_stop();
    bool clean = loop_finish(&n->loop, CLOSE_WAIT_MS);
    if (result == RESULT_MALFORMED)
        return EXIT_SETTING;
    return result == RESULT_OK && clean ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Said by the parent, never by a person. */
static long own_number(const struct own_flag *flag, long without)
{
    return flag->value == NULL ? without : strtol(flag->value, NULL, 10);
}

int command_node(int argc, char **argv)
{
    struct own_flag own[] = {{"index", "N", "", NULL}, {"demo", NULL, "", NULL}, {"metrics-fd", "N", "", NULL}, {0}};
    struct node n = {0};
    if (!command_config_load(argc, argv, own, "", &n.config))
        return EXIT_SETTING;
    struct wiring_options options = {.config = &n.config,
                                     .loop = &n.loop,
                                     .seed = seed_from_system(),
                                     .demo = own[1].value != NULL,
                                     .index = (size_t)own_number(&own[0], 1) - 1,
                                     .metrics_fd = (int)own_number(&own[2], -1),
                                     .ready = node_ready,
                                     .ctx = &n};
    node_name(own[0].value == NULL ? "0" : own[0].value, options.seed, &options.node);
    process_prepare(&options.node);
    int exit_code = node_run(&n, &options);
    log_info("node.ended", "exit=%d", exit_code);
    config_finish(&n.config);
    return exit_code;
}
