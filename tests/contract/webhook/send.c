/* tests/contract/webhook/send.c - posts webhooks as it is told on standard input, and says what became of each.
 *
 *     webhook_send TIMEOUT_MS open|closed      closed: private networks are refused
 *
 * A line "url id secret old_secret|- bytes" is a post of a JSON object of so many bytes, at once; all lines are posted before any
 * answer is waited for. A line "dark" looks up a name beside them, as Redis does: until that is found nobody answers for names that
 * begin with "dark.". At the end of the input, as each is done: "id result status retry_after_ms why". A line "quit" stops the
 * client while posts are under way. */
#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "ws/lws/webhook_client.h"

#define NIGHT_S 8 /* longer than any post of a test with dark names may take */

static pthread_mutex_t night = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t dawn = PTHREAD_COND_INITIALIZER;
static bool is_light;

/* Stands before the library's, also for libuv. */
int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **ret)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = NULL;
    if (host == NULL || strncmp(host, "dark.", 5) != 0) {
        *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
        return real(host, service, hints, ret);
    }
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += NIGHT_S;
    pthread_mutex_lock(&night);
    while (!is_light && pthread_cond_timedwait(&dawn, &night, &until) == 0)
        ;
    pthread_mutex_unlock(&night);
    return EAI_AGAIN;
}

static void on_found(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    (void)request;
    MUST(status == 0);
    uv_freeaddrinfo(found);
    pthread_mutex_lock(&night);
    is_light = true;
    pthread_cond_broadcast(&dawn);
    pthread_mutex_unlock(&night);
}

struct told {
    struct webhook_post post;
    char url[1200], id[64], secret[200], old_secret[200];
    struct bytes body;
};
struct uv_clock {
    struct clock clock;
    uv_loop_t loop;
};

static struct webhook_client *client;
static unsigned open_posts;

/* ---- a clock on the loop ---- */

static int64_t clock_now_ms(struct clock *clock)
{
    uv_timeval64_t now;
    (void)clock;
    uv_gettimeofday(&now);
    return now.tv_sec * 1000 + now.tv_usec / 1000;
}

static void on_timer_closed(uv_handle_t *timer) { free(timer); }

static void on_uv_timer(uv_timer_t *timer)
{
    struct clock_timer *told = timer->data;
    told->impl[0] = NULL;
    uv_close((uv_handle_t *)timer, on_timer_closed);
    told->fire(told);
}

static void clock_stop(struct clock *clock, struct clock_timer *timer)
{
    uv_timer_t *running = timer->impl[0];
    (void)clock;
    if (running != NULL)
        uv_close((uv_handle_t *)running, on_timer_closed);
    timer->impl[0] = NULL;
}

static void clock_start(struct clock *clock, struct clock_timer *timer, int64_t delay_ms)
{
    uv_timer_t *running = calloc(1, sizeof *running);
    MUST(running != NULL);
    clock_stop(clock, timer);
    uv_timer_init(&container_of(clock, struct uv_clock, clock)->loop, running);
    running->data = timer;
    timer->impl[0] = running;
    uv_timer_start(running, on_uv_timer, (uint64_t)delay_ms, 0);
}

/* ---- posts ---- */

static void closed(void *ctx) { (void)ctx; }

static void done(struct webhook_post *post)
{
    struct told *t = container_of(post, struct told, post);
    printf("%s %s %d %lld %s\n", t->id, result_name(post->result), post->status, (long long)post->retry_after_ms,
           post->why);
    fflush(stdout);
    bytes_finish(&t->body);
    free(t);
    if (--open_posts == 0)
        webhook_client_close(client, closed, NULL);
}

static void body_make(struct bytes *body, size_t len)
{
    bytes_text(body, "{\"fill\":\"");
    while (body->len + 2 < len)
        bytes_text(body, "x");
    bytes_text(body, "\"}");
}

static void post(const char *line)
{
    struct told *t = calloc(1, sizeof *t);
    size_t len = 0;
    MUST(t != NULL && sscanf(line, "%1199s %63s %199s %199s %zu", t->url, t->id, t->secret, t->old_secret, &len) == 5);
    body_make(&t->body, len);
    t->post = (struct webhook_post){.url = t->url,
                                    .id = t->id,
                                    .secret = t->secret,
                                    .old_secret = strcmp(t->old_secret, "-") == 0 ? "" : t->old_secret,
                                    .content_type = "application/cloudevents+json; charset=utf-8",
                                    .body = &t->body,
                                    .done = done};
    open_posts++;
    struct webhook *port = webhook_client_port(client);
    port->send(port, &t->post);
}

int main(int argc, char **argv)
{
    static struct uv_clock clock = {.clock = {clock_now_ms, clock_start, clock_stop}};
    char line[4096];
    bool quits = false;
    uv_getaddrinfo_t beside;
    MUST(argc == 3 && uv_loop_init(&clock.loop) == 0);
    struct webhook_client_config config = {.loop = &clock.loop,
                                           .clock = &clock.clock,
                                           .private_networks = strcmp(argv[2], "open") == 0,
                                           .timeout_ms = atoi(argv[1])};
    MUST(webhook_client_create(&config, &client) == RESULT_OK);
    while (fgets(line, sizeof line, stdin) != NULL) {
        quits |= strcmp(line, "quit\n") == 0;
        if (strcmp(line, "dark\n") == 0)
            MUST(uv_getaddrinfo(&clock.loop, &beside, on_found, "localhost", NULL, NULL) == 0);
        else if (!quits)
            post(line);
    }
    if (quits) {
        for (int i = 0; i < 20; i++) /* they are on their way */
            uv_run(&clock.loop, UV_RUN_NOWAIT);
        open_posts++; /* so that it is closed here, once */
        webhook_client_close(client, closed, NULL);
    }
    uv_run(&clock.loop, UV_RUN_DEFAULT);
    MUST(uv_loop_close(&clock.loop) == 0); /* nothing was left on it */
    return 0;
}
