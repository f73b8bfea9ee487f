#include "ws/lws/frame.h"

#include <string.h>

void frame_begin(struct bytes *b)
{
    bytes_clear(b);
    bytes_append(b, "\0\0\0\0\0\0\0\0\0", FRAME_HEAD_MAX); /* the head is written when the length is known */
}

static size_t head_len(uint64_t payload) { return payload < 126 ? 2 : payload <= 0xffff ? 4 : 10; }

struct span frame_seal(struct bytes *b, enum frame_kind kind)
{
    if (b->failed || b->len < FRAME_HEAD_MAX)
        return (struct span){0};
    uint64_t payload = b->len - FRAME_HEAD_MAX;
    size_t head = head_len(payload);
    char *at = b->data + FRAME_HEAD_MAX - head;
    at[0] = (char)(0x80 | (unsigned)kind);
    at[1] = (char)(head == 2 ? payload : head == 4 ? 126 : 127);
    for (size_t i = 2; i < head; i++)
        at[i] = (char)(payload >> (8 * (head - 1 - i)));
    return (struct span){.data = at, .len = head + payload};
}

uint64_t frame_size(const char *frame)
{
    const unsigned char *at = (const unsigned char *)frame;
    uint64_t payload = at[1] & 0x7fu;
    if (payload < 126)
        return 2 + payload;
    size_t head = payload == 126 ? 4 : 10;
    payload = 0;
    for (size_t i = 2; i < head; i++)
        payload = payload << 8 | at[i];
    return head + payload;
}

uint64_t frame_whole(const char *from, uint64_t sent)
{
    uint64_t end = 0;
    while (end < sent)
        end += frame_size(from + end);
    return end;
}

uint64_t event_whole(const char *from, uint64_t len, uint64_t sent)
{
    static const char end[] = "\n\n";
    if (sent >= 2 && memcmp(from + sent - 2, end, 2) == 0)
        return sent;
    uint64_t start = sent == 0 ? 0 : sent - 1; /* the cut may lie between the two */
    const char *found = memmem(from + start, len - start, end, 2);
    return found == NULL ? len : (uint64_t)(found - from) + 2;
}

uint64_t frame_count(const char *from, uint64_t len)
{
    uint64_t count = 0;
    for (uint64_t at = 0; at < len; count++)
        at += frame_size(from + at);
    return count;
}
