/* inventory/redis/server.h - is this server fit to sell from? Pure: from what it says of itself to a verdict.
 *
 * Durability is a promise with a name:
 *   relaxed     whatever the server is set to: a crash may lose what was acknowledged
 *   fsync       an answer means the append-only file was synced: appendonly yes, appendfsync always
 *   replicated  and `replicas` replicas have it: each write is followed by WAIT */
#ifndef LIVESHELF_INVENTORY_REDIS_SERVER_H
#define LIVESHELF_INVENTORY_REDIS_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/must.h"
#include "base/result.h"

enum redis_durability { REDIS_RELAXED, REDIS_FSYNC, REDIS_REPLICATED };
const char *redis_durability_name(enum redis_durability durability); /* "relaxed", ... */
MUST_USE enum result redis_durability_parse(const char *text, enum redis_durability *ret);

#define SERVER_VERSION_MIN 7 /* Functions came with 7.0; Valkey says 7.2 */
#define SERVER_REASON_MAX 200

struct server_facts {
    unsigned version_major, version_minor;
    unsigned replicas; /* connected */
    bool is_replica, is_loading;
    bool config_is_known; /* false: CONFIG GET was refused, as on managed services */
    bool appendonly, fsync_always;
};
/* Reads what it knows out of the text of INFO; the rest of *facts stays. */
void server_read_info(const char *info, size_t len, struct server_facts *facts);
/* True: fit. False: *ret_reason says why not, for people. */
bool server_is_fit(const struct server_facts *facts, enum redis_durability asked, unsigned replicas,
                   char ret_reason[SERVER_REASON_MAX]);

/* The first library whose stock ours can read. What an older one left behind is refused, not misread; ls_exec looks at the
 * stock of each shop as well, in case the library was lost and its data was not. */
#define LIBRARY_READ_SINCE 2
/* The Lua library found on the server (NULL: none) against ours. */
enum library_verdict { LIBRARY_FINE, LIBRARY_LOAD, LIBRARY_NEWER, LIBRARY_TOO_OLD };
enum library_verdict library_judge(const char *theirs, size_t theirs_len, const char *ours, size_t ours_len);
unsigned library_version(const char *code, size_t len); /* of its second line, "-- version n"; 0: none */

#endif
