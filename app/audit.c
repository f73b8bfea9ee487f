/* app/audit.c - `liveshelf audit`: is the stock what its ledger says? A certificate per SKU; exit 1 on any difference.
 *
 * Asks the Redis of --redis-url, or the one a running instance has in data-dir. When no instance runs there, that Redis is
 * started for the time of the audit, under the instance's own lock. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "app/command.h"
#include "app/data_dir.h"
#include "app/redis_server.h"
#include "app/supervisor.h"
#include "inventory/redis/audit.h"

#define EXIT_NOT_CHECKED 3
#define SHOPS_MAX 10000
#define LOAD_WAIT_MS 60000 /* a large append-only file takes its time */
#define LOAD_LOOK_MS 50

struct audit {
    struct config config;
    struct redis_server redis;
    const char *url;
    pid_t lent; /* a Redis started for us; 0: none */
    int lock_fd;
    struct shop_id *shops;
    size_t shops_count;
    bool differs;
};

/* ---- a Redis for the time of the audit ---- */

static void pause_ms(long ms)
{
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static enum result redis_lend(struct audit *a, struct fault *fault)
{
    char *const argv[] = {a->redis.program, a->redis.config, NULL};
    redis_server_clean(&a->redis);
    a->lent = fork();
    if (a->lent == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        setpgid(0, 0);
        execv(a->redis.program, argv);
        _exit(127);
    }
    for (int waited = 0; a->lent > 0 && waited < LOAD_WAIT_MS; waited += LOAD_LOOK_MS) {
        if (redis_server_answers(&a->redis))
            return RESULT_OK;
        if (waitpid(a->lent, NULL, WNOHANG) == a->lent)
            a->lent = 0;
        pause_ms(LOAD_LOOK_MS);
    }
    return fault_set(fault, RESULT_UNAVAILABLE, "%s does not start; %s/redis.log tells why", a->redis.program,
                     a->redis.folder);
}

static void redis_give_back(struct audit *a)
{
    if (a->lent > 0) {
        kill(a->lent, SIGTERM);
        waitpid(a->lent, NULL, 0);
        redis_server_clean(&a->redis);
    }
    if (a->lock_fd >= 0)
        close(a->lock_fd);
}

static enum result redis_find(struct audit *a, struct fault *fault)
{
    char absolute[PATH_MAX];
    const char *folder = config_text(&a->config, SETTING_DATA_DIR);
    a->url = config_text(&a->config, SETTING_REDIS_URL);
    if (*a->url != '\0')
        return RESULT_OK;
    if (realpath(folder, absolute) == NULL)
        return fault_set(fault, RESULT_NOT_FOUND, "data-dir %s: nothing is there", folder);
    config_replace(&a->config, SETTING_DATA_DIR, absolute);
    redis_server_name(&a->config, &a->redis);
    a->url = a->redis.url;
    if (redis_server_answers(&a->redis))
        return RESULT_OK;
    enum result result = access(a->redis.folder, F_OK) == 0
                             ? data_dir_lock(absolute, 1000, &a->lock_fd, fault)
                             : fault_set(fault, RESULT_NOT_FOUND, "data-dir %s: no stock was ever kept here", absolute);
    if (result == RESULT_OK)
        result = redis_server_prepare(&a->config, &a->redis, fault);
    return result == RESULT_OK ? redis_lend(a, fault) : result;
}

/* ---- shop by shop ---- */

static void shop_found(void *ctx, const struct shop_id *shop)
{
    struct audit *a = ctx;
    if (a->shops_count < SHOPS_MAX)
        a->shops[a->shops_count++] = *shop;
}

static enum result shops_find(struct audit *a, const char *shop, struct fault *fault)
{
    const char *why = NULL;
    enum result result = RESULT_UNAVAILABLE;
    a->shops = calloc(SHOPS_MAX, sizeof *a->shops);
    if (a->shops == NULL)
        return fault_set(fault, RESULT_NO_MEMORY, "no memory");
    if (shop != NULL) {
        a->shops_count = 1;
        result = ID_PARSE(&a->shops[0], shop, strlen(shop));
        return result == RESULT_OK ? result : fault_set(fault, result, "--shop \"%.80s\" is not an id", shop);
    }
    for (int waited = 0; result == RESULT_UNAVAILABLE && waited < LOAD_WAIT_MS; waited += LOAD_LOOK_MS) {
        a->shops_count = 0;
        result = audit_shops(a->url, shop_found, a, &why);
        if (result != RESULT_UNAVAILABLE || a->lent == 0) /* only a Redis just started may still be loading */
            break;
        pause_ms(LOAD_LOOK_MS);
    }
    return result == RESULT_OK ? result : fault_set(fault, result, "%s", why == NULL ? result_name(result) : why);
}

static enum result shop_check(struct audit *a, const struct shop_id *shop, struct fault *fault)
{
    struct audit_result found = {0};
    struct bytes text = {0};
    const char *why = NULL;
    enum result result = audit_run(a->url, shop, &found, &why);
    if (result != RESULT_OK)
        return fault_set(fault, result, "shop %s: %s", shop->text, why == NULL ? result_name(result) : why);
    audit_write(&found, &text);
    if (bytes_result(&text) == RESULT_OK)
        fwrite(text.data, 1, text.len, stdout);
    a->differs = a->differs || found.differences_total > 0;
    bytes_finish(&text);
    audit_finish(&found);
    return RESULT_OK;
}

static enum result audit_all(struct audit *a, const char *shop, struct fault *fault)
{
    enum result result = redis_find(a, fault);
    if (result == RESULT_OK)
        result = shops_find(a, shop, fault);
    for (size_t i = 0; i < a->shops_count && result == RESULT_OK; i++)
        result = shop_check(a, &a->shops[i], fault);
    if (result == RESULT_OK && a->shops_count == 0)
        puts("no shop has stock here");
    return result;
}

int command_audit(int argc, char **argv)
{
    struct own_flag own[] = {{"shop", "ID", "only this one; otherwise every shop", NULL}, {0}};
    struct audit a = {.lock_fd = -1};
    struct fault fault;
    if (command_wants_help(argc, argv)) {
        command_print_help(
            "audit [--shop ID] [--data-dir DIR] [--redis-url URL]",
            "Replays the ledger and compares it with the counters and the holds; prints a certificate per SKU.\n"
            "Exit code 0: the stock is what its ledger says; 1: it is not; 2: asked wrongly; 3: could not be "
            "checked.\nRuns beside a serving instance, and without one.",
            own);
        return EXIT_SUCCESS;
    }
    if (!command_config_load(argc, argv, own, "", &a.config))
        return EXIT_SETTING;
    enum result result = audit_all(&a, own[0].value, &fault);
    if (result != RESULT_OK)
        fprintf(stderr, "liveshelf audit: %s\n", fault.text);
    redis_give_back(&a);
    free(a.shops);
    config_finish(&a.config);
    if (result != RESULT_OK)
        return result == RESULT_MALFORMED ? EXIT_SETTING : EXIT_NOT_CHECKED;
    return a.differs ? EXIT_FAILURE : EXIT_SUCCESS;
}
