# Foreign libraries, all found by pkg-config. Name them in module(... LIBRARIES ...):
#
#   PkgConfig::websockets  PkgConfig::uv  PkgConfig::hiredis  PkgConfig::jansson
#   PkgConfig::jwt         PkgConfig::crypto  PkgConfig::ssl  PkgConfig::inih
#   PkgConfig::uring       only on machines that have it: if(TARGET PkgConfig::uring)
#   PkgConfig::cmocka      only for tests; without it tests/ is left out
#
# The lower bounds are Debian 12's versions; Debian 13's work too.

find_package(PkgConfig REQUIRED)
pkg_check_modules(websockets REQUIRED IMPORTED_TARGET libwebsockets>=4.1)
pkg_check_modules(uv REQUIRED IMPORTED_TARGET libuv>=1.44)
pkg_check_modules(hiredis REQUIRED IMPORTED_TARGET hiredis>=0.14)
pkg_check_modules(jansson REQUIRED IMPORTED_TARGET jansson>=2.14)
pkg_check_modules(jwt REQUIRED IMPORTED_TARGET libjwt>=1.10)
pkg_check_modules(crypto REQUIRED IMPORTED_TARGET libcrypto>=3.0)
pkg_check_modules(ssl REQUIRED IMPORTED_TARGET libssl>=3.0)
pkg_check_modules(inih REQUIRED IMPORTED_TARGET inih)
pkg_check_modules(uring QUIET IMPORTED_TARGET liburing>=2.3)
pkg_check_modules(cmocka QUIET IMPORTED_TARGET cmocka>=1.1)
