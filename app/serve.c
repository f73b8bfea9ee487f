/* app/serve.c - `liveshelf serve`: the supervisor, as the settings say. */
#include <stdlib.h>

#include "app/command.h"
#include "app/supervisor.h"

int command_serve(int argc, char **argv)
{
    struct config config;
    if (command_wants_help(argc, argv)) {
        command_print_help(
            "serve [--listen ADDRESS:PORT] [--redis-url URL] [--data-dir DIR] [--workers N] [--setting value ...]",
            "Runs until Ctrl-C or SIGTERM. Prints `ready http://ADDRESS:PORT` (https:// with a certificate) once it serves; logs to standard "
            "error.\nWithout --redis-url it starts a private Redis in the data directory.",
            NULL);
        return EXIT_SUCCESS;
    }
    if (!command_config_load(argc, argv, NULL, "", &config))
        return EXIT_SETTING;
    struct supervisor_options options = {.config = &config};
    int exit_code = supervisor_run(&options);
    config_finish(&config);
    return exit_code;
}
