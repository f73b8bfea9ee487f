/* tests/unit/unit.h - what every cmocka test includes: cmocka.h wants these before it. */
#ifndef LIVESHELF_TESTS_UNIT_UNIT_H
#define LIVESHELF_TESTS_UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
