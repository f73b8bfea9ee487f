#include "app/redis_lend.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "app/data_dir.h"
#include "app/supervisor.h"
#include "inventory/redis/audit.h"

#define SHOPS_MAX 10000
#define LOAD_WAIT_MS 60000 /* a large append-only file takes its time */
#define LOAD_LOOK_MS 50

/* ---- a Redis for the time of the command ---- */

static void pause_ms(long ms)
{
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static enum result redis_start(struct redis_lent *r, struct fault *fault)
{
    char *const argv[] = {r->server.program, r->server.config, NULL};
    redis_server_clean(&r->server);
    r->pid = fork();
    if (r->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        setpgid(0, 0);
        execv(r->server.program, argv);
        _exit(127);
    }
    for (int waited = 0; r->pid > 0 && waited < LOAD_WAIT_MS; waited += LOAD_LOOK_MS) {
        if (redis_server_answers(&r->server))
            return RESULT_OK;
        if (waitpid(r->pid, NULL, WNOHANG) == r->pid)
            r->pid = 0;
        pause_ms(LOAD_LOOK_MS);
    }
    return fault_set(fault, RESULT_UNAVAILABLE, "%s does not start; %s/redis.log tells why", r->server.program,
                     r->server.folder);
}

void redis_give_back(struct redis_lent *r)
{
    if (r->pid > 0) {
        kill(r->pid, SIGTERM);
        waitpid(r->pid, NULL, 0);
        redis_server_clean(&r->server);
    }
    if (r->is_locked)
        close(r->lock_fd);
}

enum result redis_lend(struct redis_lent *r, struct config *c, struct fault *fault)
{
    char absolute[PATH_MAX];
    const char *folder = config_text(c, SETTING_DATA_DIR);
    r->url = config_text(c, SETTING_REDIS_URL);
    if (*r->url != '\0')
        return RESULT_OK;
    if (realpath(folder, absolute) == NULL)
        return fault_set(fault, RESULT_NOT_FOUND, "data-dir %s: nothing is there", folder);
    config_replace(c, SETTING_DATA_DIR, absolute);
    redis_server_name(c, &r->server);
    r->url = r->server.url;
    if (redis_server_answers(&r->server))
        return RESULT_OK;
    enum result result = access(r->server.folder, F_OK) == 0
                             ? data_dir_lock(absolute, 1000, &r->lock_fd, fault)
                             : fault_set(fault, RESULT_NOT_FOUND, "data-dir %s: no stock was ever kept here", absolute);
    r->is_locked = result == RESULT_OK;
    if (result == RESULT_OK)
        result = redis_server_prepare(c, &r->server, fault);
    return result == RESULT_OK ? redis_start(r, fault) : result;
}

/* ---- its shops ---- */

struct shops {
    struct shop_id *all;
    size_t count;
};

static void shop_found(void *ctx, const struct shop_id *shop)
{
    struct shops *shops = ctx;
    if (shops->count < SHOPS_MAX)
        shops->all[shops->count++] = *shop;
}

static enum result shops_find(const struct redis_lent *r, struct shops *shops, struct fault *fault)
{
    const char *why = NULL;
    enum result result = RESULT_UNAVAILABLE;
    for (int waited = 0; result == RESULT_UNAVAILABLE && waited < LOAD_WAIT_MS; waited += LOAD_LOOK_MS) {
        shops->count = 0;
        result = audit_shops(r->url, shop_found, shops, &why);
        if (result != RESULT_UNAVAILABLE || r->pid == 0) /* only a Redis just started may still be loading */
            break;
        pause_ms(LOAD_LOOK_MS);
    }
    return result == RESULT_OK ? result : fault_set(fault, result, "%s", why == NULL ? result_name(result) : why);
}

enum result redis_lent_shops(const struct redis_lent *r, const char *shop, struct shop_id **ret, size_t *ret_count,
                             struct fault *fault)
{
    struct shops shops = {calloc(SHOPS_MAX, sizeof *shops.all), 0};
    struct shop_id named = {0};
    if (shops.all == NULL)
        return fault_set(fault, RESULT_NO_MEMORY, "no memory");
    enum result result = shop == NULL || ID_PARSE(&named, shop, strlen(shop)) == RESULT_OK
                             ? shops_find(r, &shops, fault)
                             : fault_set(fault, RESULT_MALFORMED, "--shop \"%.80s\" is not an id", shop);
    if (result == RESULT_OK && shop != NULL) {
        shops.count = 1;
        shops.all[0] = named;
    }
    if (result != RESULT_OK) {
        free(shops.all);
        return result;
    }
    *ret = shops.all;
    *ret_count = shops.count;
    return RESULT_OK;
}

int redis_exit_code(enum result result) { return result == RESULT_MALFORMED ? EXIT_SETTING : EXIT_NOT_REACHED; }
