#include "ws/lws/webhook_address.h"

#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#include "base/must.h"

struct network4 {
    uint32_t address;
    unsigned bits;
};
/* IANA's registry of special-purpose addresses (RFC 6890 and what came after it), multicast, and the reserved end. */
static const struct network4 closed4[] = {
    {0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10}, {0x7f000000, 8},  {0xa9fe0000, 16},
    {0xac100000, 12}, {0xc0000000, 24}, {0xc0000200, 24}, {0xc0586300, 24}, {0xc0a80000, 16},
    {0xc6120000, 15}, {0xc6336400, 24}, {0xcb007100, 24}, {0xe0000000, 3},
};

static bool is_public4(uint32_t address)
{
    for (size_t i = 0; i < ARRAY_LEN(closed4); i++)
        if ((address ^ closed4[i].address) >> (32 - closed4[i].bits) == 0)
            return false;
    return true;
}

static uint32_t number4(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Only 2000::/3 is given out. Of it not: 2001::/23 (protocols, Teredo), 2001:db8::/32 and 3fff::/20 (examples), 2002::/16 (6to4). */
static bool is_public6(const uint8_t *a)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    static const uint8_t nat64[12] = {0, 0x64, 0xff, 0x9b};
    if (memcmp(a, mapped, sizeof mapped) == 0 || memcmp(a, nat64, sizeof nat64) == 0)
        return is_public4(number4(a + 12));
    if ((a[0] & 0xe0) != 0x20 || number4(a) == 0x20010db8 || number4(a) >> 9 == 0x20010000 >> 9 ||
        number4(a) >> 16 == 0x2002)
        return false;
    return number4(a) >> 12 != 0x3fff0;
}

bool webhook_address_is_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return is_public4(ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr));
    if (address->sa_family == AF_INET6)
        return is_public6(((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr);
    return false;
}
