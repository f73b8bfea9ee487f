#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOG_CONTEXT_MAX 63
#define LOG_QUOTES 8
#define LOG_QUOTE_BYTES 256

static const char cut_mark[] = " cut=1";

static struct {
    log_sink *sink;
    void *ctx;
    int64_t (*now_ms)(void);
    enum log_level level;
    char context[LOG_CONTEXT_MAX + 1];
} log_state = {.level = LOG_INFO};

void log_setup(log_sink *sink, void *ctx, int64_t (*now_ms)(void))
{
    log_state.sink = sink;
    log_state.ctx = ctx;
    log_state.now_ms = now_ms;
}

void log_level_set(enum log_level level) { log_state.level = level; }

void log_context_set(const char *text) { snprintf(log_state.context, sizeof log_state.context, "%s", text); }

const char *log_level_name(enum log_level level)
{
    static const char *const names[] = {
        [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"};
    return (size_t)level < ARRAY_LEN(names) ? names[level] : "unknown";
}

static int64_t wall_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A line under construction. `text` has room for what must be cut off to be noticed, and for the newline. */
struct line {
    char text[LOG_LINE_MAX + 2];
    size_t len;
};

static void line_add(struct line *l, const char *format, va_list args) PRINTF_LIKE(2, 0);
static void line_add(struct line *l, const char *format, va_list args)
{
    size_t room = sizeof l->text - l->len;
    int len = vsnprintf(l->text + l->len, room, format, args);
    if (len > 0)
        l->len += (size_t)len < room ? (size_t)len : room - 1;
}

static void line_format(struct line *l, const char *format, ...) PRINTF_LIKE(2, 3);
static void line_format(struct line *l, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    line_add(l, format, args);
    va_end(args);
}

static void line_add_time(struct line *l, int64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm utc;
    char text[32] = "?";
    if (gmtime_r(&seconds, &utc) != NULL)
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    line_format(l, "%s.%03dZ", text, (int)(ms % 1000));
}

/* Cuts behind the last whole word, so that no quote stays open, and says so. */
static void line_cut(struct line *l)
{
    bool quoted = false;
    size_t end = 0;
    for (size_t i = 0; i <= LOG_LINE_MAX - strlen(cut_mark); i++) {
        if (l->text[i] == '\\' && quoted)
            i++;
        else if (l->text[i] == '"')
            quoted = !quoted;
        else if (l->text[i] == ' ' && !quoted)
            end = i;
    }
    memcpy(l->text + end, cut_mark, sizeof cut_mark);
    l->len = end + strlen(cut_mark);
}

/* One event, one line, whatever slipped in unquoted. */
static void line_flatten(struct line *l)
{
    for (size_t i = 0; i < l->len; i++)
        if ((unsigned char)l->text[i] < ' ' || l->text[i] == 0x7f)
            l->text[i] = '?';
}

static void line_deliver(struct line *l, enum log_level level)
{
    if (log_state.sink != NULL) {
        log_state.sink(log_state.ctx, level, l->text, l->len);
        return;
    }
    l->text[l->len] = '\n'; /* one write: lines of several nodes on one terminal do not mix */
    if (write(STDERR_FILENO, l->text, l->len + 1) < 0)
        return; /* nobody left to tell */
}

void log_write(enum log_level level, const char *event, const char *format, ...)
{
    if (level < log_state.level)
        return;
    struct line l = {.len = 0};
    line_add_time(&l, log_state.now_ms == NULL ? wall_now_ms() : log_state.now_ms());
    line_format(&l, " %s event=%s", log_level_name(level), event);
    if (log_state.context[0] != '\0')
        line_format(&l, " %s", log_state.context);
    if (format[0] != '\0') {
        va_list args;
        va_start(args, format);
        line_format(&l, " ");
        line_add(&l, format, args);
        va_end(args);
    }
    line_flatten(&l);
    if (l.len > LOG_LINE_MAX)
        line_cut(&l);
    line_deliver(&l, level);
}

/* Length of the well-formed UTF-8 character at `s` that is safe to show, or 0. Bytes of U+0080..U+009F
 * are refused: terminals obey some of them. */
static size_t shown_character(const unsigned char *s)
{
    static const struct {
        unsigned char first_min, first_max, second_min, second_max, len;
    } forms[] = {
        {0x20, 0x7e, 0x00, 0xff, 1}, {0xc2, 0xc2, 0xa0, 0xbf, 2}, {0xc3, 0xdf, 0x80, 0xbf, 2},
        {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
        {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
        {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        if (s[0] < forms[i].first_min || s[0] > forms[i].first_max)
            continue;
        if (s[1] < forms[i].second_min || s[1] > forms[i].second_max)
            return 0;
        for (size_t at = 2; at < forms[i].len; at++)
            if ((s[at] & 0xc0) != 0x80)
                return 0;
        return forms[i].len;
    }
    return 0;
}

/* Writes the character at `*s` as it may stand between quotes, and moves past it. */
static size_t quote_character(char ret[8], const unsigned char **s)
{
    size_t len = shown_character(*s);
    if (len == 0) {
        bool newline = **s == '\n';
        len = (size_t)snprintf(ret, 8, newline ? "\\n" : "\\x%02x", **s);
        *s += 1;
        return len;
    }
    size_t escape = **s == '"' || **s == '\\';
    ret[0] = '\\';
    memcpy(ret + escape, *s, len);
    *s += len;
    return escape + len;
}

static bool needs_quotes(const unsigned char *s)
{
    if (*s == '\0')
        return true;
    for (; *s != '\0'; s++)
        if (*s <= ' ' || *s == '"' || *s == '=' || *s == '\\' || *s >= 0x7f)
            return true;
    return false;
}

const char *log_quote(const char *text)
{
    static char buffers[LOG_QUOTES][LOG_QUOTE_BYTES];
    static unsigned turn;
    static const char more[] = "...\"";
    char *buffer = buffers[turn++ % LOG_QUOTES];
    if (text == NULL)
        text = "";
    const unsigned char *s = (const unsigned char *)text;
    if (!needs_quotes(s) && strlen(text) < LOG_QUOTE_BYTES)
        return memcpy(buffer, text, strlen(text) + 1);
    size_t len = 0;
    buffer[len++] = '"';
    while (*s != '\0') {
        char character[8];
        size_t more_len = quote_character(character, &s);
        if (len + more_len + sizeof more > LOG_QUOTE_BYTES) {
            memcpy(buffer + len, more, sizeof more);
            return buffer;
        }
        memcpy(buffer + len, character, more_len);
        len += more_len;
    }
    memcpy(buffer + len, "\"", 2);
    return buffer;
}
