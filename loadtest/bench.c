/* loadtest/bench.c - the first honest table: what one node costs, beside a bare send() loop in the same minutes.
 *
 *   liveshelf-bench BIN_DIR DATA_DIR OUT.json [--quick]
 *
 * The servers share core 0, everything here runs on core 1. Rounds of the two are interleaved, because a machine's pace changes within
 * minutes: the ratio of a round's pair says more than either figure. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "loadtest/bench_limit.h"
#include "loadtest/bench_server.h"
#include "loadtest/crowd.h"

#define ROUNDS 3
#define FIGURES_MAX 64
#define PIN_EVERY_MS 200
#define BUYERS 300
#define WARM_VIEWERS 200
#define HOST_ANSWER_BYTES 34 /* of an `ok` and the two frames' heads */

struct figure {
    char name[96];
    double value, reference, ratio,
        bar; /* below 0: none; the bar is on the ratio where there is one, otherwise on the value */
    const char *unit;
};

struct bench {
    const char *bin_dir, *data_dir, *out;
    bool quick;
    struct bench_server shop, limit;
    char url[64], host_token[1024], viewer_token[1024], integrator_token[1024];
    double rss_before;
    struct figure figures[FIGURES_MAX];
    size_t figures_count;
};

static const char catalogue[] =
    "{\"products\":["
    "{\"sku\":\"mug-red\",\"title\":\"Red "
    "mug\",\"price\":{\"amount\":990,\"currency\":\"EUR\"},\"image\":\"/img/mug-red.svg\"},"
    "{\"sku\":\"mug-blue\",\"title\":\"Blue "
    "mug\",\"price\":{\"amount\":990,\"currency\":\"EUR\"},\"image\":\"/img/mug-blue.svg\"}]}";
static const char show[] = "{\"id\":\"bench\",\"title\":\"Bench\"}";
static const char run_of_show[] = "{\"cues\":[{\"id\":\"c1\",\"title\":\"Red mug\",\"sku\":\"mug-red\"},"
                                  "{\"id\":\"c2\",\"title\":\"Blue mug\",\"sku\":\"mug-blue\"}]}";
static const char stock[] = "{\"units\":100000000,\"ref\":\"bench\"}";
static const char *const skus[] = {"mug-red", "mug-blue"};

static void figure_add(struct bench *b, double value, const char *unit, double reference, double bar,
                       const char *format, ...) PRINTF_LIKE(6, 7);
static void figure_add(struct bench *b, double value, const char *unit, double reference, double bar,
                       const char *format, ...)
{
    va_list args;
    struct figure *f = &b->figures[b->figures_count++];
    *f = (struct figure){.value = value, .unit = unit, .reference = reference, .bar = bar, .ratio = -1};
    va_start(args, format);
    vsnprintf(f->name, sizeof f->name, format, args);
    va_end(args);
    if (reference > 0)
        f->ratio = value / reference;
}

/* ---- the shop ---- */

static enum result token_make(struct bench *b, const char *role, char *ret, size_t size)
{
    char program[256];
    snprintf(program, sizeof program, "%s/liveshelf", b->bin_dir);
    const char *words[] = {program, "token", "--data-dir", b->data_dir, "--shop", "bench", "--role", role, NULL};
    return bench_run(words, ret, size);
}

static enum result shop_start(struct bench *b)
{
    char program[256];
    snprintf(program, sizeof program, "%s/liveshelf", b->bin_dir);
    const char *words[] = {program,
                           "serve",
                           "--listen",
                           "127.0.0.1:0",
                           "--data-dir",
                           b->data_dir,
                           "--log-level",
                           "warn",
                           "--messages-per-second-max",
                           "100000",
                           "--messages-burst-max",
                           "100000",
                           "--host-messages-per-second-max",
                           "100000",
                           "--host-messages-burst-max",
                           "100000",
                           "--holds-per-viewer-max",
                           "10000",
                           "--accepts-per-second-max",
                           "100000",
                           "--admit-per-second-min",
                           "100000",
                           "--admit-per-second-max",
                           "100000",
                           NULL};
    enum result result = bench_start(words, &b->shop);
    if (result != RESULT_OK)
        return result;
    bench_measure_node(&b->shop);
    snprintf(b->url, sizeof b->url, "ws://127.0.0.1:%u", b->shop.port);
    result = token_make(b, "host", b->host_token, sizeof b->host_token);
    if (result == RESULT_OK)
        result = token_make(b, "viewer", b->viewer_token, sizeof b->viewer_token);
    if (result == RESULT_OK)
        result = token_make(b, "integrator", b->integrator_token, sizeof b->integrator_token);
    return result;
}

struct asked {
    bool done;
    int status;
};

static void asked_done(struct load_http *h, int status, const char *body, size_t len)
{
    struct asked *a = h->ctx;
    if (status / 100 != 2)
        fprintf(stderr, "bench: %s %s: %d %.*s\n", h->method, h->path, status, (int)len, body);
    *a = (struct asked){.done = true, .status = status};
}

static bool ask(struct bench *b, struct load_set *set, const char *method, const char *path, const char *body)
{
    struct asked asked = {0};
    struct load_http h = {.method = method,
                          .path = path,
                          .token = b->integrator_token,
                          .body = body,
                          .body_len = strlen(body),
                          .done = asked_done,
                          .ctx = &asked};
    load_http_start(set, &h);
    while (!asked.done)
        load_turn(set, 10);
    return asked.status / 100 == 2;
}

static enum result shop_stock(struct bench *b)
{
    struct load_set set;
    struct load_target target;
    if (load_target_parse(b->url, &target) != RESULT_OK || load_set_init(&set, &target, 1) != RESULT_OK)
        return RESULT_NO_MEMORY;
    bool done = ask(b, &set, "PUT", "/v1/catalogue", catalogue) && ask(b, &set, "POST", "/v1/broadcasts", show) &&
                ask(b, &set, "PUT", "/v1/broadcasts/bench/run-of-show", run_of_show) &&
                ask(b, &set, "POST", "/v1/stock/mug-red/allocate", stock) &&
                ask(b, &set, "POST", "/v1/broadcasts/bench/start", "{\"force\":true}");
    load_set_finish(&set);
    return done ? RESULT_OK : RESULT_UNAVAILABLE;
}

/* ---- fan-out ---- */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return values[count / 2];
}

/* Microseconds of server CPU per delivery, one message in flight. */
static double flood_shop(struct bench *b, struct crowd *c, int64_t last_ms)
{
    double before = bench_cpu_us(&b->shop);
    uint64_t sent = crowd_flood(c, skus, ARRAY_LEN(skus), last_ms);
    return (bench_cpu_us(&b->shop) - before) / ((double)sent * (double)c->config.viewers);
}

static double flood_limit(struct bench *b, struct limit_audience *a, int64_t last_ms)
{
    double before = bench_cpu_us(&b->limit);
    uint64_t sent = 0;
    for (int64_t until = load_now_ms() + last_ms; load_now_ms() < until; sent++)
        limit_publish(a);
    return (bench_cpu_us(&b->limit) - before) / ((double)sent * (double)a->count);
}

static void cost_measure(struct bench *b, struct crowd *c, struct limit_audience *a)
{
    double ours[ROUNDS], theirs[ROUNDS], ratios[ROUNDS];
    int64_t last_ms = b->quick ? 1000 : 4000;
    (void)flood_limit(b, a, 300);
    (void)flood_shop(b, c, 300);
    for (size_t i = 0; i < ROUNDS; i++) {
        theirs[i] = flood_limit(b, a, last_ms);
        ours[i] = flood_shop(b, c, last_ms);
        ratios[i] = ours[i] / theirs[i];
        printf("  round %zu: %.2f us, bare send loop %.2f us, ratio %.2f\n", i + 1, ours[i], theirs[i], ratios[i]);
    }
    figure_add(b, median(ours, ROUNDS), "us", median(theirs, ROUNDS), 1.10, "server CPU per delivery, %zu viewers",
               c->config.viewers);
    b->figures[b->figures_count - 1].ratio = median(ratios, ROUNDS);
}

static void latency_measure(struct bench *b, struct crowd *c, struct limit_audience *a)
{
    size_t pins = b->quick ? 10 : 40, viewers = c->config.viewers;
    c->pin = c->pin_last = (struct histogram){0};
    a->each = a->last = (struct histogram){0};
    (void)crowd_pins(c, skus, ARRAY_LEN(skus), pins, PIN_EVERY_MS);
    for (size_t i = 0; i < pins; i++) {
        int64_t began = load_now_ms();
        limit_publish(a);
        limit_wait(a, PIN_EVERY_MS - (load_now_ms() - began));
    }
    figure_add(b, histogram_ms(&c->pin, 0.5), "ms", histogram_ms(&a->each, 0.5), -1, "pin to %zu viewers, p50",
               viewers);
    figure_add(b, histogram_ms(&c->pin, 0.99), "ms", histogram_ms(&a->each, 0.99), -1, "pin to %zu viewers, p99",
               viewers);
    figure_add(b, histogram_ms(&c->pin_last, 0.5), "ms", histogram_ms(&a->last, 0.5), -1, "pin to the last of %zu, p50",
               viewers);
    figure_add(b, histogram_ms(&c->pin_last, 0.99), "ms", histogram_ms(&a->last, 0.99), -1,
               "pin to the last of %zu, p99", viewers);
}

/* As long as what we send to a viewer, so that both send the same. 0: the pins did not go through. */
static size_t bytes_per_pin(struct crowd *c)
{
    uint64_t before = c->host.conn.received_bytes;
    bool all = crowd_pins(c, skus, ARRAY_LEN(skus), 10, 5);
    uint64_t bytes = (c->host.conn.received_bytes - before) / 10;
    return all && bytes > HOST_ANSWER_BYTES ? (size_t)(bytes - HOST_ANSWER_BYTES) : 0;
}

/* What the first viewers of a broadcast cost and the next do not: rings, tables, pages of the program. */
static enum result warm_up(struct bench *b)
{
    static struct crowd c;
    struct crowd_config config = {.url = b->url,
                                  .broadcast = "bench",
                                  .token = b->viewer_token,
                                  .host_token = b->host_token,
                                  .viewers = WARM_VIEWERS,
                                  .seed = 3};
    if (crowd_init(&c, &config) != RESULT_OK)
        return RESULT_NO_MEMORY;
    bool warm = crowd_join(&c, 5000, 30000) && crowd_pins(&c, skus, ARRAY_LEN(skus), 500, 0);
    crowd_finish(&c);
    b->rss_before = bench_rss_bytes(&b->shop);
    return warm ? RESULT_OK : RESULT_UNAVAILABLE;
}

static enum result fan_out(struct bench *b, size_t viewers)
{
    static struct crowd c;
    static struct limit_audience a;
    struct crowd_config config = {.url = b->url,
                                  .broadcast = "bench",
                                  .token = b->viewer_token,
                                  .host_token = b->host_token,
                                  .viewers = viewers,
                                  .seed = 1};
    printf("fan-out to %zu viewers\n", viewers);
    if (crowd_init(&c, &config) != RESULT_OK)
        return RESULT_NO_MEMORY;
    double cpu = bench_cpu_us(&b->shop);
    bool joined = crowd_join(&c, 5000, 30000);
    if (joined) {
        crowd_wait(&c, 500);
        figure_add(b, (bench_rss_bytes(&b->shop) - b->rss_before) / (double)viewers, "bytes", -1, 2560,
                   "memory per viewer, %zu joined", viewers);
        figure_add(b, (bench_cpu_us(&b->shop) - cpu) / (double)viewers, "us", -1, -1,
                   "server CPU per join (upgrade, hello, snapshot), %zu", viewers);
        size_t message_len = bytes_per_pin(&c);
        joined = message_len > 0 && limit_join(&a, b->limit.port, viewers, message_len) == RESULT_OK;
        if (joined) {
            latency_measure(b, &c, &a);
            cost_measure(b, &c, &a);
        }
        limit_finish(&a);
    }
    bool sound = crowd_is_sound(&c);
    if (!joined || !sound)
        crowd_print(&c, stderr);
    crowd_finish(&c);
    return joined && sound ? RESULT_OK : RESULT_UNAVAILABLE;
}

/* ---- reservations ---- */

static enum result reservations(struct bench *b)
{
    static struct crowd c;
    struct crowd_config config = {
        .url = b->url, .broadcast = "bench", .token = b->viewer_token, .viewers = BUYERS, .seed = 2};
    struct crowd_wishes wishes = {
        .sku = "mug-red", .qty = 1, .then = THEN_RELEASE, .at_once = BUYERS, .last_ms = b->quick ? 1500 : 6000};
    printf("reservations from %d viewers: each claims, gives back, claims again\n", BUYERS);
    if (crowd_init(&c, &config) != RESULT_OK || !crowd_join(&c, 5000, 30000))
        return RESULT_UNAVAILABLE;
    double cpu = bench_cpu_us(&b->shop);
    int64_t began = load_now_us();
    crowd_reserve(&c, &wishes);
    double seconds = (double)(load_now_us() - began) / 1e6;
    figure_add(b, (double)c.held_answers / seconds, "per s", -1, -1,
               "holds granted and given back, synced to disk, %d viewers", BUYERS);
    figure_add(b, histogram_ms(&c.reserve, 0.5), "ms", -1, -1, "claim to its answer, p50");
    figure_add(b, histogram_ms(&c.reserve, 0.99), "ms", -1, -1, "claim to its answer, p99");
    figure_add(b, (bench_cpu_us(&b->shop) - cpu) / (double)c.held_answers, "us", -1, -1,
               "node CPU per hold granted and given back");
    bool sound = crowd_is_sound(&c);
    if (!sound || c.held_answers == 0)
        crowd_print(&c, stderr);
    crowd_finish(&c);
    return sound ? RESULT_OK : RESULT_UNAVAILABLE;
}

/* ---- the table ---- */

static bool figure_holds(const struct figure *f) { return (f->ratio >= 0 ? f->ratio : f->value) <= f->bar; }

static void number_text(double number, char *ret, size_t size)
{
    snprintf(ret, size, number < 0 ? "null" : number >= 1000 ? "%.0f" : "%.3f", number);
}

static bool report(const struct bench *b)
{
    FILE *out = fopen(b->out, "we");
    if (out == NULL)
        return false;
    printf("\n%-52s %12s %12s %8s %8s\n", "", "value", "bare loop", "ratio", "bar");
    fputs("{\"figures\":[\n", out);
    for (size_t i = 0; i < b->figures_count; i++) {
        const struct figure *f = &b->figures[i];
        char value[32], reference[32], ratio[32], bar[32];
        const char *holds = f->bar < 0 ? "null" : figure_holds(f) ? "true" : "false";
        number_text(f->value, value, sizeof value);
        number_text(f->reference, reference, sizeof reference);
        number_text(f->ratio, ratio, sizeof ratio);
        number_text(f->bar, bar, sizeof bar);
        fprintf(
            out,
            "  "
            "{\"name\":\"%s\",\"value\":%s,\"unit\":\"%s\",\"reference\":%s,\"ratio\":%s,\"bar\":%s,\"holds\":%s}%s\n",
            f->name, value, f->unit, reference, ratio, bar, holds, i + 1 < b->figures_count ? "," : "");
        printf("%-52s %12s %12s %8s %8s %s\n", f->name, value, f->reference < 0 ? "" : reference,
               f->ratio < 0 ? "" : ratio, f->bar < 0 ? "" : bar,
               f->bar < 0        ? f->unit
               : figure_holds(f) ? "holds"
                                 : "DOES NOT HOLD");
    }
    fputs("]}\n", out);
    return fclose(out) == 0;
}

static enum result measure(struct bench *b)
{
    char limit[256];
    snprintf(limit, sizeof limit, "%s/loadtest/liveshelf-limit", b->bin_dir);
    const char *words[] = {limit, "0", NULL};
    enum result result = shop_start(b);
    if (result == RESULT_OK)
        result = bench_start(words, &b->limit);
    if (result == RESULT_OK)
        result = shop_stock(b);
    if (result == RESULT_OK)
        result = warm_up(b);
    if (result == RESULT_OK)
        result = fan_out(b, 1000);
    if (result == RESULT_OK)
        result = fan_out(b, 5000);
    if (result == RESULT_OK)
        result = reservations(b);
    return result;
}

int main(int argc, char **argv)
{
    struct bench b = {0};
    struct rlimit files;
    if (argc < 4) {
        fputs("usage: liveshelf-bench BIN_DIR DATA_DIR OUT.json [--quick]\n", stderr);
        return 2;
    }
    b.bin_dir = argv[1];
    b.data_dir = argv[2];
    b.out = argv[3];
    b.quick = argc > 4 && strcmp(argv[4], "--quick") == 0;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    setvbuf(stdout, NULL, _IOLBF, 0); /* minutes pass: whoever watches through a pipe wants to see */
    bench_pin_to(BENCH_LOAD_CORE);
    enum result result = measure(&b);
    bench_stop(&b.shop);
    bench_stop(&b.limit);
    if (result != RESULT_OK)
        fprintf(stderr, "bench: it went wrong (%s); what was measured until then:\n", result_name(result));
    return report(&b) && result == RESULT_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
