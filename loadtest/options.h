/* loadtest/options.h - the command line of liveshelf-load. */
#ifndef LOADTEST_OPTIONS_H
#define LOADTEST_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPTIONS_THRESHOLDS_MAX 32

struct options { /* texts are borrowed from argv; NULL: not given */
    const char *url, *broadcast, *token, *host_token, *integrator_token, *scenario, *json, *report, *web_dir;
    const char *thresholds[OPTIONS_THRESHOLDS_MAX];
    size_t thresholds_count;
    size_t viewers;
    uint64_t seed;
    double speed, duration_s; /* duration 0: not given */
    bool quiet, help;
};

/* False when it was asked wrongly; then a line on standard error has said what. */
bool options_read(int argc, char **argv, struct options *ret);
extern const char options_usage[];

#endif
