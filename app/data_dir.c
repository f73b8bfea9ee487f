#include "app/data_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum result data_dir_make(const char *path, struct fault *ret_fault)
{
    char part[PATH_MAX];
    size_t len = (size_t)snprintf(part, sizeof part, "%s", path);
    if (len >= sizeof part)
        return fault_set(ret_fault, RESULT_IO, "data-dir %.100s...: the name is too long", path);
    for (size_t at = 1; at <= len; at++) {
        if (part[at] != '/' && part[at] != '\0')
            continue;
        char end = part[at];
        part[at] = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            return fault_set(ret_fault, RESULT_IO, "data-dir %s: cannot make %s: %s", path, part, strerror(errno));
        part[at] = end;
    }
    if (access(path, R_OK | W_OK | X_OK) != 0)
        return fault_set(ret_fault, RESULT_IO, "data-dir %s: %s", path, strerror(errno));
    return RESULT_OK;
}

/* ---- the lock ---- */

static int lock_try(int fd, int wait_ms)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    for (int waited = 0;; waited += 20) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return 0;
        if (errno != EWOULDBLOCK || waited >= wait_ms)
            return -1;
        nanosleep(&pause, NULL);
    }
}

static long lock_holder(int fd)
{
    char text[32] = "";
    return pread(fd, text, sizeof text - 1, 0) > 0 ? strtol(text, NULL, 10) : 0;
}

/* Not so a zombie: killed, and not yet collected by whoever comes after its parent. */
static bool process_lives(long pid)
{
    char name[64], text[256] = "";
    snprintf(name, sizeof name, "/proc/%ld/stat", pid);
    FILE *file = fopen(name, "re");
    if (file == NULL)
        return false;
    bool known = fgets(text, sizeof text, file) != NULL;
    fclose(file);
    const char *behind_name = strrchr(text, ')');
    return !known || behind_name == NULL || behind_name[1] == '\0' || behind_name[2] != 'Z';
}

/* A dead holder's lock is its Redis's, on its way out; a living one's is worth no wait. */
static enum result lock_take(int fd, const char *path, int wait_ms, struct fault *ret_fault)
{
    if (lock_try(fd, 0) == 0)
        return RESULT_OK;
    long holder = lock_holder(fd);
    if (!(holder > 0 && process_lives(holder)) && lock_try(fd, wait_ms) == 0)
        return RESULT_OK;
    return fault_set(ret_fault, RESULT_CONFLICT,
                     "data-dir %s is in use by another instance (process %ld); give this one a --data-dir of its own",
                     path, holder);
}

enum result data_dir_lock(const char *path, int wait_ms, int *ret_fd, struct fault *ret_fault)
{
    char name[PATH_MAX], pid[32];
    snprintf(name, sizeof name, "%s/lock", path);
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return fault_set(ret_fault, RESULT_IO, "%s: %s", name, strerror(errno));
    enum result result = lock_take(fd, path, wait_ms, ret_fault);
    int len = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    if (result == RESULT_OK && (ftruncate(fd, 0) != 0 || pwrite(fd, pid, (size_t)len, 0) != len))
        result = fault_set(ret_fault, RESULT_IO, "%s: %s", name, strerror(errno));
    if (result == RESULT_OK)
        *ret_fd = fd;
    else
        close(fd);
    return result;
}

/* ---- the key ---- */

#define KEY_TEXT ((size_t)2 * KEY_BYTES)

static enum result key_write(const char *part, const char *text, size_t len)
{
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return RESULT_IO;
    bool written = write(fd, text, len) == (ssize_t)len && fsync(fd) == 0;
    return close(fd) == 0 && written ? RESULT_OK : RESULT_IO;
}

/* link() decides when two start at once: one key appears, whole, and both read that one. */
static enum result key_make(const char *name, struct fault *ret_fault)
{
    unsigned char secret[KEY_BYTES];
    char text[KEY_TEXT + 2], part[PATH_MAX + 32];
    if (getrandom(secret, sizeof secret, 0) != (ssize_t)sizeof secret)
        return fault_set(ret_fault, RESULT_IO, "no randomness for a key: %s", strerror(errno));
    for (size_t i = 0; i < sizeof secret; i++)
        snprintf(text + 2 * i, 3, "%02x", secret[i]);
    text[KEY_TEXT] = '\n';
    snprintf(part, sizeof part, "%s.%ld", name, (long)getpid());
    unlink(part);
    enum result result = key_write(part, text, KEY_TEXT + 1);
    if (result == RESULT_OK && link(part, name) != 0 && errno != EEXIST)
        result = RESULT_IO;
    if (result != RESULT_OK)
        fault_set(ret_fault, RESULT_IO, "cannot write the key %s: %s", name, strerror(errno));
    unlink(part);
    return result;
}

static enum result key_check(const char *name, struct fault *ret_fault)
{
    struct stat about;
    if (stat(name, &about) != 0 || access(name, R_OK) != 0)
        return fault_set(ret_fault, RESULT_IO, "key %s: %s", name, strerror(errno));
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return fault_set(ret_fault, RESULT_IO, "key %s can be read by others: chmod 600 it", name);
    return RESULT_OK;
}

enum result data_dir_key(const struct config *c, char ret_name[PATH_MAX], struct fault *ret_fault)
{
    const char *brought = config_text(c, SETTING_KEY_FILE), *folder = config_text(c, SETTING_DATA_DIR);
    enum result result = RESULT_OK;
    if (*brought != '\0') {
        snprintf(ret_name, PATH_MAX, "%s", brought);
    } else {
        snprintf(ret_name, PATH_MAX, "%s/key", folder);
        if (access(ret_name, F_OK) != 0)
            result = data_dir_make(folder, ret_fault);
        if (result == RESULT_OK && access(ret_name, F_OK) != 0)
            result = key_make(ret_name, ret_fault);
    }
    return result == RESULT_OK ? key_check(ret_name, ret_fault) : result;
}
