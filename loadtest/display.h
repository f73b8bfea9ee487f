/* loadtest/display.h - how a run goes on: on a terminal a few lines redrawn in place, on a pipe one line a second. */
#ifndef LOADTEST_DISPLAY_H
#define LOADTEST_DISPLAY_H

#include "loadtest/run.h"

struct display {
    FILE *to;
    bool in_place;
    const struct run *run;
    int lines; /* drawn and to be drawn over */
};

void display_init(struct display *d, FILE *to, const struct run *run);
/* For crowd_config.watch, with the display as its context. */
void display_draw(void *display, const struct crowd *c, bool second);
void display_finish(struct display *d); /* leaves the last picture; the cursor is below it */

#endif
