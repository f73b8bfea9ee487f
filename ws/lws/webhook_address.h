/* ws/lws/webhook_address.h - which networks a webhook may go to. Pure. */
#ifndef LIVESHELF_WS_LWS_WEBHOOK_ADDRESS_H
#define LIVESHELF_WS_LWS_WEBHOOK_ADDRESS_H

#include <stdbool.h>

struct sockaddr;

/* An address of the open internet: neither this machine, its network, a private or reserved one, nor where clouds keep their machines'
 * credentials (169.254.169.254 and its kind). An IPv6 address that carries an IPv4 one is judged by that. */
bool webhook_address_is_public(const struct sockaddr *address);

#endif
