/* inventory/redis/ask.h - Redis asked one thing after another, by commands that have nothing else to do. Blocking: not for the
 * loop thread, and no stranger's loop waits either, as long as each question is small. */
#ifndef LIVESHELF_INVENTORY_REDIS_ASK_H
#define LIVESHELF_INVENTORY_REDIS_ASK_H

#include <hiredis/hiredis.h>
#include <stdint.h>

#include "base/must.h"
#include "base/result.h"

#define ASK_WAIT_S 30
#define ASK_WHY_MAX 200

struct ask { /* zeroed memory is closed */
    redisContext *redis;
    char why[ASK_WHY_MAX]; /* after a failure, in words */
};

/* Connects, with the user, password and database of the url. RESULT_MALFORMED: the url; RESULT_UNAVAILABLE; RESULT_NO_MEMORY. */
MUST_USE enum result ask_open(struct ask *a, const char *url);
void ask_close(struct ask *a);
/* RESULT_OK: *ret is never an error reply, freed by the caller. RESULT_UNAVAILABLE: Redis refused, or is gone. */
MUST_USE enum result ask(struct ask *a, redisReply **ret, int argc, const char **argv);
MUST_USE enum result ask_and_forget(struct ask *a, int argc, const char **argv);
/* The same, with the words behind one another, ended by NULL. */
#define ASK(a, ret, ...) ask_words((a), (ret), (const char *[]){__VA_ARGS__, NULL})
MUST_USE enum result ask_words(struct ask *a, redisReply **ret, const char **words);
/* A value of a reply that is a list of names and values, as XINFO's; NULL: not there. */
const redisReply *ask_value(const redisReply *list, const char *name);
int64_t ask_number(const redisReply *list, const char *name);             /* -1: not there */
enum result ask_fail(struct ask *a, enum result result, const char *why); /* keeps the words; returns `result` */

#endif
