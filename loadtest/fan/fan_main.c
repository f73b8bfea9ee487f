/* loadtest/fan/fan_main.c - liveshelf-fan: told what to do on standard input, answers with one JSON line each.
 *
 *   liveshelf-fan DIALECT PORT VIEWERS_MAX [--token T] [--host-token T] [--rooms N] [--buyers N] [--tiny-from N]
 *                [--host-port PORT] [--patience-ms N]
 *
 *   gather N                 all hosts and N viewers are live
 *   leave                    the viewers' lines are reset
 *   rest MS                  nothing but what servers ask of an idle line
 *   flood WINDOW MS          closed loop, at most WINDOW events of a room under way
 *   pins COUNT EVERY_MS      one event at a time, after a rest
 *   buy EVERY_US MS WINDOW   an open loop of claims, WINDOW as of flood, 0 for none
 *   stall N                  the last N viewers read no more
 *   cut PIN_MS BUY_US        every viewer but the buyers loses the line and comes back at once
 *
 * It ends with standard input. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "loadtest/fan/fan.h"

static void report_print(struct fan *f, const struct fan_report *r, enum result result)
{
    const struct fan_books *b = &r->books;
    printf("{\"ok\":%s,\"live\":%zu,\"seconds\":%.6f,\"client_busy\":%.3f,\"published\":%llu,\"event_bytes\":%zu",
           result == RESULT_OK ? "true" : "false", f->live, r->seconds, r->client_busy,
           (unsigned long long)r->published, f->event_len);
    printf(",\"deliveries\":%llu,\"recvs\":%llu,\"gaps\":%llu,\"duplicates\":%llu,\"lost\":%llu",
           (unsigned long long)b->deliveries, (unsigned long long)b->recvs, (unsigned long long)b->gaps,
           (unsigned long long)b->duplicates, (unsigned long long)b->lost);
    printf(",\"failed\":%llu,\"refused\":%llu,\"resumed\":%llu,\"snapshots\":%llu,\"held\":%llu,\"held_not\":%llu",
           (unsigned long long)b->failed, (unsigned long long)b->refused, (unsigned long long)b->resumed,
           (unsigned long long)b->snapshots, (unsigned long long)b->held, (unsigned long long)b->held_not);
    printf(",\"each_p50_ms\":%.3f,\"each_p99_ms\":%.3f,\"last_p50_ms\":%.3f,\"last_max_ms\":%.3f",
           fan_samples_ms(&f->each, 0.5), fan_samples_ms(&f->each, 0.99), fan_samples_ms(&f->last, 0.5),
           fan_samples_ms(&f->last, 1));
    printf(",\"claim_p50_ms\":%.3f,\"claim_p99_ms\":%.3f,\"back_s\":%.3f}\n", fan_samples_ms(&f->claims, 0.5),
           fan_samples_ms(&f->claims, 0.99), r->back_s);
    fflush(stdout);
}

/* Takes the line apart. */
static enum result command_run(struct fan *f, char *line, struct fan_report *report)
{
    char *numbers = line + strcspn(line, " \n");
    bool are_some = *numbers == ' ';
    *numbers = '\0';
    numbers += are_some;
    const char *word = line;
    long long a = strtoll(numbers, &numbers, 10), b = strtoll(numbers, &numbers, 10),
              c = strtoll(numbers, &numbers, 10);
    if (strcmp(word, "gather") == 0)
        return a >= 0 && (size_t)a <= f->conns_max ? fan_gather(f, (size_t)a, report) : RESULT_MALFORMED;
    if (strcmp(word, "flood") == 0)
        return fan_run(f, &(struct fan_phase){.window = (unsigned)a, .last_us = b * 1000}, report);
    if (strcmp(word, "pins") == 0)
        return fan_run(f, &(struct fan_phase){.pins = (size_t)a, .pin_every_us = b * 1000, .last_us = a * b * 1000},
                       report);
    if (strcmp(word, "buy") == 0)
        return fan_run(f, &(struct fan_phase){.claim_every_us = a, .last_us = b * 1000, .window = (unsigned)c}, report);
    if (strcmp(word, "cut") == 0)
        return fan_run(f, &(struct fan_phase){.pin_every_us = a * 1000, .claim_every_us = b, .cuts = true}, report);
    if (strcmp(word, "stall") == 0)
        for (size_t i = f->conns_count - (size_t)a; i < f->conns_count; i++)
            fan_stall(f, &f->conns[i]);
    else if (strcmp(word, "leave") == 0)
        fan_leave(f);
    else if (strcmp(word, "rest") == 0)
        fan_rest(f, a * 1000);
    else
        return RESULT_MALFORMED;
    return RESULT_OK;
}

/* One command at a time: whoever asks waits for the answer. */
static void serve(struct fan *f)
{
    char line[256];
    for (;;) {
        while (!f->stdin_ready)
            fan_turn(f, -1);
        f->stdin_ready = false;
        ssize_t len = read(STDIN_FILENO, line, sizeof line - 1);
        if (len <= 0)
            return;
        line[len] = '\0';
        struct fan_report report = {0};
        enum result result = command_run(f, line, &report);
        report_print(f, &report, result);
    }
}

static bool options_read(struct fan *f, int argc, char **argv)
{
    if (argc < 4 || argc % 2 != 0 || (f->dialect = fan_dialect_find(argv[1])) == NULL)
        return false;
    f->port = f->host_port = (unsigned)strtoul(argv[2], NULL, 10);
    f->conns_max = strtoul(argv[3], NULL, 10);
    for (int i = 4; i < argc; i += 2) {
        size_t number = strtoul(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--token") == 0)
            f->token = argv[i + 1];
        else if (strcmp(argv[i], "--host-token") == 0)
            f->host_token = argv[i + 1];
        else if (strcmp(argv[i], "--rooms") == 0)
            f->rooms_count = number;
        else if (strcmp(argv[i], "--buyers") == 0)
            f->buyers = number;
        else if (strcmp(argv[i], "--tiny-from") == 0)
            f->tiny_from = number;
        else if (strcmp(argv[i], "--patience-ms") == 0)
            f->patience_us = (int64_t)number * 1000;
        else if (strcmp(argv[i], "--host-port") == 0)
            f->host_port = (unsigned)number;
        else
            return false;
    }
    return f->port > 0 && f->conns_max > 0 && f->buyers <= f->conns_max;
}

int main(int argc, char **argv)
{
    static struct fan f = {
        .epoll = -1, .rooms_count = 1, .tiny_from = SIZE_MAX, .patience_us = FAN_PATIENCE_MS * 1000LL};
    struct rlimit files;
    if (!options_read(&f, argc, argv)) {
        fputs("usage: liveshelf-fan DIALECT PORT VIEWERS_MAX [--token T] [--host-token T] [--rooms N] [--buyers N] "
              "[--tiny-from N] [--host-port PORT] [--patience-ms N]\n",
              stderr);
        return 2;
    }
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    enum result result = fan_init(&f);
    if (result == RESULT_OK)
        serve(&f);
    else
        fprintf(stderr, "liveshelf-fan: %s\n", result_name(result));
    fan_finish(&f);
    return result == RESULT_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
