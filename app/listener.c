#include "app/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* "127.0.0.1:8080", "[::1]:8080", "localhost:8080", ":8080" */
static enum result listen_split(const char *listen, char *address, size_t size, char port[8])
{
    const char *colon = strrchr(listen, ':');
    size_t len = colon == NULL ? 0 : (size_t)(colon - listen);
    if (colon == NULL || strlen(colon + 1) == 0 || strlen(colon + 1) > 5 ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1))
        return RESULT_MALFORMED;
    if (len >= 2 && listen[0] == '[' && listen[len - 1] == ']') {
        listen++;
        len -= 2;
    } else if (memchr(listen, ':', len) != NULL) {
        return RESULT_MALFORMED;
    }
    if (len >= size || strtol(colon + 1, NULL, 10) > 65535)
        return RESULT_MALFORMED;
    snprintf(address, size, "%.*s", (int)len, listen);
    snprintf(port, 8, "%s", colon + 1);
    return RESULT_OK;
}

static int listener_bind(const struct addrinfo *where, int option)
{
    int one = 1, fd = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, option, &one, sizeof one) == 0 &&
        bind(fd, where->ai_addr, where->ai_addrlen) == 0)
        return fd;
    int saved = errno;
    if (fd >= 0)
        close(fd);
    errno = saved;
    return -1;
}

static unsigned port_of(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } bound = {.six = {0}};
    socklen_t len = sizeof bound;
    if (getsockname(fd, &bound.any, &len) != 0)
        return 0;
    return ntohs(bound.any.sa_family == AF_INET6 ? bound.six.sin6_port : bound.four.sin_port);
}

/* SO_REUSEPORT would let a second instance join unnoticed and take half of the viewers; a plain bind would not. */
static bool listener_is_taken(const struct addrinfo *where)
{
    int fd = listener_bind(where, SO_REUSEADDR);
    if (fd >= 0)
        close(fd);
    return fd < 0;
}

/* Nodes get the numeric address: a name could mean something else by the time one of them starts again. */
static void listener_name(struct listener *l, const char *scheme, const struct addrinfo *where)
{
    char numeric[INET6_ADDRSTRLEN + 24] = "", bracketed[sizeof numeric + 2];
    getnameinfo(where->ai_addr, where->ai_addrlen, numeric, sizeof numeric, NULL, 0, NI_NUMERICHOST);
    bool everywhere = strcmp(numeric, "0.0.0.0") == 0 || strcmp(numeric, "::") == 0;
    snprintf(bracketed, sizeof bracketed, where->ai_family == AF_INET6 ? "[%s]" : "%s", numeric);
    snprintf(l->listen, sizeof l->listen, "%s:%u", bracketed, l->port);
    snprintf(l->url, sizeof l->url, "%s://%s:%u", scheme, everywhere ? "127.0.0.1" : bracketed, l->port);
}

enum result listener_settle(const char *listen, const char *scheme, struct listener *ret, struct fault *ret_fault)
{
    struct listener l = {.probe_fd = -1};
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *where;
    char address[256], port[8];
    if (listen_split(listen, address, sizeof address, port) != RESULT_OK)
        return fault_set(ret_fault, RESULT_MALFORMED,
                         "listen %s: it takes address:port, such as 127.0.0.1:8080 or [::1]:8080", listen);
    int why = getaddrinfo(address[0] == '\0' ? "0.0.0.0" : address, port, &hints, &where);
    if (why != 0)
        return fault_set(ret_fault, RESULT_MALFORMED, "listen %s: %s", listen, gai_strerror(why));
    if (!listener_is_taken(where))
        l.probe_fd = listener_bind(where, SO_REUSEPORT);
    const char *error = strerror(errno);
    l.port = l.probe_fd < 0 ? 0 : port_of(l.probe_fd);
    listener_name(&l, scheme, where);
    freeaddrinfo(where);
    if (l.port == 0) {
        listener_close(&l);
        return fault_set(ret_fault, RESULT_CONFLICT, "listen %s: %s; --listen takes another address:port", listen,
                         error);
    }
    *ret = l;
    return RESULT_OK;
}

void listener_close(struct listener *l)
{
    if (l->probe_fd >= 0)
        close(l->probe_fd);
    l->probe_fd = -1;
}
