/* app/demo.c - `liveshelf demo`: the server, and beside it a process that plays shop, host and audience.
 *
 *   command_demo        the supervisor, with the demo's payment route and a companion process
 *   command_demo_show   that companion: the sample is imported over the public API, the links are printed, the crowd comes */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "app/demo_guest.h"
#include "app/demo_host.h"
#include "app/supervisor.h"
#include "base/log.h"
#include "base/must.h"

#define VIEWERS_DEFAULT "300"
#define VIEWERS_MAX 15000
#define FIRST_COME_MS 45000 /* the room fills over this time */

enum { FLAG_VIEWERS, FLAG_AUTO, FLAG_NO_AUTO };

static const struct own_flag demo_flags[] = {
    [FLAG_VIEWERS] = {"viewers", "N", "simulated viewers, 0 to 15000 (300)", NULL},
    [FLAG_AUTO] = {"auto", NULL, "an automatic host runs the show until a person acts in the console (default)", NULL},
    [FLAG_NO_AUTO] = {"no-auto", NULL, "nobody hosts but you", NULL},
    {0},
};

static bool viewers_parse(const char *text, size_t *ret)
{
    char *end;
    unsigned long number = strtoul(text == NULL ? VIEWERS_DEFAULT : text, &end, 10);
    *ret = number;
    return (text == NULL || (*text >= '0' && *text <= '9')) && *end == '\0' && number <= VIEWERS_MAX;
}

int command_demo(int argc, char **argv)
{
    struct own_flag own[ARRAY_LEN(demo_flags)];
    struct config config;
    size_t viewers;
    char viewers_text[24];
    memcpy(own, demo_flags, sizeof own);
    if (command_wants_help(argc, argv)) {
        command_print_help(
            "demo [--viewers N] [--no-auto] [--listen ADDRESS:PORT] [--data-dir DIR]",
            "A sample shop with a show, simulated viewers, and links to the three pages. Runs until Ctrl-C;\n"
            "what happened is still there at the next start.",
            own);
        return EXIT_SUCCESS;
    }
    if (!command_config_load(argc, argv, own, "demo", &config))
        return EXIT_SETTING;
    if (!viewers_parse(own[FLAG_VIEWERS].value, &viewers)) {
        fprintf(stderr, "liveshelf: --viewers \"%.40s\": it takes 0 to %d\n", own[FLAG_VIEWERS].value, VIEWERS_MAX);
        config_finish(&config);
        return EXIT_SETTING;
    }
    if (*config_text(&config, SETTING_TLS_CERT_FILE) != '\0') {
        fprintf(stderr, "liveshelf: tls-cert-file: the demo fills its shop over plain HTTP, also without an audience; "
                        "`liveshelf serve` speaks TLS, or a proxy in front of the demo\n");
        config_finish(&config);
        return EXIT_SETTING;
    }
    snprintf(viewers_text, sizeof viewers_text, "%zu", viewers);
    const char *more[] = {"--viewers", viewers_text, own[FLAG_NO_AUTO].value == NULL ? NULL : "--no-auto", NULL};
    struct supervisor_options options = {
        .config = &config, .node_flag = "--demo", .companion = "demo-show", .companion_more = more};
    int exit_code = supervisor_run(&options);
    config_finish(&config);
    return exit_code;
}

/* ---- the companion ---- */

static void crowd_come(struct demo_shop *shop, size_t viewers)
{
    struct demo_guest *guests = calloc(viewers + 1, sizeof *guests);
    MUST(guests != NULL);
    for (size_t i = 0; i < viewers; i++)
        demo_guest_init(&guests[i], shop, 1 + (int64_t)(i * FIRST_COME_MS / viewers));
}

/* Runs until the supervisor ends it; what it holds goes with the process. */
static int show_run(const struct config *c, size_t viewers, bool hosting)
{
    static struct demo_shop shop;
    static struct demo_host host;
    static struct load_set set;
    struct load_target target;
    struct fault fault;
    char url[320];
    snprintf(url, sizeof url, "http://%s", config_text(c, SETTING_LISTEN));
    if (strncmp(url, "http://0.0.0.0:", 15) == 0)
        snprintf(url, sizeof url, "http://127.0.0.1:%s", config_text(c, SETTING_LISTEN) + 8);
    if (load_target_parse(url, &target) != RESULT_OK ||
        load_set_init(&set, &target, (uint64_t)load_now_us()) != RESULT_OK) {
        log_error("demo.start", "url=%s", log_quote(url));
        return EXIT_FAILURE;
    }
    if (demo_shop_open(&shop, &set, c, &fault) != RESULT_OK) {
        log_error("demo.shop", "why=%s", log_quote(fault.text));
        return EXIT_FAILURE;
    }
    demo_shop_print_links(&shop, url);
    demo_host_init(&host, &shop, hosting);
    crowd_come(&shop, viewers);
    for (;;)
        load_turn(&set, 20);
}

int command_demo_show(int argc, char **argv)
{
    struct own_flag own[ARRAY_LEN(demo_flags)];
    struct config config;
    size_t viewers;
    memcpy(own, demo_flags, sizeof own);
    if (!command_config_load(argc, argv, own, "demo", &config) || !viewers_parse(own[FLAG_VIEWERS].value, &viewers))
        return EXIT_SETTING;
    log_context_set("node=demo");
    return show_run(&config, viewers, own[FLAG_NO_AUTO].value == NULL);
}
