#include "ws/lws/listener.h"

#include <errno.h>
#include <libwebsockets.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "ws/lws/door.h"
#include "ws/lws/live_head.h"
#include "ws/lws/meters.h"

#define BACKLOG 4096
#define WARN_AGAIN_MS 10000

enum result listener_init(struct listener *l, uv_loop_t *loop, struct outlets *outlets)
{
    *l = (struct listener){.loop = loop, .outlets = outlets};
    list_init(&l->oldest_first);
    return pool_init(&l->handshakes, sizeof(struct handshake), outlets->limits->handshakes_max);
}

/* ---- binding ---- */

/* Sockets inherit these from the one that accepts them, which saves three calls each. */
static void socket_options(int fd, const struct net_limits *limits)
{
    int one = 1, buffer = (int)limits->send_buffer_bytes, user_timeout = (int)limits->user_timeout_ms;
    int first_byte_s = (int)((limits->handshake_timeout_ms + 999) / 1000);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &first_byte_s, sizeof first_byte_s); /* who says nothing stays out */
    if (buffer > 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    if (user_timeout > 0)
        setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout, sizeof user_timeout);
}

static enum result socket_add(struct listener *l, int fd)
{
    socket_options(fd, l->outlets->limits);
    struct listener_socket *s = l->sockets_count == LISTENERS_MAX ? NULL : calloc(1, sizeof *s);
    if (s == NULL || listen(fd, BACKLOG) != 0 || uv_poll_init_socket(l->loop, &s->poll, fd) != 0) {
        free(s);
        close(fd);
        return RESULT_IO;
    }
    s->listener = l;
    s->fd = fd;
    s->poll.data = s;
    l->sockets[l->sockets_count++] = s;
    return RESULT_OK;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage a;
    socklen_t len = sizeof a;
    if (getsockname(fd, (struct sockaddr *)&a, &len) != 0)
        return 0;
    return ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&a)->sin6_port
                                         : ((struct sockaddr_in *)&a)->sin_port);
}

static int socket_open(const struct addrinfo *info, uint16_t port)
{
    int one = 1;
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (info->ai_family == AF_INET6) {
        ((struct sockaddr_in6 *)info->ai_addr)->sin6_port = htons(port);
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one); /* IPv4 has a socket of its own */
    } else {
        ((struct sockaddr_in *)info->ai_addr)->sin_port = htons(port);
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) == 0 &&
        bind(fd, info->ai_addr, info->ai_addrlen) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* Splits "host:port"; the host may be in brackets, or empty for all addresses. */
static bool address_split(const char *address, char host[256], uint16_t *ret_port)
{
    const char *colon = strrchr(address, ':');
    if (colon == NULL || colon[1] == '\0' || strspn(colon + 1, "0123456789") != strlen(colon + 1))
        return false;
    long port = strtol(colon + 1, NULL, 10);
    size_t len = (size_t)(colon - address);
    bool brackets = len >= 2 && address[0] == '[' && colon[-1] == ']';
    if (port > 65535 || len >= 256)
        return false;
    size_t skip = brackets ? 1 : 0;
    memcpy(host, address + skip, len - 2 * skip);
    host[len - 2 * skip] = '\0';
    *ret_port = (uint16_t)port;
    return true;
}

enum result listener_bind(struct listener *l, const char *address, struct listener_fault *ret_fault)
{
    char host[256];
    uint16_t port = 0;
    if (!address_split(address, host, &port)) {
        snprintf(ret_fault->text, sizeof ret_fault->text, "%s: not an address like 127.0.0.1:8080 or [::1]:8080",
                 address);
        return RESULT_MALFORMED;
    }
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found = NULL;
    int error = getaddrinfo(host[0] == '\0' ? NULL : host, "0", &hints, &found);
    if (error != 0) {
        snprintf(ret_fault->text, sizeof ret_fault->text, "%s: %s", address, gai_strerror(error));
        return RESULT_IO;
    }
    size_t bound = 0;
    for (const struct addrinfo *at = found; at != NULL; at = at->ai_next) {
        if (at->ai_family != AF_INET && at->ai_family != AF_INET6)
            continue;
        int fd = socket_open(at, port == 0 ? l->port : port);
        if (fd < 0) {
            snprintf(ret_fault->text, sizeof ret_fault->text, "%s: %s", address, strerror(errno));
            continue; /* a machine without IPv6 says so here */
        }
        l->port = l->port == 0 ? port_of(fd) : l->port;
        bound += socket_add(l, fd) == RESULT_OK ? 1 : 0;
    }
    freeaddrinfo(found);
    return bound > 0 ? RESULT_OK : RESULT_IO;
}

enum result listener_inherit(struct listener *l, int fd)
{
    l->port = l->port == 0 ? port_of(fd) : l->port;
    return socket_add(l, fd);
}

/* ---- accepting ---- */

static void on_readable(uv_poll_t *poll, int status, int events);

static void polling(struct listener *l, bool on)
{
    if (l->polling == on)
        return;
    l->polling = on;
    for (size_t i = 0; i < l->sockets_count; i++) {
        if (on)
            uv_poll_start(&l->sockets[i]->poll, UV_READABLE, on_readable);
        else
            uv_poll_stop(&l->sockets[i]->poll);
    }
}

static void tokens_refill(struct listener *l)
{
    int64_t now_ms = l->outlets->now_ms, per_second = l->outlets->limits->accepts_per_second_max;
    int64_t gained = (now_ms - l->tokens_at_ms) * per_second / 1000;
    if (now_ms < l->tokens_at_ms)
        l->tokens_at_ms = now_ms; /* the clock was set back */
    if (gained <= 0)
        return;
    l->tokens_at_ms = now_ms;
    l->tokens = l->tokens + gained > per_second ? per_second : l->tokens + gained;
}

static void handshake_cut(struct handshake *h)
{
    struct lws *wsi = h->wsi;
    handshake_done(wsi);
    meter_refused(REFUSED_HANDSHAKE);
    lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

static struct handshake *oldest(struct listener *l)
{
    return list_is_empty(&l->oldest_first) ? NULL : container_of(l->oldest_first.next, struct handshake, link);
}

/* Most have sent their request by now: it is taken while all of it is in the processor's cache, without a turn of the loop
 * in between. Nothing there yet: the loop watches. `wsi` may be gone after it. */
static void serve_now(struct lws *wsi, int fd)
{
    struct lws_pollfd readable = {.fd = fd, .events = LWS_POLLIN, .revents = LWS_POLLIN};
    (void)lws_service_fd(lws_get_context(wsi), &readable);
}

static void adopt(struct listener *l, int fd)
{
    if (pool_is_empty(&l->handshakes)) {
        handshake_cut(oldest(l));
        l->outlets->nudge = true;
    }
    struct lws *wsi = lws_adopt_socket_vhost(l->vhost, fd); /* closes fd itself when it fails */
    if (wsi == NULL) {
        meter_refused(REFUSED_ADOPT);
        return;
    }
    l->adopted++;
    struct handshake *h = pool_take(&l->handshakes);
    h->listener = l;
    h->wsi = wsi;
    h->since_ms = l->outlets->now_ms;
    list_push_back(&l->oldest_first, &h->link);
    lws_set_opaque_user_data(wsi, h);
    lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0); /* ours is above; lws walks a list of all that are under way */
    if (!lws_is_ssl(wsi))
        serve_now(wsi, fd);
}

/* ---- who must wait ---- */

static void say_wait(struct listener *l, int fd, const struct live_head *head, size_t head_len,
                     const struct refusal_said *said)
{
    char request[LIVE_HEAD_BYTES_MAX], answer[REFUSAL_BYTES_MAX];
    struct refusal_said whole = *said;
    if (head->kind == LIVE_HEAD_QUESTION && guard_lists_origin(l->door->guard, head->origin))
        whole.origin = head->origin;
    size_t len = refusal_write(&whole, answer);
    (void)!recv(fd, request, head_len, MSG_DONTWAIT); /* closing with bytes unread would reset the answer away */
    (void)!send(fd, answer, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    meter_told(said->retry_after_ms);
    close(fd);
}

/* True: it was told to wait, and is closed. Nothing is taken from the bucket here: who may come in is looked at in full by
 * upgrade.c first, in the same turn. */
static bool turned_away(struct listener *l, int fd, const struct sockaddr_storage *peer)
{
    char data[LIVE_HEAD_BYTES_MAX];
    struct live_head head;
    enum refusal why;
    int64_t now_ms = l->outlets->now_ms;
    if (!admission_is_near_limit(l->door->admission, now_ms))
        return false;
    ssize_t len = recv(fd, data, sizeof data, MSG_PEEK | MSG_DONTWAIT);
    if (len <= 0)
        return false;
    live_head_read(data, (size_t)len, &head);
    struct caller from = {.peer = *peer, .forwarded_for = head.forwarded_for[0] == '\0' ? NULL : head.forwarded_for};
    if (head.kind == LIVE_HEAD_OTHER || door_is_open(l->door, &from, now_ms, &why))
        return false;
    bool unread = head.kind == LIVE_HEAD_UPGRADE && head.origin[0] != '\0'; /* a browser's script cannot */
    struct refusal_said said = door_refusal(l->door, &from, why, unread, now_ms);
    if (head.kind == LIVE_HEAD_UPGRADE)
        meter_refused(why);
    say_wait(l, fd, &head, (size_t)len, &said);
    return true;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct listener_socket *s = poll->data;
    struct listener *l = s->listener;
    (void)status;
    (void)events;
    tokens_refill(l);
    for (uint32_t i = 0; i < l->outlets->limits->accepts_per_turn_max && l->tokens > 0; i++) {
        struct sockaddr_storage peer = {0};
        socklen_t peer_len = sizeof peer;
        int fd = accept4(s->fd, (struct sockaddr *)&peer, &peer_len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
            meter_refused(REFUSED_FILES);
            if (l->outlets->now_ms - l->warned_at_ms >= WARN_AGAIN_MS) {
                log_warn("accept.refused", "error=%s", log_quote(strerror(errno)));
                l->warned_at_ms = l->outlets->now_ms;
            }
            l->tokens = 0; /* rests until the next tick, instead of spinning */
        }
        if (fd < 0)
            break;
        l->tokens--;
        if (!turned_away(l, fd, &peer))
            adopt(l, fd);
    }
    if (l->tokens <= 0)
        polling(l, false);
}

void listener_start(struct listener *l, struct lws_vhost *vhost, const struct door *door)
{
    l->vhost = vhost;
    l->door = door;
    l->tokens = l->outlets->limits->accepts_per_second_max;
    l->tokens_at_ms = l->outlets->now_ms;
    polling(l, true);
}

void listener_tick(struct listener *l)
{
    struct handshake *h;
    while ((h = oldest(l)) != NULL && l->outlets->now_ms - h->since_ms >= l->outlets->limits->handshake_timeout_ms) {
        handshake_cut(h);
        l->outlets->nudge = true;
    }
    tokens_refill(l);
    if (l->tokens > 0)
        polling(l, true);
}

void handshake_done(struct lws *wsi)
{
    struct handshake *h = lws_get_opaque_user_data(wsi);
    if (h == NULL)
        return;
    lws_set_opaque_user_data(wsi, NULL);
    list_remove(&h->link);
    pool_give(&h->listener->handshakes, h);
}

/* ---- ending ---- */

static void on_closed(uv_handle_t *handle) { free(handle->data); }

void listener_stop(struct listener *l)
{
    polling(l, false);
    for (size_t i = 0; i < l->sockets_count; i++) {
        close(l->sockets[i]->fd);
        uv_close((uv_handle_t *)&l->sockets[i]->poll, on_closed);
    }
    l->sockets_count = 0;
}

void listener_finish(struct listener *l)
{
    if (l == NULL || l->loop == NULL)
        return;
    pool_finish(&l->handshakes);
    *l = (struct listener){0};
}
