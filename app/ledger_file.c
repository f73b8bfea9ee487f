#include "app/ledger_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_BYTES (1u << 20)

static enum result io_fault(struct fault *fault, const char *name)
{
    return fault_set(fault, RESULT_IO, "%s: %s", name, strerror(errno));
}

/* ---- the file that is continued ---- */

static bool is_whole(const struct bytes *line) { return line->len > 0 && line->data[line->len - 1] == '\n'; }

static void keep_lines(struct ledger_file *f, const char *piece, size_t len)
{
    if (!is_whole(&f->first_line))
        bytes_append(&f->first_line, piece, len);
    if (is_whole(&f->last_line))
        bytes_clear(&f->last_line);
    bytes_append(&f->last_line, piece, len);
}

/* Copies all of it, and keeps its first and its last line. */
static enum result copy_from(struct ledger_file *f, FILE *from, struct fault *fault)
{
    char *buffer = malloc(COPY_BYTES);
    size_t got;
    if (buffer == NULL)
        return fault_set(fault, RESULT_NO_MEMORY, "no memory");
    while ((got = fread(buffer, 1, COPY_BYTES, from)) > 0) {
        for (size_t at = 0; at < got;) {
            const char *end = memchr(buffer + at, '\n', got - at);
            size_t len = end == NULL ? got - at : (size_t)(end - buffer) - at + 1;
            keep_lines(f, buffer + at, len);
            at += len;
        }
        if (fwrite(buffer, 1, got, f->out) != got)
            break;
    }
    free(buffer);
    if (ferror(from) || ferror(f->out))
        return io_fault(fault, f->name);
    if (bytes_result(&f->last_line) == RESULT_OK && (f->last_line.len == 0 || is_whole(&f->last_line)))
        return RESULT_OK;
    return fault_set(fault, RESULT_MALFORMED, "%s does not end with a whole line: it is no archive of ours", f->name);
}

static enum result copy_existing(struct ledger_file *f, struct fault *fault)
{
    FILE *from = fopen(f->name, "rb");
    if (from == NULL)
        return errno == ENOENT ? RESULT_OK : io_fault(fault, f->name);
    enum result result = copy_from(f, from, fault);
    fclose(from);
    return result;
}

/* ---- the part ---- */

/* The lock is on the part itself. Whoever renamed it meanwhile was done: the name is looked at again once we have the lock. */
static enum result part_lock(struct ledger_file *f, struct fault *fault)
{
    struct stat opened, named;
    int fd = open(f->part, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0)
        return io_fault(fault, f->part);
    bool is_ours = flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &opened) == 0 && stat(f->part, &named) == 0 &&
                   opened.st_ino == named.st_ino;
    if (!is_ours) {
        close(fd);
        return fault_set(fault, RESULT_CONFLICT, "%s is being written by another export", f->name);
    }
    f->out = ftruncate(fd, 0) == 0 ? fdopen(fd, "wb") : NULL;
    if (f->out != NULL)
        return RESULT_OK;
    enum result result = io_fault(fault, f->part);
    close(fd);
    return result;
}

enum result ledger_file_open(struct ledger_file *f, const char *name, struct fault *fault)
{
    *f = (struct ledger_file){0};
    int len = snprintf(f->part, sizeof f->part, "%s.part", name);
    if (len < 0 || (size_t)len >= sizeof f->part)
        return fault_set(fault, RESULT_MALFORMED, "the name of the file is too long");
    snprintf(f->name, sizeof f->name, "%s", name);
    enum result result = part_lock(f, fault);
    return result == RESULT_OK ? copy_existing(f, fault) : result;
}

enum result ledger_file_append(struct ledger_file *f, const struct bytes *lines, struct fault *fault)
{
    if (bytes_result(lines) != RESULT_OK)
        return fault_set(fault, RESULT_NO_MEMORY, "no memory");
    return fwrite(lines->data, 1, lines->len, f->out) == lines->len ? RESULT_OK : io_fault(fault, f->part);
}

/* The name is safe once its folder is synced. */
static bool folder_sync(const char *name)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", name);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return done;
}

enum result ledger_file_commit(struct ledger_file *f, struct fault *fault)
{
    if (fflush(f->out) != 0 || fsync(fileno(f->out)) != 0 || rename(f->part, f->name) != 0 || !folder_sync(f->name))
        return io_fault(fault, f->name);
    fclose(f->out);
    f->out = NULL;
    return RESULT_OK;
}

void ledger_file_close(struct ledger_file *f)
{
    if (f->out != NULL) {
        unlink(f->part);
        fclose(f->out);
    }
    bytes_finish(&f->first_line);
    bytes_finish(&f->last_line);
    *f = (struct ledger_file){0};
}
