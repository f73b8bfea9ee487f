/* base/must.h - promises of our own code, and the small macros everything uses.
 *
 * MUST stays on in release builds: a broken promise stops the process with file and line
 * rather than sell a unit twice. Bad input is never a MUST; it is RESULT_MALFORMED. */
#ifndef LIVESHELF_BASE_MUST_H
#define LIVESHELF_BASE_MUST_H

#include <stddef.h>

_Noreturn void must_failed(const char *file, int line, const char *promise);

#define MUST(promise) ((promise) ? (void)0 : must_failed(__FILE__, __LINE__, #promise))

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_at, first_at) __attribute__((format(printf, format_at, first_at)))

#define BIT(n) (1u << (n))
#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))
/* clang-format off */
#define container_of(pointer, type, member) ((type *)(void *)((char *)(pointer) - offsetof(type, member)))
/* clang-format on */

#endif
