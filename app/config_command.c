/* app/config_command.c - `liveshelf config`: the settings, for people, for the docs, and as they are now. */
#include <stdio.h>
#include <stdlib.h>

#include "app/command.h"
#include "app/supervisor.h"

static int print(struct bytes *out)
{
    bool complete = bytes_result(out) == RESULT_OK && fwrite(out->data, 1, out->len, stdout) == out->len;
    bytes_finish(out);
    return complete && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int command_config(int argc, char **argv)
{
    struct bytes out = {0};
    struct own_flag own[] = {{"markdown", NULL, "the table of docs/operations.md", NULL}, {0}};
    struct config config;
    if (command_wants_help(argc, argv)) {
        config_print_help(&out);
        return print(&out);
    }
    if (!command_config_load(argc, argv, own, "", &config))
        return EXIT_SETTING;
    if (own[0].value != NULL)
        config_print_markdown(&out);
    else
        config_print_effective(&config, &out);
    config_finish(&config);
    return print(&out);
}
