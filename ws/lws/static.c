#include "ws/lws/static.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ws/lws/text64.h"

#define PATH_LEN_MAX 400
#define INDEX "index.html"
#define ETAG_BYTES 12

static const char *const suffixes[STATIC_ENCODINGS] = {[STATIC_GZIP] = ".gz", [STATIC_BROTLI] = ".br"};

static const char *type_of(const char *path)
{
    static const struct {
        const char *suffix, *type;
    } types[] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".json", "application/json"},
        {".map", "application/json"},
        {".txt", "text/plain; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".jpeg", "image/jpeg"},
        {".webp", "image/webp"},
        {".avif", "image/avif"},
        {".ico", "image/x-icon"},
        {".woff2", "font/woff2"},
        {".mp4", "video/mp4"},
        {".m4s", "video/iso.segment"},
        {".ts", "video/mp2t"},
        {".m3u8", "application/vnd.apple.mpegurl"},
        {".wasm", "application/wasm"},
    };
    const char *suffix = strrchr(path, '.');
    for (size_t i = 0; suffix != NULL && i < ARRAY_LEN(types); i++) {
        if (strcmp(suffix, types[i].suffix) == 0)
            return types[i].type;
    }
    return "application/octet-stream";
}

static bool starts_with(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }

/* Of "/a.js.br" it is "/a.js" in brotli. */
static enum static_encoding encoding_of(char *path)
{
    size_t len = strlen(path);
    for (enum static_encoding e = STATIC_GZIP; e < STATIC_ENCODINGS; e++) {
        if (len > 3 && strcmp(path + len - 3, suffixes[e]) == 0) {
            path[len - 3] = '\0';
            return e;
        }
    }
    return STATIC_PLAIN;
}

static enum result file_at(struct static_files *f, const char *path, struct static_file **ret)
{
    struct static_file *file = map_get(&f->by_path, path);
    if (file == NULL) {
        file = calloc(1, sizeof *file);
        enum result result = file == NULL ? RESULT_NO_MEMORY : map_set(&f->by_path, path, file);
        if (result != RESULT_OK) {
            free(file);
            return result;
        }
        file->type = type_of(path);
        file->immutable = starts_with(path, "/assets/");
        file->shared = file->immutable || starts_with(path, "/client/") || starts_with(path, "/img/");
    }
    *ret = file;
    return RESULT_OK;
}

static void etag_write(const char *data, size_t len, char ret[STATIC_ETAG_MAX])
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    char text[TEXT64_LEN(ETAG_BYTES) + 1];
    SHA256((const unsigned char *)data, len, digest);
    text64_encode(digest, ETAG_BYTES, text);
    snprintf(ret, STATIC_ETAG_MAX, "\"%s\"", text);
}

static enum result read_whole(int fd, size_t len, char **ret)
{
    char *data = malloc(len + 1);
    if (data == NULL)
        return RESULT_NO_MEMORY;
    size_t have = 0;
    while (have < len) {
        ssize_t got = read(fd, data + have, len - have);
        if (got <= 0) {
            free(data);
            return RESULT_IO;
        }
        have += (size_t)got;
    }
    *ret = data;
    return RESULT_OK;
}

static enum result file_load(struct static_files *f, int fd, size_t len, const char *path)
{
    char name[PATH_LEN_MAX];
    struct static_file *file = NULL;
    char *data = NULL;
    snprintf(name, sizeof name, "%s", path);
    enum static_encoding encoding = encoding_of(name);
    if (len > STATIC_BYTES_MAX - f->bytes)
        return RESULT_FULL;
    enum result result = file_at(f, name, &file);
    if (result == RESULT_OK)
        result = read_whole(fd, len, &data);
    if (result != RESULT_OK)
        return result;
    f->bytes += len;
    file->as[encoding].data = data;
    file->as[encoding].len = len;
    etag_write(data, len, file->as[encoding].etag);
    return RESULT_OK;
}

static enum result dir_load(struct static_files *f, int fd, const char *path, unsigned depth,
                            struct static_fault *fault);

static enum result entry_load(struct static_files *f, int dir, const char *path, unsigned depth,
                              struct static_fault *fault)
{
    struct stat st;
    int fd = openat(dir, strrchr(path, '/') + 1, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) != 0) {
        snprintf(fault->text, sizeof fault->text, "%.200s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return RESULT_IO;
    }
    if (S_ISDIR(st.st_mode))
        return dir_load(f, fd, path, depth + 1, fault); /* takes fd */
    enum result result = S_ISREG(st.st_mode) ? file_load(f, fd, (size_t)st.st_size, path) : RESULT_OK;
    if (result != RESULT_OK && fault->text[0] == '\0')
        snprintf(fault->text, sizeof fault->text, "%.200s: %s", path, result_name(result));
    close(fd);
    return result;
}

static enum result dir_load(struct static_files *f, int fd, const char *path, unsigned depth,
                            struct static_fault *fault)
{
    DIR *dir = depth > STATIC_DEPTH_MAX ? NULL : fdopendir(fd);
    enum result result = dir == NULL ? RESULT_FULL : RESULT_OK;
    if (dir == NULL)
        close(fd);
    const struct dirent *entry;
    while (result == RESULT_OK && (entry = readdir(dir)) != NULL) {
        char at[PATH_LEN_MAX];
        if (entry->d_name[0] == '.')
            continue; /* itself, its parent, and what is hidden */
        if (snprintf(at, sizeof at, "%s/%s", path, entry->d_name) >= (int)sizeof at)
            result = RESULT_FULL;
        else
            result = entry_load(f, dirfd(dir), at, depth, fault);
    }
    if (dir != NULL)
        closedir(dir);
    return result;
}

enum result static_load(struct static_files *f, const char *dir, struct static_fault *ret_fault)
{
    *f = (struct static_files){0};
    *ret_fault = (struct static_fault){0};
    map_init(&f->by_path, STATIC_FILES_MAX);
    int fd = open(dir, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    enum result result = fd < 0 ? RESULT_IO : dir_load(f, fd, "", 0, ret_fault);
    if (result != RESULT_OK && ret_fault->text[0] == '\0')
        snprintf(ret_fault->text, sizeof ret_fault->text, "%.200s: %s", dir,
                 result == RESULT_IO ? strerror(errno) : "too many files, too much data or too deep");
    if (result != RESULT_OK)
        static_finish(f);
    return result;
}

void static_finish(struct static_files *f)
{
    const char *path;
    void *value;
    for (size_t at = 0; f != NULL && map_next(&f->by_path, &at, &path, &value);) {
        struct static_file *file = value;
        for (size_t i = 0; i < STATIC_ENCODINGS; i++)
            free(file->as[i].data);
        free(file);
    }
    if (f == NULL)
        return;
    map_finish(&f->by_path);
    *f = (struct static_files){0};
}

const struct static_file *static_find(const struct static_files *f, const char *path)
{
    char index[PATH_LEN_MAX + sizeof INDEX];
    size_t len = strlen(path);
    if (len == 0 || len >= PATH_LEN_MAX)
        return NULL;
    snprintf(index, sizeof index, "%s%s", path, path[len - 1] == '/' ? INDEX : "");
    return map_get(&f->by_path, index);
}

bool static_is_folder(const struct static_files *f, const char *path)
{
    char folder[PATH_LEN_MAX];
    return snprintf(folder, sizeof folder, "%s/", path) < (int)sizeof folder && static_find(f, folder) != NULL;
}

/* Is the coding named, other than with q=0? */
static bool accepts(const char *accept, const char *coding)
{
    size_t len = strlen(coding);
    for (const char *at = accept; at != NULL && *at != '\0';) {
        at += strspn(at, " ,\t");
        size_t word = strcspn(at, " ,;\t");
        size_t item = strcspn(at, ",");
        if (word == len && strncasecmp(at, coding, len) == 0) {
            const char *q = memmem(at, item, "q=0", 3);
            return q == NULL || q[3] == '.'; /* q=0.5 is still a wish */
        }
        at += item;
    }
    return false;
}

enum static_encoding static_choose(const struct static_file *file, const char *accept_encoding)
{
    bool plain = file->as[STATIC_PLAIN].data != NULL;
    if (file->as[STATIC_BROTLI].data != NULL && (!plain || accepts(accept_encoding, "br")))
        return STATIC_BROTLI;
    if (file->as[STATIC_GZIP].data != NULL && (!plain || accepts(accept_encoding, "gzip")))
        return STATIC_GZIP;
    return STATIC_PLAIN;
}
