/* app/torn_tail.c - reads RESP commands one after the other:
 *
 *   torn_tail_cut      the newest file, as the manifest names it
 *     torn_tail_find   whole commands, until one is torn
 *       command_read   "*2\r\n$4\r\nINCR\r\n$1\r\na\r\n"; "#..." lines between commands are notes */
#include "app/torn_tail.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORDS_MAX 1000000
#define LINE_BYTES_MAX 1024
#define NAME_BYTES_MAX 16 /* of a command: enough to tell MULTI and EXEC */

enum piece { PIECE_WHOLE, PIECE_TORN, PIECE_ALIEN };

/* A line without its \r\n. Torn: the file ends in it. */
static enum piece line_read(FILE *file, char line[LINE_BYTES_MAX])
{
    if (fgets(line, LINE_BYTES_MAX, file) == NULL)
        return PIECE_TORN;
    size_t len = strlen(line);
    if (len == 0 || line[len - 1] != '\n')
        return len + 1 < LINE_BYTES_MAX && feof(file) != 0 ? PIECE_TORN : PIECE_ALIEN;
    line[len - 1 - (len > 1 && line[len - 2] == '\r')] = '\0';
    return PIECE_WHOLE;
}

/* "*3" or "$12": the number behind `mark`. */
static enum piece number_read(FILE *file, char mark, long max, long *ret)
{
    char line[LINE_BYTES_MAX], *end;
    enum piece piece = line_read(file, line);
    if (piece != PIECE_WHOLE)
        return piece;
    if (line[0] != mark || line[1] < '0' || line[1] > '9')
        return PIECE_ALIEN;
    *ret = strtol(line + 1, &end, 10);
    return *end == '\0' && *ret <= max ? PIECE_WHOLE : PIECE_ALIEN;
}

/* A word of `len` bytes and its \r\n; `name` takes its beginning. */
static enum piece word_read(FILE *file, long len, char name[NAME_BYTES_MAX])
{
    long taken = len < NAME_BYTES_MAX - 1 ? len : NAME_BYTES_MAX - 1;
    char end[2];
    if (fread(name, 1, (size_t)taken, file) != (size_t)taken)
        return PIECE_TORN;
    name[taken] = '\0';
    for (long i = taken; i < len; i++)
        if (getc_unlocked(file) == EOF)
            return PIECE_TORN;
    size_t got = fread(end, 1, 2, file);
    if (memcmp(end, "\r\n", got) != 0)
        return PIECE_ALIEN;
    return got == 2 ? PIECE_WHOLE : PIECE_TORN;
}

static enum piece command_read(FILE *file, char name[NAME_BYTES_MAX])
{
    char line[LINE_BYTES_MAX], other[NAME_BYTES_MAX];
    long words = 0, len = 0;
    int first = getc(file);
    ungetc(first, file);
    if (first == '#') {
        name[0] = '\0';
        return line_read(file, line);
    }
    enum piece piece = number_read(file, '*', WORDS_MAX, &words);
    for (long i = 0; piece == PIECE_WHOLE && i < words; i++) {
        piece = number_read(file, '$', INT_MAX, &len);
        if (piece == PIECE_WHOLE)
            piece = word_read(file, len, i == 0 ? name : other);
    }
    return piece == PIECE_WHOLE && words == 0 ? PIECE_ALIEN : piece;
}

int64_t torn_tail_find(FILE *file)
{
    int64_t whole = 0, at = 0;
    bool in_transaction = false;
    char name[NAME_BYTES_MAX];
    enum piece piece = PIECE_WHOLE;
    fseeko(file, 0, SEEK_END);
    int64_t size = ftello(file);
    rewind(file);
    while (at < size && (piece = command_read(file, name)) == PIECE_WHOLE) {
        at = ftello(file);
        if (strcasecmp(name, "multi") == 0) {
            if (in_transaction)
                return size; /* damaged long ago: no matter of the tail */
            in_transaction = true;
        } else if (strcasecmp(name, "exec") == 0) {
            in_transaction = false;
        }
        if (!in_transaction)
            whole = at;
    }
    return piece == PIECE_ALIEN || ferror(file) != 0 ? size : whole;
}

/* The last increment that the manifest names: lines "file NAME seq N type i". False: none. */
static bool newest_file(const char *folder, char ret[PATH_MAX])
{
    char line[LINE_BYTES_MAX], name[256], type;
    bool found = false;
    snprintf(ret, PATH_MAX, "%s/appendonlydir/appendonly.aof.manifest", folder);
    FILE *manifest = fopen(ret, "re");
    while (manifest != NULL && fgets(line, sizeof line, manifest) != NULL)
        if (sscanf(line, "file %255s seq %*d type %c", name, &type) == 2 && type == 'i' && strchr(name, '/') == NULL) {
            snprintf(ret, PATH_MAX, "%s/appendonlydir/%s", folder, name);
            found = true;
        }
    if (manifest != NULL)
        fclose(manifest);
    return found;
}

enum result torn_tail_cut(const char *folder, int64_t *ret_bytes)
{
    char path[PATH_MAX];
    struct stat about;
    *ret_bytes = 0;
    if (!newest_file(folder, path) || stat(path, &about) != 0)
        return RESULT_OK;
    FILE *file = fopen(path, "r+e");
    if (file == NULL)
        return RESULT_IO;
    int64_t whole = torn_tail_find(file);
    bool failed = whole < about.st_size && (ftruncate(fileno(file), (off_t)whole) != 0 || fsync(fileno(file)) != 0);
    int error = errno;
    fclose(file);
    errno = error;
    if (failed)
        return RESULT_IO;
    *ret_bytes = about.st_size - whole;
    return RESULT_OK;
}
