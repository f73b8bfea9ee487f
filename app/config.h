/* app/config.h - every setting and limit of the program, in one table: config_table in config_table.c.
 *
 * A setting's name is its whole identity: `conns-max` is the flag --conns-max, the variable LIVESHELF_CONNS_MAX and the key
 * `conns-max` (or conns_max) of its section in the config file. A flag beats a variable beats the file beats the default.
 * Numbers are kept in the unit of the table; written, they may carry a larger one (8s, 5m, 2h; 64k, 4M).
 * A wrong value names the setting, the value, the bounds and where it stood; the caller prints that and exits 2. */
#ifndef LIVESHELF_APP_CONFIG_H
#define LIVESHELF_APP_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/fault.h"
#include "base/bytes.h"

enum setting_id {
    SETTING_LISTEN,
    SETTING_TLS_CERT_FILE,
    SETTING_TLS_KEY_FILE,
    SETTING_REDIS_URL,
    SETTING_DATA_DIR,
    SETTING_WORKERS,
    SETTING_DURABILITY,
    SETTING_CONFIG,
    SETTING_KEY_FILE,
    SETTING_PUBLIC_KEY_FILE,
    SETTING_CHECKOUT_URL,
    SETTING_ALLOWED_ORIGINS,
    SETTING_FRAME_ANCESTORS,
    SETTING_WEB_DIR,
    SETTING_LOG_LEVEL,
    SETTING_DRAIN_MS,
    /* ws/lws/limits.h */
    SETTING_CONNS_MAX,
    SETTING_CONNS_PER_ADDRESS_MAX,
    SETTING_HANDSHAKES_MAX,
    SETTING_ACCEPTS_PER_SECOND_MAX,
    SETTING_ACCEPTS_PER_TURN_MAX,
    SETTING_ADMIT_PER_SECOND_MIN,
    SETTING_ADMIT_PER_SECOND_MAX,
    SETTING_LAG_TARGET_MS,
    SETTING_HANDSHAKE_TIMEOUT_MS,
    SETTING_KEEPALIVE_MS,
    SETTING_SEND_BUFFER_BYTES,
    SETTING_USER_TIMEOUT_MS,
    SETTING_HELLO_TIMEOUT_MS,
    SETTING_MESSAGE_BYTES_MAX,
    SETTING_HOST_MESSAGE_BYTES_MAX,
    SETTING_MESSAGES_PER_SECOND_MAX,
    SETTING_MESSAGES_BURST_MAX,
    SETTING_HOST_MESSAGES_PER_SECOND_MAX,
    SETTING_HOST_MESSAGES_BURST_MAX,
    SETTING_REFUSED_IN_ROW_MAX,
    SETTING_MALFORMED_IN_ROW_MAX,
    SETTING_HEARTBEAT_MS,
    SETTING_SLOW_TIMEOUT_MS,
    SETTING_CLOSE_GRACE_MS,
    SETTING_RING_BYTES,
    SETTING_HOST_RING_BYTES,
    SETTING_QUEUE_BYTES_MAX,
    SETTING_SENDS_PER_TURN_MAX,
    SETTING_SEND_PATH,
    SETTING_SNAPSHOT_MS,
    SETTING_ROOMS_MAX,
    SETTING_RESUME_EVENTS_MAX,
    SETTING_RESUME_BYTES_MAX,
    SETTING_RESUME_HISTORIES_MAX,
    SETTING_RESUME_WAIT_MS,
    SETTING_RESUME_KEEP_MS,
    SETTING_HTTP_BODY_BYTES_MAX,
    SETTING_HTTP_BODY_TIMEOUT_MS,
    SETTING_HTTP_REQUESTS_MAX,
    SETTING_STREAMS_MAX,
    SETTING_DRAIN_PER_TICK,
    SETTING_DRAIN_JITTER_MS,
    /* inventory/redis/redis.h */
    SETTING_REPLICAS,
    SETTING_REDIS_REQUEST_MS,
    SETTING_REDIS_CONNECT_MS,
    SETTING_REDIS_SILENCE_MS,
    SETTING_REDIS_QUEUE_MAX,
    /* core/orchestrator/orchestrator.h */
    SETTING_REQUESTS_IN_FLIGHT_MAX,
    SETTING_HOLDS_PER_VIEWER_MAX,
    SETTING_BROADCASTS_MAX,
    SETTING_SHOPS_MAX,
    SETTING_REQUEST_TIMEOUT_MS,
    SETTING_TICK_MS,
    SETTING_SHARE_MS,
    SETTING_EXPIRE_MS,
    SETTING_OFFER_MS,
    SETTING_UNDO_MS,
    SETTING_PRICE_GUARD_PERCENT,
    SETTING_APPROVAL_MS,
    SETTING_SALE_TRIP_UNITS,
    SETTING_SALE_TRIP_PERCENT,
    SETTING_STOCK_BUFFER,
    SETTING_CHECKPOINT_MS,
    /* logistics/board */
    SETTING_ESTIMATE_MS,
    SETTING_ESTIMATE_TAKEOVER_MS,
    /* logistics/hooks, inventory/redis */
    SETTING_WEBHOOK_VOLUMES_MS,
    SETTING_WEBHOOKS_IN_FLIGHT_MAX,
    SETTING_WEBHOOK_PRIVATE_NETWORKS,
    SETTING_FEED_ENTRIES,
    SETTINGS,
};

enum setting_type {
    SETTING_NUMBER, /* min..max in `unit` */
    SETTING_TEXT,   /* min..max bytes */
    SETTING_CHOICE, /* one of `choices` */
    SETTING_LIST,   /* comma-separated texts, together min..max bytes; a repeated key of the file adds to it */
};

struct setting {
    const char *name;
    enum setting_type type;
    const char *unit;         /* NUMBER: "", "ms", "bytes", ...; others: what the text is, for the table */
    const char *default_text; /* as a user would write it */
    int64_t min, max;
    const char *const *choices; /* NULL-terminated */
    const char *section;
    const char *help;
};
extern const struct setting config_table[SETTINGS];

enum config_origin { ORIGIN_DEFAULT, ORIGIN_FILE, ORIGIN_VARIABLE, ORIGIN_FLAG };

struct config {
    struct config_value {
        char *text;     /* owned, as effective: `~` resolved, numbers in the table's unit */
        int64_t number; /* NUMBER: the value; CHOICE: index into choices */
        enum config_origin origin;
    } values[SETTINGS];
};

/* A subcommand's own flags, beside the settings. */
struct own_flag {
    const char *name;     /* without dashes */
    const char *argument; /* what stands behind it, for help; NULL: it stands alone */
    const char *help;
    const char *value; /* set by config_load: the argument, or "yes"; borrowed from argv. NULL: not given */
};

/* Reads flags, variables, file and defaults. RESULT_MALFORMED with *ret_fault on anything not understood.
 * `own` ends with an entry without name; NULL: none. `data_dir_leaf` is put behind the default data-dir ("" none).
 * *ret needs config_finish only on RESULT_OK. */
MUST_USE enum result config_load(int argc, char **argv, struct own_flag *own, const char *data_dir_leaf,
                                 struct config *ret, struct fault *ret_fault);
void config_finish(struct config *c);

const char *config_text(const struct config *c, enum setting_id id);
int64_t config_number(const struct config *c, enum setting_id id);
/* Replaces a value from inside (a resolved port, the embedded Redis's socket); it must be valid. */
void config_replace(struct config *c, enum setting_id id, const char *text);

/* Environment for a child that must see exactly these values: ours without LIVESHELF_*, then every setting, then `more`
 * (NULL-terminated NAME=value texts, may be NULL). One block, freed with free(). NULL: no memory. */
char **config_environment(const struct config *c, const char *const *more);

void config_print_help(struct bytes *out);                              /* the table, for a terminal */
void config_print_markdown(struct bytes *out);                          /* the table of docs/operations.md */
void config_print_effective(const struct config *c, struct bytes *out); /* name = value  # origin */

/* The closest of `count` names to a mistyped one, or NULL when none is near. */
const char *config_nearest(const char *word, const char *const *names, size_t count);

#endif
