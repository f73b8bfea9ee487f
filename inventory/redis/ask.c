#include "inventory/redis/ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "inventory/redis/url.h"

enum result ask_fail(struct ask *a, enum result result, const char *why)
{
    snprintf(a->why, sizeof a->why, "%s", why);
    return result;
}

enum result ask(struct ask *a, redisReply **ret, int argc, const char **argv)
{
    redisReply *reply = redisCommandArgv(a->redis, argc, argv, NULL);
    if (reply == NULL)
        return ask_fail(a, RESULT_UNAVAILABLE, a->redis->errstr);
    if (reply->type == REDIS_REPLY_ERROR) {
        enum result result = ask_fail(a, RESULT_UNAVAILABLE, reply->str);
        freeReplyObject(reply);
        return result;
    }
    *ret = reply;
    return RESULT_OK;
}

enum result ask_words(struct ask *a, redisReply **ret, const char **words)
{
    int count = 0;
    while (words[count] != NULL)
        count++;
    return ask(a, ret, count, words);
}

enum result ask_and_forget(struct ask *a, int argc, const char **argv)
{
    redisReply *reply = NULL;
    enum result result = ask(a, &reply, argc, argv);
    if (result == RESULT_OK)
        freeReplyObject(reply);
    return result;
}

const redisReply *ask_value(const redisReply *list, const char *name)
{
    for (size_t i = 0; list->type == REDIS_REPLY_ARRAY && i + 1 < list->elements; i += 2)
        if (list->element[i]->type == REDIS_REPLY_STRING && strcmp(list->element[i]->str, name) == 0)
            return list->element[i + 1];
    return NULL;
}

int64_t ask_number(const redisReply *list, const char *name)
{
    const redisReply *value = ask_value(list, name);
    return value != NULL && value->type == REDIS_REPLY_INTEGER ? value->integer : -1;
}

static enum result ask_log_in(struct ask *a, const struct redis_url *url)
{
    char db[16];
    enum result result = RESULT_OK;
    const char *auth[] = {"AUTH", url->user[0] == '\0' ? "default" : url->user, url->password};
    if (url->password[0] != '\0')
        result = ask_and_forget(a, 3, auth);
    snprintf(db, sizeof db, "%u", url->db);
    const char *select[] = {"SELECT", db};
    return result == RESULT_OK && url->db != 0 ? ask_and_forget(a, 2, select) : result;
}

enum result ask_open(struct ask *a, const char *url_text)
{
    struct redis_url url;
    const char *why = NULL;
    *a = (struct ask){0};
    if (redis_url_parse(url_text, &url, &why) != RESULT_OK)
        return ask_fail(a, RESULT_MALFORMED, why);
    struct timeval patience = {.tv_sec = ASK_WAIT_S};
    a->redis = url.path[0] != '\0' ? redisConnectUnixWithTimeout(url.path, patience)
                                   : redisConnectWithTimeout(url.host, atoi(url.port), patience);
    if (a->redis == NULL)
        return ask_fail(a, RESULT_NO_MEMORY, "no memory");
    if (a->redis->err != 0)
        return ask_fail(a, RESULT_UNAVAILABLE, a->redis->errstr);
    redisSetTimeout(a->redis, patience);
    return ask_log_in(a, &url);
}

void ask_close(struct ask *a)
{
    if (a->redis != NULL)
        redisFree(a->redis);
    a->redis = NULL;
}
