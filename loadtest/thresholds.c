/* loadtest/thresholds.c - what is demanded of the figures. A figure of which nothing was measured passes no demand. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loadtest/run.h"

enum result threshold_add(struct run *r, const struct threshold *t, size_t phases)
{
    if (!number_is_known(t->name, phases) || (t->of[0] != '\0' && !number_is_known(t->of, phases)))
        return RESULT_NOT_FOUND;
    if (r->thresholds_count == RUN_THRESHOLDS_MAX)
        return RESULT_FULL;
    r->thresholds[r->thresholds_count++] = *t;
    return RESULT_OK;
}

enum result threshold_parse(struct run *r, const char *text, size_t phases)
{
    struct threshold t = {0};
    size_t len = strcspn(text, "<>");
    char *end;
    if (len == 0 || len >= sizeof t.name || text[len] == '\0' || text[len + 1] != '=')
        return RESULT_MALFORMED;
    snprintf(t.name, sizeof t.name, "%.*s", (int)len, text);
    double bound = strtod(text + len + 2, &end);
    if (end == text + len + 2 || *end != '\0' || !(bound >= -1e15 && bound <= 1e15))
        return RESULT_MALFORMED;
    t.has_most = text[len] == '<';
    t.has_least = !t.has_most;
    t.most = t.least = bound;
    return threshold_add(r, &t, phases);
}

static void threshold_judge(const struct run *r, struct threshold *t)
{
    double of = 1;
    t->measured = number_read(r, t->name, &t->value) && (t->of[0] == '\0' || (number_read(r, t->of, &of) && of > 0));
    if (t->measured)
        t->value /= of;
    t->passed = t->measured && (!t->has_most || t->value <= t->most) && (!t->has_least || t->value >= t->least);
}

bool thresholds_judge(struct run *r)
{
    bool all = true;
    for (size_t i = 0; i < r->thresholds_count; i++) {
        threshold_judge(r, &r->thresholds[i]);
        all = all && r->thresholds[i].passed;
    }
    return all;
}
