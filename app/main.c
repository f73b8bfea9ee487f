/* app/main.c - the program: finds the subcommand. Each is a file of its own; command.h lists them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "app/supervisor.h"
#include "base/log.h"
#include "base/must.h"

struct command_entry {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary; /* NULL: internal, not listed */
};

static const struct command_entry commands[] = {
    {"serve", command_serve, "run a shop's live-shopping server"},
    {"demo", command_demo, "the same with a sample shop, a show and simulated viewers; prints links to try"},
    {"token", command_token, "make a token for a host, viewer, planner or shop system"},
    {"audit", command_audit, "replay the ledger and compare it with the stock; exit 1 on any difference"},
    {"ledger", command_ledger, "archive the ledger, cut what is archived, ask for a checkpoint"},
    {"estimate", command_estimate, "what is known of a recorded broadcast at given moments"},
    {"config", command_config, "the effective settings and where each comes from; with --help all settings"},
    {"node", command_node, NULL},
    {"demo-show", command_demo_show, NULL},
};

static void usage_print(FILE *to)
{
    fputs("usage: liveshelf COMMAND [--setting value ...]\n\n", to);
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (commands[i].summary != NULL)
            fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].summary);
    fputs("\nliveshelf COMMAND --help tells more; liveshelf --version prints the version.\n", to);
}

static int command_unknown(const char *word)
{
    const char *names[ARRAY_LEN(commands)];
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (commands[i].summary != NULL)
            names[count++] = commands[i].name;
    const char *near = config_nearest(word, names, count);
    fprintf(stderr, "liveshelf: there is no command \"%s\"%s%s%s\n\n", word, near == NULL ? "" : "; did you mean \"",
            near == NULL ? "" : near, near == NULL ? "" : "\"?");
    usage_print(stderr);
    return EXIT_SETTING;
}

bool command_wants_help(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

void command_print_help(const char *usage, const char *summary, const struct own_flag *own)
{
    printf("usage: liveshelf %s\n\n%s\n", usage, summary);
    if (own != NULL && own->name != NULL)
        putchar('\n');
    for (; own != NULL && own->name != NULL; own++) {
        char flag[64];
        snprintf(flag, sizeof flag, "--%s %s", own->name, own->argument == NULL ? "" : own->argument);
        printf("  %-24s %s\n", flag, own->help);
    }
    puts("\nEvery setting is a flag as well: liveshelf config --help lists them.");
}

bool command_config_load(int argc, char **argv, struct own_flag *own, const char *data_dir_leaf, struct config *ret)
{
    struct fault fault;
    if (config_load(argc, argv, own, data_dir_leaf, ret, &fault) != RESULT_OK) {
        fprintf(stderr, "liveshelf: %s\n", fault.text);
        return false;
    }
    log_level_set((enum log_level)config_number(ret, SETTING_LOG_LEVEL));
    return true;
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    if (*word == '\0') {
        usage_print(stderr);
        return EXIT_SETTING;
    }
    if (strcmp(word, "--version") == 0 || strcmp(word, "version") == 0) {
        puts("liveshelf " LIVESHELF_VERSION);
        return EXIT_SUCCESS;
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        usage_print(stdout);
        return EXIT_SUCCESS;
    }
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strcmp(commands[i].name, word) == 0)
            return commands[i].run(argc - 2, argv + 2);
    return command_unknown(word);
}
