/* loadtest/account.c - what a run came to: as JSON for machines, and in words for a terminal. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/must.h"
#include "loadtest/run.h"

/* ---- sound or not ---- */

static void why_count(void (*say)(void *ctx, const char *line), void *ctx, uint64_t count, const char *what)
{
    char line[300];
    if (count == 0)
        return;
    snprintf(line, sizeof line, "%llu %s", (unsigned long long)count, what);
    say(ctx, line);
}

void crowd_why(const struct crowd *c, void (*say)(void *ctx, const char *line), void *ctx)
{
    char line[256];
    why_count(say, ctx, CROWD_SUM(c, gaps), "events missed");
    why_count(say, ctx, CROWD_SUM(c, duplicates), "events seen twice");
    why_count(say, ctx, CROWD_SUM(c, malformed), "messages that could not be read");
    if (!c->stopped) { /* whoever stopped it did not wait for them */
        why_count(say, ctx, c->counts.unanswered, "claims without an answer");
        why_count(say, ctx, c->counts.missing, "viewers lost and not back");
    }
    why_count(say, ctx, c->counts.pins_incomplete, "pins that were refused or did not reach every viewer");
    for (size_t i = 0; i < c->books.skus_count; i++) {
        snprintf(line, sizeof line, "%.63s: units promised beyond what there was", c->books.skus[i].sku);
        why_count(say, ctx, (uint64_t)c->books.skus[i].oversold_max, line);
    }
    if (c->counts.stock_mismatches > 0)
        say(ctx, c->stock_why);
}

static void why_note(void *ctx, const char *line)
{
    (void)line;
    *(bool *)ctx = false;
}

bool crowd_is_sound(const struct crowd *c)
{
    bool sound = true;
    crowd_why(c, why_note, &sound);
    return sound;
}

bool run_is_sound(const struct run *r)
{
    return crowd_is_sound(r->crowd) && r->phases_passed && (r->complete || r->crowd->stopped);
}

static void run_why(const struct run *r, void (*say)(void *ctx, const char *line), void *ctx)
{
    char line[256];
    crowd_why(r->crowd, say, ctx);
    for (size_t i = 0; i < r->phases_count; i++)
        if (!r->phases[i].passed && !r->phases[i].interrupted) {
            snprintf(line, sizeof line, "phase %zu (%s) failed: %s", i + 1, r->phases[i].name, r->phases[i].detail);
            say(ctx, line);
        }
    if (!r->complete && r->phases_passed && !r->crowd->stopped)
        say(ctx, "not all viewers could join");
}

/* ---- JSON ---- */

static void text_report(struct bytes *out, const char *text)
{
    bytes_text(out, "\"");
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\')
            bytes_format(out, "\\%c", *at);
        else if ((unsigned char)*at < 0x20)
            bytes_format(out, "\\u%04x", (unsigned char)*at);
        else
            bytes_append(out, at, 1);
    }
    bytes_text(out, "\"");
}

static void number_report(struct bytes *out, double number)
{
    if (isnan(number) || isinf(number))
        bytes_text(out, "null");
    else
        bytes_format(out, number == floor(number) && fabs(number) < 1e15 ? "%.0f" : "%.3f", number);
}

struct lines {
    struct bytes *out;
    size_t count;
};

static void why_report(void *ctx, const char *line)
{
    struct lines *lines = ctx;
    if (lines->count++ > 0)
        bytes_text(lines->out, ",");
    text_report(lines->out, line);
}

static void times_report(struct bytes *out, const struct times *t)
{
    for (size_t i = 0; i < FIGURES; i++) {
        bytes_format(out, "%s\"%s\":", i == 0 ? "" : ",", figure_names[i]);
        number_report(out, t->at[i]);
    }
}

static void histogram_report(struct bytes *out, const struct histogram *h)
{
    struct times t;
    uint64_t buckets[HISTOGRAM_BOUNDS];
    unsigned first = 0, end = HISTOGRAM_BOUNDS;
    times_take(h, &t);
    histogram_coarse(h, buckets);
    while (first < end && buckets[first] == 0)
        first++;
    while (end > first && buckets[end - 1] == 0)
        end--;
    bytes_text(out, "{");
    times_report(out, &t);
    bytes_text(out, ",\"bounds_ms\":[");
    for (unsigned i = first; i < end; i++)
        bytes_format(out, "%s%.4g", i == first ? "" : ",", histogram_bound_ms(i));
    bytes_text(out, "],\"buckets\":[");
    for (unsigned i = first; i < end; i++)
        bytes_format(out, "%s%llu", i == first ? "" : ",", (unsigned long long)buckets[i]);
    bytes_text(out, "]}");
}

static void thresholds_report(const struct run *r, struct bytes *out)
{
    bytes_text(out, ",\"thresholds\":[");
    for (size_t i = 0; i < r->thresholds_count; i++) {
        const struct threshold *t = &r->thresholds[i];
        bytes_format(out, "%s{\"name\":\"%s\"", i == 0 ? "" : ",", t->name);
        if (t->of[0] != '\0')
            bytes_format(out, ",\"of\":\"%s\"", t->of);
        if (t->has_least)
            bytes_format(out, ",\"at_least\":%.10g", t->least);
        if (t->has_most)
            bytes_format(out, ",\"at_most\":%.10g", t->most);
        bytes_text(out, ",\"value\":");
        number_report(out, t->measured ? t->value : NAN);
        bytes_format(out, ",\"passed\":%s}", t->passed ? "true" : "false");
    }
    bytes_text(out, "]");
}

static void phases_report(const struct run *r, struct bytes *out)
{
    bytes_text(out, ",\"phases\":[");
    for (size_t i = 0; i < r->phases_count; i++) {
        const struct run_phase *p = &r->phases[i];
        bytes_format(out,
                     "%s{\"number\":%zu,\"do\":\"%s\",\"began_ms\":%lld,\"ended_ms\":%lld,\"passed\":%s,\"detail\":",
                     i == 0 ? "" : ",", i + 1, p->name, (long long)p->began_ms, (long long)p->ended_ms,
                     p->passed ? "true" : "false");
        text_report(out, p->detail);
        for (size_t k = 0; k < TIMES; k++) {
            if (p->times[k].at[FIGURE_COUNT] <= 0)
                continue;
            bytes_format(out, ",\"%s\":{", times_names[k]);
            times_report(out, &p->times[k]);
            bytes_text(out, "}");
        }
        bytes_text(out, "}");
    }
    bytes_text(out, "]");
}

static void counts_report(const struct crowd *c, struct bytes *out)
{
    const char *name;
    double value;
    bytes_text(out, ",\"counts\":{");
    for (size_t i = 0; number_count(c, i, &name, &value); i++) {
        bytes_format(out, "%s\"%s\":", i == 0 ? "" : ",", name);
        number_report(out, value);
    }
    bytes_text(out, "},\"answers\":{");
    for (size_t i = 0; i < BOOKS_ANSWERS_MAX && c->books.answers[i].code[0] != '\0'; i++) {
        bytes_text(out, i == 0 ? "" : ",");
        text_report(out, c->books.answers[i].code);
        bytes_format(out, ":%llu", (unsigned long long)c->books.answers[i].count);
    }
    bytes_text(out, "},\"skus\":[");
    for (size_t i = 0; i < c->books.skus_count; i++) {
        const struct books_sku *s = &c->books.skus[i];
        bytes_text(out, i == 0 ? "{\"sku\":" : ",{\"sku\":");
        text_report(out, s->sku);
        bytes_format(out,
                     ",\"allocated\":%lld,\"held\":%lld,\"sold\":%lld,\"limit\":%lld,\"outstanding_max\":%lld,"
                     "\"oversold\":%lld}",
                     (long long)s->allocated, (long long)s->held, (long long)s->sold, (long long)books_limit(s),
                     (long long)s->most, (long long)s->oversold_max);
    }
    bytes_text(out, "]");
}

static void series_report(const struct crowd *c, struct bytes *out)
{
    const struct series *s = &c->series;
    bytes_format(out, ",\"series\":{\"every_ms\":%d", SERIES_EVERY_MS);
    for (size_t column = 0; column < SERIES_COLUMNS; column++) {
        bytes_format(out, ",\"%s\":[", series_names[column]);
        for (size_t i = 0; i < s->count; i++) {
            double value = s->rows[i].at[column];
            bytes_text(out, i == 0 ? "" : ",");
            number_report(out, isnan(value) ? value : round(value * 1000) / 1000);
        }
        bytes_text(out, "]");
    }
    bytes_text(out, "},\"marks\":[");
    for (size_t i = 0; i < s->marks_count; i++) {
        const struct series_mark *m = &s->marks[i];
        bytes_format(out, "%s{\"t_ms\":%lld,\"what\":\"%s\",\"text\":", i == 0 ? "" : ",", (long long)m->t_ms, m->what);
        text_report(out, m->text);
        bytes_text(out, "}");
    }
    bytes_text(out, "],\"faults\":[");
    for (size_t i = 0; i < c->faults_count + c->fault_open; i++) {
        const struct crowd_fault *f = &c->faults[i];
        bytes_format(out, "%s{\"t_ms\":%lld,\"lost\":%zu,\"all_back_ms\":", i == 0 ? "" : ",",
                     (long long)((f->began_us - c->began_us) / 1000), f->lost);
        number_report(out, f->ended_us == 0 ? NAN : floor((double)(f->ended_us - f->began_us) / 1000));
        bytes_text(out, "}");
    }
    bytes_text(out, "]");
}

void run_report(const struct run *r, struct bytes *out)
{
    const struct crowd *c = r->crowd;
    struct lines why = {.out = out};
    bytes_text(out, "{\"format\":\"liveshelf-load/1\",\"scenario\":");
    text_report(out, r->scenario);
    bytes_text(out, ",\"url\":");
    text_report(out, c->config.url);
    bytes_text(out, ",\"broadcast\":");
    bytes_format(out, "\"%.*s\"", (int)strcspn(c->path + strlen("/v1/broadcasts/"), "/\"\\"),
                 c->path + strlen("/v1/broadcasts/"));
    bytes_format(out,
                 ",\"viewers\":%zu,\"seed\":%llu,\"speed\":%.10g,\"started_ms\":%lld,\"ended_ms\":%lld,\"interrupted\":"
                 "%s,\"sound\":%s",
                 c->config.viewers, (unsigned long long)c->config.seed, c->config.speed, (long long)c->began_unix_ms,
                 (long long)r->ended_unix_ms, c->stopped ? "true" : "false", run_is_sound(r) ? "true" : "false");
    bytes_text(out, ",\"why\":[");
    run_why(r, why_report, &why);
    bytes_text(out, "]");
    thresholds_report(r, out);
    phases_report(r, out);
    counts_report(c, out);
    bytes_text(out, ",\"times\":{");
    for (size_t i = 0; i < TIMES; i++) {
        bytes_format(out, "%s\"%s\":", i == 0 ? "" : ",", times_names[i]);
        histogram_report(out, crowd_times(c, (enum times_of)i));
    }
    bytes_text(out, "}");
    series_report(c, out);
    bytes_text(out, "}\n");
}

/* ---- words ---- */

static const char *const times_words[TIMES] = {"due to join, to welcome", "pin to each viewer",
                                               "pin to the last viewer",  "reserve to its answer",
                                               "the same, line unbroken", "line lost, to level again"};

static void histogram_print(FILE *to, const char *name, const struct histogram *h)
{
    if (h->count > 0)
        fprintf(to, "  %-25s %10llu  p50 %8.2f  p90 %8.2f  p95 %8.2f  p99 %8.2f  p99.9 %8.2f  max %8.2f ms\n", name,
                (unsigned long long)h->count, histogram_ms(h, 0.5), histogram_ms(h, 0.9), histogram_ms(h, 0.95),
                histogram_ms(h, 0.99), histogram_ms(h, 0.999), histogram_ms(h, 1));
}

static void why_print(void *ctx, const char *line) { fprintf(ctx, "  %s\n", line); }

static void figures_print(const struct crowd *c, FILE *to)
{
    fprintf(to, "%zu of %zu viewers live; %llu events, %llu gaps, %llu duplicates; %llu resumed, %llu snapshots\n",
            c->live, c->config.viewers, (unsigned long long)CROWD_SUM(c, events),
            (unsigned long long)CROWD_SUM(c, gaps), (unsigned long long)CROWD_SUM(c, duplicates),
            (unsigned long long)CROWD_SUM(c, resumes), (unsigned long long)CROWD_SUM(c, snapshots));
    for (size_t i = 0; i < TIMES; i++)
        histogram_print(to, times_words[i], crowd_times(c, (enum times_of)i));
    for (size_t i = 0; i < BOOKS_ANSWERS_MAX && c->books.answers[i].code[0] != '\0'; i++)
        fprintf(to, "  %-25s %10llu\n", c->books.answers[i].code, (unsigned long long)c->books.answers[i].count);
    for (size_t i = 0; i < c->books.skus_count; i++) {
        const struct books_sku *s = &c->books.skus[i];
        if (s->most > 0)
            fprintf(to, "  %s: at most %lld units theirs at once of %lld; now %lld held, %lld paid\n", s->sku,
                    (long long)s->most, (long long)books_limit(s), (long long)s->held, (long long)s->sold);
    }
    for (size_t i = 0; i < c->faults_count; i++)
        fprintf(to, "  %zu viewers lost at %.1f s: all back after %.2f s\n", c->faults[i].lost,
                (double)(c->faults[i].began_us - c->began_us) / 1e6,
                (double)(c->faults[i].ended_us - c->faults[i].began_us) / 1e6);
    if (c->first_trouble[0] != '\0')
        fprintf(to, "  first trouble: %s\n", c->first_trouble);
}

static void verdict_print(bool sound, bool stopped, FILE *to)
{
    if (stopped)
        fputs("interrupted; until then ", to);
    fputs(sound ? "sound: nothing missed, nothing twice, nothing sold twice\n" : "NOT SOUND\n", to);
}

void crowd_print(const struct crowd *c, FILE *to)
{
    figures_print(c, to);
    verdict_print(crowd_is_sound(c), c->stopped, to);
    crowd_why(c, why_print, to);
}

void run_print(const struct run *r, FILE *to)
{
    figures_print(r->crowd, to);
    verdict_print(run_is_sound(r), r->crowd->stopped, to);
    run_why(r, why_print, to);
    for (size_t i = 0; i < r->thresholds_count; i++) {
        const struct threshold *t = &r->thresholds[i];
        fprintf(to, "  %s %s%s%s", t->passed ? "holds" : "FAILS", t->name, t->of[0] == '\0' ? "" : " / ", t->of);
        if (t->has_least)
            fprintf(to, " >= %g", t->least);
        if (t->has_most)
            fprintf(to, " <= %g", t->most);
        if (t->measured)
            fprintf(to, ": %.6g\n", t->value);
        else
            fputs(": nothing was measured\n", to);
    }
}
