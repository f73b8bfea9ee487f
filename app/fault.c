#include "app/fault.h"

#include <stdarg.h>
#include <stdio.h>

enum result fault_set(struct fault *f, enum result result, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(f->text, sizeof f->text, format, args);
    va_end(args);
    return result;
}
