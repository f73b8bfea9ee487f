#include "ws/lws/admission.h"

#define READY_SHARE 0.25  /* of the most: what a calm node lets in at once */
#define GROW_SHARE 0.02   /* of the most, per window */
#define FALL_FACTOR 0.8   /* per window */
#define WANTED_SHARE 0.25 /* of what a window brings: taken, it says that the rate matters */
#define USUAL_MS 2000     /* what the rate was lately: the line is not laid out by one bad window */
#define LINE_PER_RATE 2   /* places per join of the rate */
#define JITTER_SHARE 0.1
#define FORGET_PER_MS 10 /* of the line, while nobody takes what the bucket brings: those told do not come */

static double least(double a, double b) { return a < b ? a : b; }
static double most(double a, double b) { return a > b ? a : b; }

static double ready_rate(const struct admission *a)
{
    return most(a->limits.per_second_min, a->limits.per_second_max * READY_SHARE);
}

static double bucket_size(const struct admission *a) { return most(1, a->per_second * ADMISSION_BURST_MS / 1000); }

void admission_init(struct admission *a, const struct admission_limits *limits, uint64_t seed, int64_t now_ms)
{
    *a = (struct admission){.limits = *limits, .filled_at_ms = now_ms, .window_at_ms = now_ms};
    if (a->limits.per_second_max < a->limits.per_second_min)
        a->limits.per_second_max = a->limits.per_second_min;
    a->per_second = a->usual_per_second = ready_rate(a);
    a->joins = bucket_size(a);
    rng_seed(&a->rng, seed);
}

/* ---- the bucket ---- */

static void fill(struct admission *a, int64_t now_ms)
{
    if (now_ms > a->filled_at_ms) {
        double filled = a->joins + (double)(now_ms - a->filled_at_ms) * a->per_second / 1000, size = bucket_size(a);
        a->joins = least(filled, size);
        a->last_place_ms -= FORGET_PER_MS * (filled - a->joins) * 1000 / a->per_second;
    }
    a->filled_at_ms = now_ms; /* also when the clock was set back: that gives nothing, and stops nothing */
}

bool admission_is_open(struct admission *a, int64_t now_ms)
{
    fill(a, now_ms);
    return a->joins >= 1;
}

bool admission_is_near_limit(struct admission *a, int64_t now_ms)
{
    fill(a, now_ms);
    return a->joins < bucket_size(a) / 2;
}

bool admission_take(struct admission *a, int64_t now_ms)
{
    if (!admission_is_open(a, now_ms)) {
        a->wanted = true;
        return false;
    }
    a->joins -= 1;
    a->taken++;
    return true;
}

void admission_take_ticket(struct admission *a, int64_t now_ms)
{
    fill(a, now_ms);
    a->joins = most(a->joins - 1, -bucket_size(a));
    a->taken++;
}

/* ---- the line ---- */

static int64_t told(struct admission *a, double place_ms, int64_t now_ms)
{
    double wait_ms = place_ms - (double)now_ms;
    wait_ms = wait_ms < ADMISSION_RETRY_MAX_MS ? wait_ms * (1 + JITTER_SHARE * rng_unit(&a->rng))
                                               : ADMISSION_RETRY_MAX_MS * (0.5 + 0.5 * rng_unit(&a->rng));
    return (int64_t)least(wait_ms, ADMISSION_RETRY_MAX_MS);
}

static double line_end_ms(struct admission *a, int64_t now_ms)
{
    if (now_ms < a->placed_at_ms) /* the clock was set back */
        a->last_place_ms -= (double)(a->placed_at_ms - now_ms);
    a->placed_at_ms = now_ms;
    double place_ms =
        most(a->last_place_ms + 1000 / (a->usual_per_second * LINE_PER_RATE), (double)now_ms + ADMISSION_RETRY_MIN_MS);
    return least(place_ms, (double)now_ms + ADMISSION_RETRY_MAX_MS); /* no longer than anyone is told to wait */
}

int64_t admission_place(struct admission *a, int64_t now_ms)
{
    a->last_place_ms = line_end_ms(a, now_ms);
    return told(a, a->last_place_ms, now_ms);
}

int64_t admission_place_unread(struct admission *a, int64_t now_ms) { return told(a, line_end_ms(a, now_ms), now_ms); }

int64_t admission_scatter(struct admission *a, int64_t usual_ms)
{
    return usual_ms / 2 + (int64_t)rng_below(&a->rng, (uint64_t)usual_ms + 1);
}

/* ---- the rate ---- */

void admission_turn(struct admission *a, int64_t busy_ns)
{
    double ms = (double)busy_ns / 1e6;
    a->turns_squared_ms += ms * ms;
}

static void rate_set(struct admission *a, double per_second)
{
    a->per_second = most(a->limits.per_second_min, least(per_second, a->limits.per_second_max));
    a->joins = least(a->joins, bucket_size(a));
}

void admission_tick(struct admission *a, int64_t now_ms)
{
    int64_t passed_ms = now_ms - a->window_at_ms;
    if (passed_ms >= 0 && passed_ms < ADMISSION_WINDOW_MS)
        return;
    fill(a, now_ms);
    passed_ms = passed_ms < 0 ? ADMISSION_WINDOW_MS : passed_ms;
    double lag_ms = a->turns_squared_ms / (double)passed_ms, ready = ready_rate(a);
    double grown = a->limits.per_second_max * GROW_SHARE * (double)passed_ms / ADMISSION_WINDOW_MS;
    bool wanted = a->wanted || a->taken >= WANTED_SHARE * a->per_second * ADMISSION_WINDOW_MS / 1000;
    if (wanted && lag_ms > (double)a->limits.lag_target_ms)
        rate_set(a, a->per_second * FALL_FACTOR);
    else if (wanted)
        rate_set(a, a->per_second + grown);
    else /* calm: back to what it stands ready for */
        rate_set(a, a->per_second < ready ? least(ready, a->per_second + grown) : most(ready, a->per_second - grown));
    a->usual_per_second += (a->per_second - a->usual_per_second) * least(1, (double)passed_ms / USUAL_MS);
    a->window_at_ms = now_ms;
    a->turns_squared_ms = 0;
    a->taken = 0;
    a->wanted = false;
}
