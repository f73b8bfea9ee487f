#include "logistics/rules/digest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "logistics/rules/digest_inner.h"
#include "logistics/rules/estimator.h"

#define HEAD "liveshelf-digest 1"
#define NUMBER_MAX 1e15
#define TOKEN_MAX 64

void digest_destroy(struct digest *d)
{
    if (d == NULL)
        return;
    free(d->skus);
    free(d);
}

void digest_score(struct digest *d, size_t moment, const struct spread *told, double shipped)
{
    MUST(moment < ESTIMATE_MOMENTS);
    d->scores[moment] = (struct digest_score){.told = true, .spread = *told, .shipped = shipped};
}

/* ---- the lines with a fixed number of numbers ---- */

struct field {
    const char *name;
    size_t offset, count;
};
#define FIELD(name, member, count)                                                                                     \
    {                                                                                                                  \
        name, offsetof(struct digest, member), count                                                                   \
    }
static const struct field fields[] = {
    FIELD("hold_s", hold_s, 1),
    FIELD("planned_s", planned_s, 1),
    FIELD("end_s", end_s, 1),
    FIELD("viewers", viewers, 1),
    FIELD("tail_scale", tail_scale, TAIL_BINS),
    FIELD("course", course, COURSE_BINS),
    FIELD("confirms", lessons.confirms, AGE_BINS),
    FIELD("releases", lessons.releases, AGE_BINS),
    FIELD("at_risk", lessons.at_risk, AGE_BINS),
    FIELD("tail_orders", lessons.tail_orders, TAIL_BINS),
    FIELD("cancels", lessons.cancels, TAIL_BINS),
    FIELD("holds", lessons.holds, 1),
    FIELD("orders", lessons.orders, 1),
    FIELD("cancelled", lessons.cancelled, 1),
    FIELD("units", lessons.units, 1),
    FIELD("units_squared", lessons.units_squared, 1),
    FIELD("pairs", lessons.pairs, 2),
    FIELD("pair_units", lessons.pair_units, 2),
    FIELD("shipped", lessons.shipped, 1),
    FIELD("returned", lessons.returned, 1),
};

static double *field_numbers(struct digest *d, const struct field *f)
{
    return (double *)(void *)((char *)d + f->offset);
}

/* ---- writing ---- */

static void put(struct bytes *out, double x) { bytes_format(out, " %.10g", x); }

static void put_all(struct bytes *out, const double *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        put(out, numbers[i]);
}

/* Bins that saw nothing are left out: most SKUs are on screen for few of them. */
static void sku_write(const struct digest_sku *s, struct bytes *out)
{
    bytes_format(out, "sku %s", s->sku.text);
    put_all(out, (const double[]){s->tail, s->live_scale, s->tail_share, s->orders, s->units}, 5);
    for (size_t b = 0; b < PIN_BINS; b++) {
        if (s->live[b] == 0 && s->exposure[b] == 0)
            continue;
        put(out, (double)b);
        put(out, s->live[b]);
        put(out, s->exposure[b]);
    }
    bytes_text(out, "\n");
}

static void score_write(const struct digest *d, size_t moment, struct bytes *out)
{
    const struct digest_score *s = &d->scores[moment];
    if (!s->told)
        return;
    bytes_format(out, "score %zu", moment);
    put(out, s->shipped);
    put(out, s->spread.mean);
    put_all(out, s->spread.q, ESTIMATE_QUANTILES);
    bytes_text(out, "\n");
}

enum result digest_write(const struct digest *d, struct bytes *out)
{
    bytes_text(out, HEAD "\n");
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        bytes_text(out, fields[i].name);
        put_all(out, field_numbers((struct digest *)d, &fields[i]), fields[i].count);
        bytes_text(out, "\n");
    }
    for (size_t moment = 0; moment < ESTIMATE_MOMENTS; moment++)
        score_write(d, moment, out);
    for (size_t i = 0; i < d->skus_count; i++)
        sku_write(&d->skus[i], out);
    return bytes_result(out);
}

/* ---- reading ---- */

struct reader {
    const char *at, *end;
};

/* The next word of the line into `ret`; false at the line's end, or when the word is too long to be one of ours. */
static bool word_read(struct reader *line, char ret[TOKEN_MAX + 1])
{
    while (line->at < line->end && *line->at == ' ')
        line->at++;
    size_t len = 0;
    while (line->at < line->end && *line->at != ' ' && len < TOKEN_MAX)
        ret[len++] = *line->at++;
    ret[len] = '\0';
    return len > 0 && (line->at == line->end || *line->at == ' ');
}

static bool number_read(struct reader *line, double *ret)
{
    char word[TOKEN_MAX + 1], *end;
    if (!word_read(line, word))
        return false;
    *ret = strtod(word, &end);
    return *end == '\0' && *ret >= 0 && *ret <= NUMBER_MAX;
}

static enum result numbers_read(struct reader *line, double *ret, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!number_read(line, &ret[i]))
            return RESULT_MALFORMED;
    return RESULT_OK;
}

static bool at_end(const struct reader *line) { return line->at == line->end; }

static enum result sku_bins_read(struct reader *line, struct digest_sku *s)
{
    while (!at_end(line)) {
        double numbers[3];
        if (numbers_read(line, numbers, 3) != RESULT_OK || !(numbers[0] < PIN_BINS))
            return RESULT_MALFORMED;
        s->live[(size_t)numbers[0]] = numbers[1];
        s->exposure[(size_t)numbers[0]] = numbers[2];
    }
    return RESULT_OK;
}

static enum result sku_read(struct reader *line, struct digest *d)
{
    char word[TOKEN_MAX + 1];
    struct digest_sku s = {0};
    double numbers[5];
    if (!word_read(line, word) || ID_PARSE(&s.sku, word, strlen(word)) != RESULT_OK ||
        numbers_read(line, numbers, 5) != RESULT_OK)
        return RESULT_MALFORMED;
    if (d->skus_count == ESTIMATOR_SKUS_MAX)
        return RESULT_FULL;
    s.tail = numbers[0];
    s.live_scale = numbers[1];
    s.tail_share = numbers[2];
    s.orders = numbers[3];
    s.units = numbers[4];
    enum result result = sku_bins_read(line, &s);
    if (result != RESULT_OK)
        return result;
    struct digest_sku *more = realloc(d->skus, (d->skus_count + 1) * sizeof *more);
    if (more == NULL)
        return RESULT_NO_MEMORY;
    d->skus = more;
    d->skus[d->skus_count++] = s;
    return RESULT_OK;
}

static enum result score_read(struct reader *line, struct digest *d)
{
    double numbers[3], *q;
    if (numbers_read(line, numbers, 3) != RESULT_OK || !(numbers[0] < ESTIMATE_MOMENTS))
        return RESULT_MALFORMED;
    struct digest_score *s = &d->scores[(size_t)numbers[0]];
    *s = (struct digest_score){.told = true, .spread.mean = numbers[2], .shipped = numbers[1]};
    q = s->spread.q;
    enum result result = numbers_read(line, q, ESTIMATE_QUANTILES);
    for (size_t i = 1; result == RESULT_OK && i < ESTIMATE_QUANTILES; i++)
        if (q[i] < q[i - 1])
            result = RESULT_MALFORMED;
    return result;
}

static enum result line_read(struct reader line, struct digest *d)
{
    char name[TOKEN_MAX + 1];
    if (!word_read(&line, name))
        return at_end(&line) ? RESULT_OK : RESULT_MALFORMED;
    if (strcmp(name, "sku") == 0)
        return sku_read(&line, d);
    if (strcmp(name, "score") == 0)
        return score_read(&line, d);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strcmp(name, fields[i].name) == 0)
            return numbers_read(&line, field_numbers(d, &fields[i]), fields[i].count);
    return RESULT_OK; /* of a later version */
}

static struct reader line_next(struct reader *text)
{
    const char *newline = memchr(text->at, '\n', (size_t)(text->end - text->at));
    struct reader line = {text->at, newline == NULL ? text->end : newline};
    text->at = newline == NULL ? text->end : newline + 1;
    return line;
}

enum result digest_read(const char *text, size_t len, struct digest **ret)
{
    struct reader reader = {text, text + len};
    struct reader head = line_next(&reader);
    if ((size_t)(head.end - head.at) != strlen(HEAD) || memcmp(head.at, HEAD, strlen(HEAD)) != 0)
        return RESULT_MALFORMED;
    struct digest *d = calloc(1, sizeof *d);
    enum result result = d == NULL ? RESULT_NO_MEMORY : RESULT_OK;
    while (result == RESULT_OK && reader.at < reader.end)
        result = line_read(line_next(&reader), d);
    if (result != RESULT_OK) {
        digest_destroy(d);
        return result;
    }
    *ret = d;
    return RESULT_OK;
}
