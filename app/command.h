/* app/command.h - the subcommands of the program: one function each, given the words behind its name; returns the exit code
 * (0 well, 1 it went wrong, 2 it was asked wrongly). */
#ifndef LIVESHELF_APP_COMMAND_H
#define LIVESHELF_APP_COMMAND_H

#include "app/config.h"

int command_serve(int argc, char **argv);
int command_demo(int argc, char **argv);
int command_demo_show(int argc, char **argv); /* internal: the demo's companion process */
int command_node(int argc, char **argv);      /* internal: one node under the supervisor */
int command_token(int argc, char **argv);
int command_audit(int argc, char **argv);
int command_ledger(int argc, char **argv);
int command_estimate(int argc, char **argv);
int command_config(int argc, char **argv);

/* True when --help or -h is among the words. */
bool command_wants_help(int argc, char **argv);
/* Prints the summary, the command's own flags and where the settings are listed. */
void command_print_help(const char *usage, const char *summary, const struct own_flag *own);
/* config_load, with the fault printed. False: the caller returns 2. Sets the log level. */
bool command_config_load(int argc, char **argv, struct own_flag *own, const char *data_dir_leaf, struct config *ret);

#endif
