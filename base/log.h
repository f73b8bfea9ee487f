/* base/log.h - levelled lines of key=value for people and machines (logfmt). One line an event:
 *   2026-11-20T19:42:07.123Z info event=hold.granted node=n1 shop=demo hold=h_7Qx
 * The sink and the clock are injected, so tests can read what was logged. Values are quoted and escaped when
 * needed; tokens, keys and viewer_keys are never given to a log call. Level from log_level_set. */
#ifndef LIVESHELF_BASE_LOG_H
#define LIVESHELF_BASE_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/must.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
#define LOG_LINE_MAX 2048 /* longer lines are cut behind a whole word and end in " cut=1" */

typedef void log_sink(void *ctx, enum log_level level, const char *line, size_t len); /* line without newline */

void log_setup(log_sink *sink, void *ctx, int64_t (*now_ms)(void)); /* NULL sink: standard error; NULL clock: wall */
void log_level_set(enum log_level level);
/* Text put behind the event of every later line, e.g. "node=n1"; copied, at most 63 characters. */
void log_context_set(const char *text);
/* `format` yields the rest of the line after event=NAME, as key=value words; use log_quote for foreign text. */
void log_write(enum log_level level, const char *event, const char *format, ...) PRINTF_LIKE(3, 4);
#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_warn(...) log_write(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)
/* Quotes and escapes foreign text where needed, into a rotating static buffer (8 of 256 bytes, longer text ends in
 * "..."); NULL reads as empty. Loop thread only. */
const char *log_quote(const char *text);
const char *log_level_name(enum log_level level);

#endif
