/* loadtest/peers/limit.c - the hand-written limit: what fanning out costs when a server does nothing else.
 *
 *   limit PORT [--uring]    prints `ready PORT` once it listens on 127.0.0.1 (PORT 0: a free one)
 *
 * With --uring the sends go through an io_uring in batches; it ends with 3 where the kernel or the build has none.
 *
 * Upgrades whoever connects. A text message of anybody is framed once and sent to everybody else with one send() each, in a
 * loop; the sender gets it back last. No HTTP parsing, no SHA-1 (the right answer to the load client's one key is known), no
 * partial writes: to measure against, not to use. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef LIMIT_HAS_URING
#include <liburing.h>
#endif

#define FDS_MAX 200000
#define MESSAGE_MAX 65000
#define URING_BATCH 256
#define EXIT_NO_URING 3

static int epoll, listening;
static bool by_uring;
static int audience[FDS_MAX], place[FDS_MAX]; /* the upgraded, densely; and where each stands */
static int audience_count;
static bool upgraded[FDS_MAX];

static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                             "Sec-WebSocket-Protocol: liveshelf.v1\r\n\r\n";

static void leave(int fd)
{
    if (upgraded[fd]) {
        int last = audience[--audience_count];
        audience[place[fd]] = last;
        place[last] = place[fd];
    }
    upgraded[fd] = false;
    close(fd);
}

#ifdef LIMIT_HAS_URING
static struct io_uring uring;

static bool uring_open(void)
{
    struct io_uring_params params = {.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN};
    return io_uring_queue_init_params(URING_BATCH, &uring, &params) == 0;
}

static void uring_publish(int from, const unsigned char *frame, size_t len)
{
    for (int i = 0; i < audience_count;) {
        unsigned asked = 0;
        for (; asked < URING_BATCH && i < audience_count; i++)
            if (audience[i] != from) {
                io_uring_prep_send(io_uring_get_sqe(&uring), audience[i], frame, len, MSG_DONTWAIT | MSG_NOSIGNAL);
                asked++;
            }
        if (asked == 0 || io_uring_submit_and_wait(&uring, asked) < 0)
            return;
        io_uring_cq_advance(&uring, io_uring_cq_ready(&uring));
    }
}
#else
static bool uring_open(void) { return false; }
static void uring_publish(int from, const unsigned char *frame, size_t len) { (void)from, (void)frame, (void)len; }
#endif

static void publish(int from, const unsigned char *text, size_t len)
{
    unsigned char frame[MESSAGE_MAX + 4] = {0x81};
    size_t head = len < 126 ? 2 : 4;
    frame[1] = len < 126 ? (unsigned char)len : 126;
    if (head == 4) {
        frame[2] = (unsigned char)(len >> 8);
        frame[3] = (unsigned char)len;
    }
    memcpy(frame + head, text, len);
    if (by_uring)
        uring_publish(from, frame, head + len);
    for (int i = 0; i < audience_count && !by_uring; i++)
        if (audience[i] != from)
            (void)!send(audience[i], frame, head + len, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)!send(from, frame, head + len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void frames(int fd, unsigned char *at, size_t len)
{
    while (len >= 6) {
        size_t size = at[1] & 127, head = 2;
        if (size == 126) {
            size = (size_t)at[2] << 8 | at[3];
            head = 4;
        }
        if (size > MESSAGE_MAX || len < head + 4 + size)
            return;
        unsigned char *mask = at + head, *text = mask + 4;
        for (size_t i = 0; i < size; i++)
            text[i] ^= mask[i & 3];
        if ((at[0] & 15) == 8) {
            leave(fd);
            return;
        }
        publish(fd, text, size);
        at += head + 4 + size;
        len -= head + 4 + size;
    }
}

static void readable(int fd)
{
    static unsigned char buffer[65536];
    ssize_t len = recv(fd, buffer, sizeof buffer - 1, MSG_DONTWAIT);
    if (len <= 0) {
        if (len == 0 || errno != EAGAIN)
            leave(fd);
    } else if (upgraded[fd]) {
        frames(fd, buffer, (size_t)len);
    } else if (memmem(buffer, (size_t)len, "\r\n\r\n", 4) != NULL &&
               send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL) > 0) {
        upgraded[fd] = true;
        place[fd] = audience_count;
        audience[audience_count++] = fd;
    }
}

static void watch(int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void acceptable(void)
{
    int fd, one = 1;
    while ((fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        if (fd >= FDS_MAX) {
            close(fd);
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        watch(fd);
    }
}

static int listen_on(int port)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t len = sizeof where;
    int one = 1;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listening, (struct sockaddr *)&where, sizeof where) != 0 || listen(listening, 4096) != 0 ||
        getsockname(listening, (struct sockaddr *)&where, &len) != 0) {
        perror("limit");
        return -1;
    }
    printf("ready %u\n", ntohs(where.sin_port));
    fflush(stdout);
    return 0;
}

int main(int argc, char **argv)
{
    struct rlimit files;
    struct epoll_event events[512];
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    signal(SIGPIPE, SIG_IGN);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    by_uring = argc > 2 && strcmp(argv[2], "--uring") == 0;
    if (by_uring && !uring_open()) {
        fputs("limit: no io_uring here\n", stderr);
        return EXIT_NO_URING;
    }
    if (listen_on(argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0) != 0)
        return EXIT_FAILURE;
    watch(listening);
    for (;;) {
        int count = epoll_wait(epoll, events, 512, -1);
        for (int i = 0; i < count; i++)
            if (events[i].data.fd == listening)
                acceptable();
            else
                readable(events[i].data.fd);
    }
}
