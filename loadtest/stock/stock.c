/* loadtest/stock/stock.c - reservations through the inventory port of inventory/redis and its batcher: what a node asks of Redis,
 * without the sockets.
 *
 *   liveshelf-stock URL DURABILITY MODE LAST_MS [WINDOW | PER_SECOND]
 *
 * Modes: `closed`, WINDOW requests are always waiting; `open`, they arrive by chance at PER_SECOND, and each is timed from the moment it was
 * to arrive; `refused`, as closed, of a SKU that is sold out; `fill`, WINDOW holds are made, for measuring what they take.
 * Prints one JSON object. Every answer is looked at: one that is not what the mode makes certain ends with exit code 1. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/log.h"
#include "base/rng.h"
#include "inventory/redis/redis.h"
#include "loadtest/histogram.h"

#define OPEN_MAX 65536 /* requests under way in open loop; more: the rate is beyond what can be kept */
#define UNITS 1000000000
#define HOLD_MS 3600000

enum mode { MODE_CLOSED, MODE_OPEN, MODE_REFUSED, MODE_FILL };

struct wish {
    struct inventory_request ask;
    struct run *run;
    struct wish *next; /* idle ones */
    uint64_t began_ns;
};
struct run {
    enum mode mode;
    uv_loop_t loop;
    struct redis_node *node;
    struct inventory *inventory;
    struct inventory_request allocate;
    uv_idle_t arrivals;
    struct wish *wishes, *idle;
    double number; /* WINDOW, PER_SECOND or how many holds */
    size_t places, under_way;
    uint64_t began_ns, until_ns, ended_ns, next_ns;
    struct rng rng;
    uint64_t asked, answered, unexpected, overrun;
    int64_t first_id;
    struct histogram latency;
    struct rusage usage;
};

static void wish_ask(struct run *r, uint64_t began_ns);

static uint64_t now_ns(void) { return uv_hrtime(); }

static double cpu_us(const struct rusage *from)
{
    struct rusage now;
    getrusage(RUSAGE_SELF, &now);
    return (double)(now.ru_utime.tv_sec - from->ru_utime.tv_sec + now.ru_stime.tv_sec - from->ru_stime.tv_sec) * 1e6 +
           (double)(now.ru_utime.tv_usec - from->ru_utime.tv_usec + now.ru_stime.tv_usec - from->ru_stime.tv_usec);
}

/* ---- the end ---- */

static void run_closed(void *ctx) { uv_stop(&((struct run *)ctx)->loop); }

static void run_end(struct run *r)
{
    if (r->ended_ns != 0)
        return;
    r->ended_ns = now_ns();
    double seconds = (double)(r->ended_ns - r->began_ns) / 1e9, cpu = cpu_us(&r->usage), count = (double)r->answered;
    printf("{\"requests\":%llu,\"seconds\":%.3f,\"per_second\":%.0f,\"p50_us\":%.0f,\"p99_us\":%.0f,"
           "\"client_cpu_us\":%.3f,\"unexpected\":%llu,\"overrun\":%llu}\n",
           (unsigned long long)r->answered, seconds, count / seconds, histogram_ms(&r->latency, 0.5) * 1000,
           histogram_ms(&r->latency, 0.99) * 1000, cpu / count, (unsigned long long)r->unexpected,
           (unsigned long long)r->overrun);
    uv_close((uv_handle_t *)&r->arrivals, NULL);
    redis_node_close(r->node, run_closed, r);
}

static bool run_is_over(const struct run *r)
{
    return r->mode == MODE_FILL ? (double)r->asked >= r->number : now_ns() >= r->until_ns;
}

/* ---- one request ---- */

static void wish_answered(struct inventory_request *ask)
{
    struct wish *w = (struct wish *)(void *)ask;
    struct run *r = w->run;
    enum inventory_answer wanted = r->mode == MODE_REFUSED ? INVENTORY_SOLD_OUT : INVENTORY_DONE;
    histogram_add(&r->latency, (int64_t)((now_ns() - w->began_ns) / 1000));
    r->unexpected += ask->result != RESULT_OK || ask->answer != wanted;
    r->answered++;
    r->under_way--;
    w->next = r->idle;
    r->idle = w;
    if (run_is_over(r)) {
        if (r->under_way == 0)
            run_end(r);
    } else if (r->mode != MODE_OPEN) {
        wish_ask(r, now_ns());
    }
}

static void wish_ask(struct run *r, uint64_t began_ns)
{
    struct wish *w = r->idle;
    if (w == NULL) {
        r->overrun++;
        return;
    }
    r->idle = w->next;
    r->under_way++;
    uint64_t n = r->asked++;
    w->run = r;
    w->began_ns = began_ns;
    struct inventory_request *ask = &w->ask;
    ask->op = INVENTORY_RESERVE;
    ask->ttl_ms = HOLD_MS;
    ask->done = wish_answered;
    struct hold *h = &ask->hold;
    memset(h, 0, HOLD_SIZE(1));
    memcpy(ask->shop.text, "bench", 6);
    memcpy(h->broadcast.text, "spring-drop", 12);
    memcpy(h->currency, "EUR", 4);
    snprintf(h->id.text, sizeof h->id.text, "h_%016llx", (unsigned long long)(r->first_id + (int64_t)n));
    snprintf(h->viewer.text, sizeof h->viewer.text, "v_%06llx", (unsigned long long)(n * 2654435761u % 1000000));
    h->lines_count = 1;
    h->lines[0] = (struct line){.units = 1, .unit_minor = 1290, .price_version = 3};
    memcpy(h->lines[0].sku.text, "mug-red", 8);
    r->inventory->ask(r->inventory, ask);
}

/* ---- when they come ---- */

/* Turns the loop without rest, so that each arrives when it is due; the client has a core of its own. */
static void arrivals_due(uv_idle_t *idle)
{
    struct run *r = idle->data;
    uint64_t now = now_ns();
    while (r->next_ns <= now && r->next_ns < r->until_ns) {
        wish_ask(r, r->next_ns);
        r->next_ns += (uint64_t)(-log(1 - rng_unit(&r->rng)) / r->number * 1e9);
    }
    if (now >= r->until_ns && r->under_way == 0)
        run_end(r);
}

static void run_begin(struct inventory_request *ask)
{
    struct run *r = container_of(ask, struct run, allocate);
    if (ask->result != RESULT_OK || (ask->answer != INVENTORY_DONE && ask->answer != INVENTORY_REPLAYED)) {
        fprintf(stderr, "stock: the first units could not be allocated (%d, %s)\n", (int)ask->result,
                inventory_answer_name(ask->answer));
        exit(2);
    }
    getrusage(RUSAGE_SELF, &r->usage);
    r->began_ns = r->next_ns = now_ns();
    r->until_ns += r->began_ns;
    if (r->mode == MODE_OPEN) {
        uv_idle_start(&r->arrivals, arrivals_due);
        return;
    }
    for (size_t i = 0; i < r->places && !run_is_over(r); i++)
        wish_ask(r, now_ns());
}

static void run_ready(void *ctx, bool ready, const char *reason)
{
    struct run *r = ctx;
    if (!ready) {
        fprintf(stderr, "stock: %s\n", reason);
        return;
    }
    if (r->began_ns != 0 || r->allocate.done != NULL)
        return;
    r->allocate = (struct inventory_request){.op = INVENTORY_ALLOCATE, .units = UNITS, .done = run_begin};
    memcpy(r->allocate.shop.text, "bench", 6);
    memcpy(r->allocate.sku.text, "mug-red", 8);
    memcpy(r->allocate.ref, "first", 6);
    if (r->mode == MODE_REFUSED) { /* known, and none there */
        r->allocate.op = INVENTORY_SYNC;
        r->allocate.units = 0;
        r->allocate.version = (int64_t)time(NULL);
    }
    r->inventory->ask(r->inventory, &r->allocate);
}

static enum mode mode_of(const char *word)
{
    static const char *const words[] = {"closed", "open", "refused", "fill"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcmp(word, words[i]) == 0)
            return (enum mode)i;
    fprintf(stderr, "stock: no mode %s\n", word);
    exit(2);
}

static enum redis_durability durability_of(const char *word)
{
    return strcmp(word, "fsync") == 0        ? REDIS_FSYNC
           : strcmp(word, "replicated") == 0 ? REDIS_REPLICATED
                                             : REDIS_RELAXED;
}

int main(int argc, char **argv)
{
    static struct run r;
    if (argc < 5) {
        fprintf(stderr,
                "usage: liveshelf-stock URL DURABILITY closed|open|refused|fill LAST_MS [WINDOW | PER_SECOND]\n");
        return 2;
    }
    log_level_set(LOG_WARN);
    r.mode = mode_of(argv[3]);
    r.until_ns = (uint64_t)(strtod(argv[4], NULL) * 1e6);
    r.number = argc > 5 ? strtod(argv[5], NULL) : 256;
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall); /* another run on the same Redis has other ids */
    r.first_id = (int64_t)wall.tv_sec * 1000000 + wall.tv_nsec / 1000;
    rng_seed(&r.rng, 1);
    r.places = r.mode == MODE_OPEN ? OPEN_MAX : r.mode == MODE_FILL || r.number > OPEN_MAX ? 256 : (size_t)r.number;
    r.wishes = calloc(r.places, sizeof *r.wishes);
    MUST(r.wishes != NULL && uv_loop_init(&r.loop) == 0 && uv_idle_init(&r.loop, &r.arrivals) == 0);
    r.arrivals.data = &r;
    for (size_t i = 0; i < r.places; i++) {
        r.wishes[i].next = r.idle;
        r.idle = &r.wishes[i];
    }
    struct redis_config config = {.loop = &r.loop,
                                  .url = argv[1],
                                  .durability = durability_of(argv[2]),
                                  .queue_max = OPEN_MAX,
                                  .request_ms = 10000,
                                  .node = {.text = "bench"},
                                  .seed = 1,
                                  .ready = run_ready,
                                  .ctx = &r};
    const char *why = "";
    if (redis_node_create(&config, &r.node, &why) != RESULT_OK) {
        fprintf(stderr, "stock: %s\n", why);
        return 2;
    }
    r.inventory = redis_inventory(r.node);
    uv_run(&r.loop, UV_RUN_DEFAULT);
    free(r.wishes);
    return r.unexpected == 0 && r.overrun == 0 ? 0 : 1;
}
