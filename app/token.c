/* app/token.c - `liveshelf token`: one token, alone on one line, signed with the instance's key. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/command.h"
#include "app/data_dir.h"
#include "app/supervisor.h"
#include "app/token.h"
#include "base/types.h"
#include "core/broadcast/journal.h"

#define TTL_MAX_S (10LL * 366 * 86400)

static const char *const roles[] = {"viewer", "host", "logistics", "integrator"};

enum result token_role(const char *word, enum role *ret)
{
    static const enum role values[ARRAY_LEN(roles)] = {ROLE_VIEWER, ROLE_HOST, ROLE_LOGISTICS, ROLE_INTEGRATOR};
    for (size_t i = 0; i < ARRAY_LEN(roles); i++)
        if (strcmp(word, roles[i]) == 0) {
            *ret = values[i];
            return RESULT_OK;
        }
    return RESULT_MALFORMED;
}

/* "90s", "30m", "8h", "7d" */
enum result token_ttl(const char *word, int64_t *ret_ms)
{
    char *end;
    errno = 0;
    long long number = *word >= '0' && *word <= '9' ? strtoll(word, &end, 10) : (end = (char *)word, 0);
    int64_t factor = strcmp(end, "s") == 0   ? 1
                     : strcmp(end, "m") == 0 ? 60
                     : strcmp(end, "h") == 0 ? 3600
                     : strcmp(end, "d") == 0 ? 86400
                                             : 0;
    if (errno != 0 || factor == 0 || number < 1 || number > TTL_MAX_S / factor)
        return RESULT_MALFORMED;
    *ret_ms = number * factor * 1000;
    return RESULT_OK;
}

static enum result id_check(const char *what, const char *text, struct fault *fault)
{
    if (text == NULL || id_is_valid(text, strlen(text)))
        return RESULT_OK;
    return fault_set(fault, RESULT_MALFORMED, "--%s \"%.80s\": an id is 1 to 63 characters of A-Z a-z 0-9 . _ ~ -",
                     what, text);
}

enum result token_mint(const struct config *c, const struct auth_mint *m, struct bytes *out, struct fault *fault)
{
    char key[PATH_MAX];
    struct auth *auth;
    struct auth_fault why;
    enum result result = data_dir_key(c, key, fault);
    if (result != RESULT_OK)
        return result;
    struct auth_config config = {.key_file = key};
    if (auth_create(&config, &auth, &why) != RESULT_OK)
        return fault_set(fault, RESULT_IO, "%s", why.text);
    result = auth_mint(auth, m, out);
    auth_destroy(auth);
    return result == RESULT_OK ? result : fault_set(fault, result, "no token could be made (%s)", result_name(result));
}

enum { FLAG_SHOP, FLAG_ROLE, FLAG_BROADCAST, FLAG_SUB, FLAG_TTL };

static enum result mint_from_flags(const struct own_flag *own, struct auth_mint *ret, struct fault *fault)
{
    int64_t ttl_ms, now_ms = (int64_t)time(NULL) * 1000;
    *ret = (struct auth_mint){
        .shop = own[FLAG_SHOP].value, .broadcast = own[FLAG_BROADCAST].value, .sub = own[FLAG_SUB].value};
    if (ret->shop == NULL || own[FLAG_ROLE].value == NULL)
        return fault_set(fault, RESULT_MALFORMED, "--shop and --role are needed");
    if (token_role(own[FLAG_ROLE].value, &ret->role) != RESULT_OK)
        return fault_set(fault, RESULT_MALFORMED, "--role is one of viewer, host, logistics, integrator");
    if (token_ttl(own[FLAG_TTL].value == NULL ? "8h" : own[FLAG_TTL].value, &ttl_ms) != RESULT_OK)
        return fault_set(fault, RESULT_MALFORMED, "--ttl is a time such as 90s, 30m, 8h or 7d, at most ten years");
    if (id_check("shop", ret->shop, fault) != RESULT_OK || id_check("broadcast", ret->broadcast, fault) != RESULT_OK ||
        id_check("sub", ret->sub, fault) != RESULT_OK)
        return RESULT_MALFORMED;
    if (strcmp(ret->shop, JOURNAL_ALL_SHOPS) == 0)
        return fault_set(fault, RESULT_MALFORMED, "--shop \"%s\": it stands for all shops", ret->shop);
    ret->issued_ms = now_ms;
    ret->expires_ms = now_ms + ttl_ms;
    return RESULT_OK;
}

int command_token(int argc, char **argv)
{
    struct own_flag own[] = {
        [FLAG_SHOP] = {"shop", "ID", "the shop (required)", NULL},
        [FLAG_ROLE] = {"role", "ROLE", "viewer, host, logistics or integrator (required)", NULL},
        [FLAG_BROADCAST] = {"broadcast", "ID", "only for this broadcast; otherwise for all of the shop", NULL},
        [FLAG_SUB] = {"sub", "NAME", "the person or system; a viewer token without is public, for a shop's page", NULL},
        [FLAG_TTL] = {"ttl", "TIME", "valid for so long: 90s, 30m, 8h (default), 7d", NULL},
        {0},
    };
    struct config config;
    struct auth_mint mint;
    struct fault fault;
    struct bytes token = {0};
    if (command_wants_help(argc, argv)) {
        command_print_help("token --shop ID --role ROLE [--broadcast ID] [--sub NAME] [--ttl 8h] [--data-dir DIR]",
                           "Prints a token alone on one line. The key is made in the data directory on first use.",
                           own);
        return EXIT_SUCCESS;
    }
    if (!command_config_load(argc, argv, own, "", &config))
        return EXIT_SETTING;
    enum result result = mint_from_flags(own, &mint, &fault);
    if (result == RESULT_OK)
        result = token_mint(&config, &mint, &token, &fault);
    if (result == RESULT_OK)
        puts(token.data);
    else
        fprintf(stderr, "liveshelf token: %s\n", fault.text);
    bytes_finish(&token);
    config_finish(&config);
    return result == RESULT_OK ? EXIT_SUCCESS : result == RESULT_MALFORMED ? EXIT_SETTING : EXIT_FAILURE;
}
