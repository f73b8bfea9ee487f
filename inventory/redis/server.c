#include "inventory/redis/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const durability_names[] = {
    [REDIS_RELAXED] = "relaxed", [REDIS_FSYNC] = "fsync", [REDIS_REPLICATED] = "replicated"};

const char *redis_durability_name(enum redis_durability durability) { return durability_names[durability]; }

enum result redis_durability_parse(const char *text, enum redis_durability *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(durability_names); i++) {
        if (strcmp(text, durability_names[i]) == 0) {
            *ret = (enum redis_durability)i;
            return RESULT_OK;
        }
    }
    return RESULT_MALFORMED;
}

/* The value behind "name:" at the beginning of a line; NULL when there is none. */
static const char *info_field(const char *info, const char *name)
{
    size_t len = strlen(name);
    for (const char *line = info; line != NULL && *line != '\0';) {
        if (strncmp(line, name, len) == 0 && line[len] == ':')
            return line + len + 1;
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
    }
    return NULL;
}

/* Lines such as "slave0:ip=...,state=online,offset=...". One that still copies the data counts for nothing yet. */
static unsigned count_online(const char *info)
{
    unsigned online = 0;
    for (const char *line = info; line != NULL;) {
        const char *end = strchr(line, '\n');
        size_t len = end == NULL ? strlen(line) : (size_t)(end - line);
        bool is_replica = len > 6 && strncmp(line, "slave", 5) == 0 && line[5] >= '0' && line[5] <= '9';
        online += is_replica && memmem(line, len, "state=online", 12) != NULL;
        line = end == NULL ? NULL : end + 1;
    }
    return online;
}

void server_read_info(const char *info, size_t len, struct server_facts *facts)
{
    char *text = strndup(info, len); /* with a NUL at its end */
    if (text == NULL)
        return;
    const char *version = info_field(text, "redis_version");
    const char *role = info_field(text, "role");
    const char *loading = info_field(text, "loading");
    if (version != NULL)
        sscanf(version, "%5u.%5u", &facts->version_major, &facts->version_minor);
    facts->is_replica = role != NULL && strncmp(role, "master", 6) != 0;
    facts->is_loading = loading != NULL && *loading == '1';
    facts->replicas = count_online(text);
    free(text);
}

static bool durability_holds(const struct server_facts *f, enum redis_durability asked, unsigned replicas,
                             char reason[SERVER_REASON_MAX])
{
    if (asked == REDIS_RELAXED)
        return true;
    const char *name = redis_durability_name(asked);
    if (!f->config_is_known)
        snprintf(reason, SERVER_REASON_MAX, "cannot verify durability %s: CONFIG GET is forbidden", name);
    else if (!f->appendonly)
        snprintf(reason, SERVER_REASON_MAX, "durability %s needs appendonly yes", name);
    else if (!f->fsync_always)
        snprintf(reason, SERVER_REASON_MAX, "durability %s needs appendfsync always", name);
    else if (asked == REDIS_REPLICATED && f->replicas < replicas)
        snprintf(reason, SERVER_REASON_MAX, "durability %s needs %u replicas, %u are in step", name, replicas,
                 f->replicas);
    else
        return true;
    return false;
}

bool server_is_fit(const struct server_facts *f, enum redis_durability asked, unsigned replicas,
                   char reason[SERVER_REASON_MAX])
{
    if (f->version_major < SERVER_VERSION_MIN)
        snprintf(reason, SERVER_REASON_MAX, "Redis %u.%u is too old: %d.0 is needed", f->version_major,
                 f->version_minor, SERVER_VERSION_MIN);
    else if (f->is_loading)
        snprintf(reason, SERVER_REASON_MAX, "Redis is still loading its data");
    else if (f->is_replica)
        snprintf(reason, SERVER_REASON_MAX, "this Redis is a replica: connect to its master");
    else
        return durability_holds(f, asked, replicas, reason);
    return false;
}

unsigned library_version(const char *code, size_t len)
{
    static const char mark[] = "\n-- version ";
    const char *at = memmem(code, len, mark, sizeof mark - 1);
    unsigned version = 0;
    if (at == NULL)
        return 0;
    for (at += sizeof mark - 1; at < code + len && *at >= '0' && *at <= '9' && version < 100000000; at++)
        version = version * 10 + (unsigned)(*at - '0');
    return version;
}

enum library_verdict library_judge(const char *theirs, size_t theirs_len, const char *ours, size_t ours_len)
{
    if (theirs == NULL)
        return LIBRARY_LOAD;
    unsigned version = library_version(theirs, theirs_len); /* 0: none of ours, nor its data */
    if (version > library_version(ours, ours_len))
        return LIBRARY_NEWER;
    if (version > 0 && version < LIBRARY_READ_SINCE)
        return LIBRARY_TOO_OLD;
    bool same = theirs_len == ours_len && memcmp(theirs, ours, ours_len) == 0;
    return same ? LIBRARY_FINE : LIBRARY_LOAD;
}
