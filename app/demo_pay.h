/* app/demo_pay.h - POST /demo/pay: what a real shop's checkout does once the money is there. It checks the signed terms of a
 * checkout link and confirms the hold. For the demo only: no money moves, and whoever holds the link may pay. */
#ifndef LIVESHELF_APP_DEMO_PAY_H
#define LIVESHELF_APP_DEMO_PAY_H

#include "ws/lws/auth.h"
#include "ws/lws/server.h"

#define DEMO_PAYS_MAX 256 /* waiting at once; further ones hear 503 */

struct demo_pay;
/* Adds the route, before server_attach. The three must outlive the server. */
struct demo_pay *demo_pay_create(struct server *server, struct auth *auth, struct orchestrator *o);
void demo_pay_destroy(struct demo_pay *p); /* after server and orchestrator are done; takes NULL */

#endif
