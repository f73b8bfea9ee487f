/* ws/wire/limits.h - lengths of texts that only the wire knows, in bytes. What is longer is refused with its field named. */
#ifndef LIVESHELF_WS_WIRE_LIMITS_H
#define LIVESHELF_WS_WIRE_LIMITS_H

#include "core/broadcast/command.h"

#define TOKEN_LEN_MAX 4096
#define VIEWER_KEY_LEN_MAX (sizeof(((struct command *)0)->hello.viewer_key) - 1)
#define LOCALE_LEN_MAX (sizeof(((struct command *)0)->hello.locale) - 1)
#define SRC_LEN_MAX (sizeof(((struct command *)0)->hello.src) - 1)
#define DOCUMENT_LEN_MAX (1u << 20) /* of a run of show; the same in scripts/load, a module of this floor */

#endif
