/* ws/lws/static.h - the built pages, read into memory once. A path that was not there at start is not there: nothing a
 * request says reaches the file system. Beside a file may lie its .br and .gz. */
#ifndef LIVESHELF_WS_LWS_STATIC_H
#define LIVESHELF_WS_LWS_STATIC_H

#include "base/map.h"
#include "ws/lws/frame.h"

#define STATIC_BYTES_MAX (64u << 20) /* all files together */
#define STATIC_FILES_MAX 2000
#define STATIC_DEPTH_MAX 6
#define STATIC_ETAG_MAX 32

enum static_encoding { STATIC_PLAIN, STATIC_GZIP, STATIC_BROTLI, STATIC_ENCODINGS };

struct static_file {
    const char *type; /* of the content */
    bool immutable;   /* its name has its hash: cached for ever */
    bool shared;      /* for pages of other hosts too */
    struct {
        char *data; /* owned; NULL: not in this encoding */
        size_t len;
        char etag[STATIC_ETAG_MAX]; /* with its quotes */
    } as[STATIC_ENCODINGS];
};

struct static_files {
    struct map by_path; /* "/assets/host-1A2B.js" -> struct static_file * */
    size_t bytes;
};

struct static_fault {
    char text[300];
};
/* RESULT_IO, RESULT_FULL, RESULT_NO_MEMORY with *ret_fault. */
MUST_USE enum result static_load(struct static_files *f, const char *dir, struct static_fault *ret_fault);
void static_finish(struct static_files *f); /* zeroed memory is fine */

/* The file of a path; of "/host/" its index.html. NULL: none. */
const struct static_file *static_find(const struct static_files *f, const char *path);
/* Is there a page when a slash is put behind? */
bool static_is_folder(const struct static_files *f, const char *path);
/* The best encoding of it that Accept-Encoding (may be NULL) names. */
enum static_encoding static_choose(const struct static_file *file, const char *accept_encoding);

#endif
