# Run by embed_file() of Module.cmake at build time: FROM, TO and SYMBOL are given with -D.
file(READ ${FROM} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
string(REGEX REPLACE "(......,......,......,......,......,......,......,......,)" "\\1\n" bytes "${bytes}")
file(WRITE ${TO} "#include <stddef.h>
extern const char ${SYMBOL}[];
extern const size_t ${SYMBOL}_len;
const char ${SYMBOL}[] = {
${bytes}0};
const size_t ${SYMBOL}_len = sizeof ${SYMBOL} - 1;
")
