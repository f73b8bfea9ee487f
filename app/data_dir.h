/* app/data_dir.h - the folder that is one shop server's own: key, embedded Redis, lock.
 *
 *     key           what signs tokens and checkout links, mode 0600
 *     lock          held while an instance, or the Redis it started, uses the folder
 *     redis/        redis.conf, redis.sock, redis.pid, redis.log, appendonlydir/ */
#ifndef LIVESHELF_APP_DATA_DIR_H
#define LIVESHELF_APP_DATA_DIR_H

#include <limits.h>

#include "app/config.h"

#define KEY_BYTES 32 /* of randomness in a key we make; written as hex */

/* Makes the folder and those above it, mode 0700. */
MUST_USE enum result data_dir_make(const char *path, struct fault *ret_fault);

/* Takes the lock and writes our pid into it; waits up to `wait_ms` for a dying predecessor. *ret_fd stays open for as long
 * as the folder is ours; whoever inherits it holds the lock too. RESULT_CONFLICT: another instance has it. */
MUST_USE enum result data_dir_lock(const char *path, int wait_ms, int *ret_fd, struct fault *ret_fault);

/* Fills in the name of the key file the settings mean, making data-dir/key with fresh random bytes when none is there. A file that
 * others may read is refused; what is in it is the reader's to judge. */
MUST_USE enum result data_dir_key(const struct config *c, char ret_name[PATH_MAX], struct fault *ret_fault);

#endif
