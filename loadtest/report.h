/* loadtest/report.h - a run as one HTML file that people open: the page built from web/report/ with the run's JSON inside.
 *
 * The page is looked for as the server looks for its own: in `web_dir`, else in share/liveshelf/web beside the program, else in the
 * build folder's web. */
#ifndef LOADTEST_REPORT_H
#define LOADTEST_REPORT_H

#include <stddef.h>

#include "base/must.h"
#include "base/result.h"

struct report_fault {
    char text[300]; /* for a person */
};

/* Reads the page. RESULT_NOT_FOUND or RESULT_MALFORMED with *ret_fault; the caller frees *ret. To be called before a long run, so that
 * its end is not spoilt. `web_dir` NULL: beside the program. */
MUST_USE enum result report_page(const char *web_dir, char **ret, struct report_fault *ret_fault);
/* Puts `json` (one object) into the page and writes it to `path`. RESULT_IO, RESULT_NO_MEMORY. */
MUST_USE enum result report_write(const char *path, const char *page, const char *json, size_t len,
                                  struct report_fault *ret_fault);

#endif
