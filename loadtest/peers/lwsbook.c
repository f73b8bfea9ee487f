/* loadtest/peers/lwsbook.c - libwebsockets by the book, on libuv: what its own manual and examples do.
 *
 *   lwsbook PORT    prints `ready PORT` once it listens on 127.0.0.1 (a free port must be named)
 *
 * An event waits in a ring of messages; whoever is behind asks to be told when they are writeable, and then gets one lws_write,
 * as the library demands. A message of anybody on /pub goes to everybody else. To measure against, not to use. */
#include <libwebsockets.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <uv.h>

#define MESSAGES 4096 /* that a viewer may be behind; a power of two */
#define MESSAGE_MAX 2048
#define RX_BYTES 4096 /* of one read: a flood of the publisher comes in whole */

struct message {
    size_t len;
    unsigned char text[LWS_PRE + MESSAGE_MAX];
};
struct viewer {
    uint64_t next; /* the message to send next */
    bool publisher;
    size_t collected; /* of a message that comes in parts */
};

static struct message messages[MESSAGES];
static uint64_t head;
static struct lws_context *context;

static void publish(struct lws *from, const unsigned char *text, size_t len)
{
    struct message *m = &messages[head++ % MESSAGES];
    m->len = len;
    memcpy(m->text + LWS_PRE, text, len);
    lws_callback_on_writable_all_protocol(context, lws_get_protocol(from));
}

static void receive(struct lws *wsi, struct viewer *v, const void *part, size_t len)
{
    static unsigned char text[MESSAGE_MAX]; /* one publisher at a time */
    if (!v->publisher || v->collected + len > sizeof text)
        return;
    memcpy(text + v->collected, part, len);
    v->collected += len;
    if (lws_remaining_packet_payload(wsi) > 0 || !lws_is_final_fragment(wsi))
        return;
    publish(wsi, text, v->collected);
    v->collected = 0;
}

/* One message for each time we are told; the library asks for that. */
static int writeable(struct lws *wsi, struct viewer *v)
{
    if (v->publisher || v->next == head)
        return 0;
    if (head - v->next > MESSAGES)
        v->next = head - MESSAGES;
    struct message *m = &messages[v->next++ % MESSAGES];
    if (lws_write(wsi, m->text + LWS_PRE, m->len, LWS_WRITE_TEXT) < 0)
        return -1;
    if (v->next < head)
        lws_callback_on_writable(wsi);
    return 0;
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    char path[32];
    struct viewer *v = user;
    if (reason == LWS_CALLBACK_ESTABLISHED) {
        v->next = head;
        v->publisher = lws_hdr_copy(wsi, path, sizeof path, WSI_TOKEN_GET_URI) > 0 && strcmp(path, "/pub") == 0;
    } else if (reason == LWS_CALLBACK_RECEIVE) {
        receive(wsi, v, in, len);
    } else if (reason == LWS_CALLBACK_SERVER_WRITEABLE) {
        return writeable(wsi, v);
    }
    return 0;
}

static void stop(uv_signal_t *signal, int number)
{
    (void)signal;
    (void)number;
    exit(EXIT_SUCCESS); /* nothing here is worth an orderly end */
}

int main(int argc, char **argv)
{
    static const struct lws_protocols protocols[] = {{.name = "fan",
                                                      .callback = callback,
                                                      .per_session_data_size = sizeof(struct viewer),
                                                      .rx_buffer_size = RX_BYTES},
                                                     {0}};
    struct rlimit files;
    uv_loop_t *loop = uv_default_loop();
    void *loops[] = {loop};
    uv_signal_t term;
    int port = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0;
    struct lws_context_creation_info info = {.port = port,
                                             .iface = "lo",
                                             .protocols = protocols,
                                             .max_http_header_pool = 256,
                                             .options = LWS_SERVER_OPTION_LIBUV,
                                             .foreign_loops = loops};
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    lws_set_log_level(LLL_ERR, NULL);
    uv_signal_init(loop, &term);
    uv_signal_start(&term, stop, SIGTERM);
    context = port == 0 ? NULL : lws_create_context(&info);
    if (context == NULL) {
        fputs("lwsbook: could not start\n", stderr);
        return EXIT_FAILURE;
    }
    printf("ready %d\n", port);
    fflush(stdout);
    return uv_run(loop, UV_RUN_DEFAULT);
}
