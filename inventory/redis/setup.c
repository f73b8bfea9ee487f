/* inventory/redis/setup.c - a command link that has just connected proves itself before anything is asked:
 *
 *   setup_begin      what Redis knows is synced; INFO, CONFIG GET and FUNCTION LIST, in one go
 *   setup_judge      version, role, durability; then the Lua library: there, to be loaded, or newer than ours
 *   setup_loaded     up
 *
 * Unfit for whatever reason: the link is dropped and tried again, so the same checks run until they pass. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "inventory/redis/node.h"
#include "inventory/redis/resp.h"

static void setup_info(void *arg, redisReply *reply);
static void setup_appendonly(void *arg, redisReply *reply);
static void setup_appendfsync(void *arg, redisReply *reply);
static void setup_library(void *arg, redisReply *reply);
static void setup_loaded(void *arg, redisReply *reply);

static bool setup_send(struct redis_node *n, link_reply *reply, const char *a, const char *b, const char *c,
                       const char *d)
{
    bytes_clear(&n->scratch);
    resp_command(&n->scratch, a, b, c, d, NULL);
    return link_send(&n->command, &n->scratch, reply, n);
}

bool setup_begin(struct link *l)
{
    struct redis_node *n = l->owner;
    n->setup = (struct setup){0};
    bytes_clear(&n->scratch);
    resp_command(&n->scratch, "FUNCTION", "LIST", "LIBRARYNAME", "liveshelf", "WITHCODE", NULL);
    struct bytes list = n->scratch;
    n->scratch = (struct bytes){0};
    bool sent = link_settle(l) && setup_send(n, setup_info, "INFO", NULL, NULL, NULL) &&
                setup_send(n, setup_appendonly, "CONFIG", "GET", "appendonly", NULL) &&
                setup_send(n, setup_appendfsync, "CONFIG", "GET", "appendfsync", NULL) &&
                link_send(l, &list, setup_library, n);
    bytes_finish(&list);
    return sent;
}

static bool is_error(const redisReply *reply) { return reply->type == REDIS_REPLY_ERROR; }

static void setup_info(void *arg, redisReply *reply)
{
    struct redis_node *n = arg;
    if (reply != NULL && (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS))
        server_read_info(reply->str, (size_t)reply->len, &n->setup.facts);
}

/* CONFIG GET answers name and value; nothing at all or an error where it is forbidden. */
static bool config_is(const redisReply *reply, const char *value, bool *ret)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 || reply->element[1]->type != REDIS_REPLY_STRING)
        return false;
    *ret = strcasecmp(reply->element[1]->str, value) == 0;
    return true;
}

static void setup_appendonly(void *arg, redisReply *reply)
{
    struct redis_node *n = arg;
    if (reply != NULL)
        n->setup.facts.config_is_known = config_is(reply, "yes", &n->setup.facts.appendonly);
}

static void setup_appendfsync(void *arg, redisReply *reply)
{
    struct redis_node *n = arg;
    if (reply != NULL && !config_is(reply, "always", &n->setup.facts.fsync_always))
        n->setup.facts.config_is_known = false;
}

/* FUNCTION LIST answers an array of libraries, each an array of names and values. */
static struct text library_code(const redisReply *list)
{
    if (list->type == REDIS_REPLY_ARRAY && list->elements > 0 && list->element[0]->type == REDIS_REPLY_ARRAY)
        return reply_field(list->element[0], "library_code");
    return (struct text){0};
}

static void setup_judge(struct redis_node *n, const redisReply *list)
{
    char reason[SERVER_REASON_MAX];
    struct text theirs = library_code(list);
    if (!server_is_fit(&n->setup.facts, n->config.durability, n->config.replicas, reason)) {
        link_drop(&n->command, reason);
        return;
    }
    switch (library_judge(theirs.at, theirs.len, inventory_lua, inventory_lua_len)) {
    case LIBRARY_FINE:
        link_is_up(&n->command);
        break;
    case LIBRARY_NEWER: /* another release works here; going back under its feet would be worse than stopping */
        snprintf(reason, sizeof reason,
                 "the stock library on this Redis (version %u) is newer than this program's (%u)",
                 library_version(theirs.at, theirs.len), library_version(inventory_lua, inventory_lua_len));
        link_drop(&n->command, reason);
        break;
    case LIBRARY_TOO_OLD:
        snprintf(
            reason, sizeof reason,
            "this Redis holds stock of library version %u, in a form that version %u does not read: empty it, or use "
            "another, and FUNCTION DELETE liveshelf",
            library_version(theirs.at, theirs.len), library_version(inventory_lua, inventory_lua_len));
        link_drop(&n->command, reason);
        break;
    case LIBRARY_LOAD:
        log_info("redis.library", "loading=%u replaces=%u", library_version(inventory_lua, inventory_lua_len),
                 theirs.at == NULL ? 0 : library_version(theirs.at, theirs.len));
        if (!setup_send(n, setup_loaded, "FUNCTION", "LOAD", "REPLACE", inventory_lua))
            link_drop(&n->command, "nothing could be sent");
    }
}

static void setup_refused(struct redis_node *n, const char *what, const redisReply *reply)
{
    char reason[LINK_REASON_MAX];
    snprintf(reason, sizeof reason, "%s: %.150s", what, reply->str);
    link_drop(&n->command, reason);
}

static void setup_library(void *arg, redisReply *reply)
{
    struct redis_node *n = arg;
    if (reply == NULL || n->command.state != LINK_BEGINNING)
        return;
    if (is_error(reply))
        setup_refused(n, "the stock library cannot be looked for", reply);
    else
        setup_judge(n, reply);
}

static void setup_loaded(void *arg, redisReply *reply)
{
    struct redis_node *n = arg;
    if (reply == NULL || n->command.state != LINK_BEGINNING)
        return;
    if (is_error(reply))
        setup_refused(n, "the stock library cannot be loaded", reply);
    else
        link_is_up(&n->command);
}
