#include "loadtest/display.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BAR_WIDTH 40
#define COLUMNS_DEFAULT 100
#define ANSWERS_SHOWN 6

static int columns_of(FILE *to)
{
    struct winsize size;
    return ioctl(fileno(to), TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : COLUMNS_DEFAULT;
}

void display_init(struct display *d, FILE *to, const struct run *run)
{
    *d = (struct display){.to = to, .run = run, .in_place = isatty(fileno(to)) == 1};
}

static double of(const struct crowd *c, enum series_column column) { return c->series.last.at[column]; }

/* Milliseconds, or a dash for what did not happen. */
static const char *figure(double ms, char *ret, size_t size)
{
    if (isnan(ms))
        snprintf(ret, size, "-");
    else
        snprintf(ret, size, "%.1f", ms);
    return ret;
}

/* ---- on a terminal ---- */

struct screen {
    struct display *d;
    int columns;
};

static void line(struct screen *s, const char *format, ...) PRINTF_LIKE(2, 3);
static void line(struct screen *s, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fprintf(s->d->to, "%.*s\033[K\n", s->columns - 1, text);
    s->d->lines++;
}

static void draw_progress(struct screen *s, const struct crowd *c)
{
    const struct run *r = s->d->run;
    char bar[BAR_WIDTH + 1];
    double elapsed = (double)(load_now_us() - c->began_us) / 1e6, planned = (double)r->planned_ms / 1000;
    double share = planned <= 0 ? 1 : elapsed / planned;
    for (int i = 0; i < BAR_WIDTH; i++)
        bar[i] = i < share * BAR_WIDTH ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
    line(s, "%s   phase %zu of %zu: %s", r->scenario, r->phase_at, r->phases_planned, c->doing);
    line(s, "[%s]  %.0f of about %.0f s", bar, elapsed, planned);
}

static void draw_answers(struct screen *s, const struct crowd *c)
{
    char text[256] = "";
    for (size_t i = 0; i < ANSWERS_SHOWN && c->books.answers[i].code[0] != '\0'; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "  %s %llu", c->books.answers[i].code,
                 (unsigned long long)c->books.answers[i].count);
    line(s, "answers%s", text[0] == '\0' ? "  none" : text);
}

static void draw_screen(struct display *d, const struct crowd *c)
{
    struct screen s = {d, columns_of(d->to)};
    char a[24], b[24];
    if (d->lines > 0)
        fprintf(d->to, "\033[%dA", d->lines);
    d->lines = 0;
    draw_progress(&s, c);
    line(&s, "viewers   %zu of %zu live, %zu missing   reconnects %.0f/s", c->live, c->config.viewers,
         c->expected - c->level, of(c, SERIES_RECONNECTS));
    line(&s, "events    %.0f/s   messages %.0f/s   own CPU %.0f %%", of(c, SERIES_EVENTS), of(c, SERIES_DELIVERIES),
         of(c, SERIES_CPU));
    line(&s, "pins      %llu   last second p50 %s ms, p99 %s ms", (unsigned long long)c->counts.pins,
         figure(of(c, SERIES_PIN_P50), a, sizeof a), figure(of(c, SERIES_PIN_P99), b, sizeof b));
    line(&s, "reserves  %.0f/s   last second p50 %s ms, p99 %s ms   %zu without an answer", of(c, SERIES_ASKED),
         figure(of(c, SERIES_RESERVE_P50), a, sizeof a), figure(of(c, SERIES_RESERVE_P99), b, sizeof b), c->asking);
    draw_answers(&s, c);
    line(&s, "gaps %llu   duplicates %llu   oversold %lld", (unsigned long long)CROWD_SUM(c, gaps),
         (unsigned long long)CROWD_SUM(c, duplicates), (long long)books_oversold_units(&c->books));
    fflush(d->to);
}

/* ---- on a pipe ---- */

static void print_line(struct display *d, const struct crowd *c)
{
    char a[24], b[24];
    fprintf(
        d->to,
        "%5.0f s  %-8s live %zu/%zu  events %.0f/s  pin p99 %s ms  asked %.0f/s p99 %s ms  held %llu  "
        "reconnects %.0f/s  gaps %llu  duplicates %llu  oversold %lld  cpu %.0f %%\n",
        of(c, SERIES_T_MS) / 1000, c->doing, c->live, c->config.viewers, of(c, SERIES_EVENTS),
        figure(of(c, SERIES_PIN_P99), a, sizeof a), of(c, SERIES_ASKED), figure(of(c, SERIES_RESERVE_P99), b, sizeof b),
        (unsigned long long)c->counts.held, of(c, SERIES_RECONNECTS), (unsigned long long)CROWD_SUM(c, gaps),
        (unsigned long long)CROWD_SUM(c, duplicates), (long long)books_oversold_units(&c->books), of(c, SERIES_CPU));
}

void display_draw(void *display, const struct crowd *c, bool second)
{
    struct display *d = display;
    if (d->in_place)
        draw_screen(d, c);
    else if (second)
        print_line(d, c);
}

void display_finish(struct display *d)
{
    if (d->in_place)
        draw_screen(d, d->run->crowd);
    d->lines = 0;
}
