#include "loadtest/report.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"

#define PAGE_NAME ".report.html"
#define PAGE_BYTES_MAX (8u << 20)
#define PLACE "{{run}}" /* where the data goes; there once */

static enum result fault_say(struct report_fault *fault, enum result result, const char *what, const char *why)
{
    snprintf(fault->text, sizeof fault->text, "%.200s: %.90s", what, why);
    return result;
}

/* False: no such file beside the program. */
static bool page_find(char *ret, size_t size)
{
    static const char *const places[] = {"../share/liveshelf/web", "../web"};
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    if (len <= 0)
        return false;
    self[len] = '\0';
    *strrchr(self, '/') = '\0';
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        if ((size_t)snprintf(ret, size, "%s/%s/" PAGE_NAME, self, places[i]) < size && access(ret, R_OK) == 0)
            return true;
    }
    return false;
}

static enum result page_read(const char *path, char **ret, struct report_fault *fault)
{
    char *page = calloc(1, PAGE_BYTES_MAX + 1);
    FILE *file = fopen(path, "re");
    if (page == NULL || file == NULL) {
        int error = page == NULL ? ENOMEM : errno;
        free(page);
        if (file != NULL)
            fclose(file);
        return fault_say(fault, RESULT_NOT_FOUND, path, strerror(error));
    }
    size_t len = fread(page, 1, PAGE_BYTES_MAX, file);
    bool whole = !ferror(file) && feof(file);
    fclose(file);
    const char *place = strstr(page, PLACE);
    if (!whole || place == NULL || strlen(page) != len || strstr(place + 1, PLACE) != NULL) {
        free(page);
        return fault_say(fault, RESULT_MALFORMED, path, "not the page of a report");
    }
    *ret = page;
    return RESULT_OK;
}

enum result report_page(const char *web_dir, char **ret, struct report_fault *ret_fault)
{
    char path[PATH_MAX + 64];
    if (web_dir != NULL)
        snprintf(path, sizeof path, "%s/" PAGE_NAME, web_dir);
    else if (!page_find(path, sizeof path))
        return fault_say(ret_fault, RESULT_NOT_FOUND, "the page of a report is not there",
                         "build the web pages, or say where they are with --web-dir");
    return page_read(path, ret, ret_fault);
}

/* Inside a script element a "<" could end it. */
static void json_append(struct bytes *out, const char *json, size_t len)
{
    for (const char *end = json + len; json < end;) {
        const char *bracket = memchr(json, '<', (size_t)(end - json));
        size_t plain = (size_t)((bracket == NULL ? end : bracket) - json);
        bytes_append(out, json, plain);
        json += plain;
        if (bracket != NULL) {
            bytes_text(out, "\\u003c");
            json++;
        }
    }
}

enum result report_write(const char *path, const char *page, const char *json, size_t len,
                         struct report_fault *ret_fault)
{
    struct bytes out = {0};
    const char *place = strstr(page, PLACE);
    bytes_append(&out, page, (size_t)(place - page));
    json_append(&out, json, len);
    bytes_text(&out, place + strlen(PLACE));
    if (bytes_result(&out) != RESULT_OK) {
        bytes_finish(&out);
        return fault_say(ret_fault, RESULT_NO_MEMORY, path, "no memory");
    }
    FILE *file = fopen(path, "we");
    bool written = file != NULL && fwrite(out.data, 1, out.len, file) == out.len;
    if (file != NULL)
        written = fclose(file) == 0 && written;
    bytes_finish(&out);
    return written ? RESULT_OK : fault_say(ret_fault, RESULT_IO, path, strerror(errno));
}
