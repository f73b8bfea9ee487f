#include "app/redis_server.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/data_dir.h"
#include "app/torn_tail.h"
#include "base/log.h"

/* ---- finding it ---- */

static bool path_search(const char *name, char *ret, size_t size)
{
    const char *at = getenv("PATH");
    if (at == NULL || *at == '\0')
        at = "/usr/local/bin:/usr/bin:/usr/sbin";
    for (; *at != '\0'; at += strcspn(at, ":"), at += *at == ':') {
        int len = snprintf(ret, size, "%.*s/%s", (int)strcspn(at, ":"), at, name);
        if (len > 0 && (size_t)len < size && access(ret, X_OK) == 0)
            return true;
    }
    return false;
}

static enum result program_find(struct redis_server *r, struct fault *ret_fault)
{
    if (path_search("redis-server", r->program, sizeof r->program) ||
        path_search("valkey-server", r->program, sizeof r->program))
        return RESULT_OK;
    return fault_set(ret_fault, RESULT_NOT_FOUND,
                     "neither redis-server nor valkey-server is in PATH: install one of them (Debian: apt-get install "
                     "redis-server), or give --redis-url");
}

/* ---- its config file ---- */

static void quoted(FILE *file, const char *directive, const char *value)
{
    fprintf(file, "%s \"", directive);
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\')
            fputc('\\', file);
        fputc(*value, file);
    }
    fputs("\"\n", file);
}

static void config_lines(const struct redis_server *r, bool relaxed, FILE *file)
{
    char name[PATH_MAX + 16];
    fputs("# Written by liveshelf at every start; edits are lost. To set more, run a Redis of your own: --redis-url\n",
          file);
    fputs("port 0\nunixsocketperm 700\ndaemonize no\nsupervised no\nsave \"\"\nappendonly yes\n", file);
    fprintf(file, "appendfsync %s\n", relaxed ? "everysec" : "always");
    fputs("no-appendfsync-on-rewrite no\nmaxmemory-policy noeviction\nalways-show-logo no\n", file);
    quoted(file, "unixsocket", r->socket);
    quoted(file, "dir", r->folder);
    snprintf(name, sizeof name, "%s/redis.pid", r->folder);
    quoted(file, "pidfile", name);
    snprintf(name, sizeof name, "%s/redis.log", r->folder);
    quoted(file, "logfile", name);
}

static enum result config_write(const struct redis_server *r, bool relaxed, struct fault *ret_fault)
{
    FILE *file = fopen(r->config, "we");
    if (file == NULL)
        return fault_set(ret_fault, RESULT_IO, "%s: %s", r->config, strerror(errno));
    config_lines(r, relaxed, file);
    bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed)
        return fault_set(ret_fault, RESULT_IO, "%s: %s", r->config, strerror(errno));
    return RESULT_OK;
}

/* ---- the module's face ---- */

void redis_server_mend(const struct redis_server *r)
{
    int64_t bytes;
    if (torn_tail_cut(r->folder, &bytes) != RESULT_OK)
        log_error("redis.torn_tail", "folder=%s error=%s", log_quote(r->folder), log_quote(strerror(errno)));
    else if (bytes > 0)
        log_warn("redis.torn_tail", "folder=%s cut=%lld", log_quote(r->folder), (long long)bytes);
}

/* A folder may be called "what?" or "50%". */
static void url_write(struct redis_server *r)
{
    size_t len = (size_t)snprintf(r->url, sizeof r->url, "unix://");
    for (const unsigned char *c = (const unsigned char *)r->socket; *c != '\0'; c++) {
        bool plain = isalnum(*c) || strchr("/._~-", *c) != NULL;
        len += (size_t)snprintf(r->url + len, sizeof r->url - len, plain ? "%c" : "%%%02X", *c);
    }
}

bool redis_server_name(const struct config *c, struct redis_server *ret)
{
    *ret = (struct redis_server){0};
    snprintf(ret->folder, sizeof ret->folder, "%.1000s/redis", config_text(c, SETTING_DATA_DIR));
    snprintf(ret->config, sizeof ret->config, "%s/redis.conf", ret->folder);
    int len = snprintf(ret->socket, sizeof ret->socket, "%s/redis.sock", ret->folder);
    url_write(ret);
    return len > 0 && (size_t)len < sizeof ret->socket;
}

enum result redis_server_prepare(const struct config *c, struct redis_server *ret, struct fault *ret_fault)
{
    const char *durability = config_text(c, SETTING_DURABILITY);
    if (strcmp(durability, "replicated") == 0)
        return fault_set(ret_fault, RESULT_MALFORMED,
                         "durability replicated: the embedded Redis has no replica; give --redis-url");
    if (!redis_server_name(c, ret))
        return fault_set(
            ret_fault, RESULT_MALFORMED,
            "%.600s: too long a name for a Unix socket in it (at most 96 bytes); give a --data-dir elsewhere",
            ret->folder);
    enum result result = program_find(ret, ret_fault);
    if (result == RESULT_OK)
        result = data_dir_make(ret->folder, ret_fault);
    if (result == RESULT_OK)
        result = config_write(ret, strcmp(durability, "relaxed") == 0, ret_fault);
    if (result == RESULT_OK)
        redis_server_mend(ret);
    return result;
}

bool redis_server_answers(const struct redis_server *r)
{
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    snprintf(where.sun_path, sizeof where.sun_path, "%s", r->socket);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool answers = fd >= 0 && connect(fd, (struct sockaddr *)&where, sizeof where) == 0;
    if (fd >= 0)
        close(fd);
    return answers;
}

void redis_server_clean(const struct redis_server *r)
{
    char name[PATH_MAX + 16];
    snprintf(name, sizeof name, "%s/redis.pid", r->folder);
    unlink(name);
    unlink(r->socket);
}
