#include "base/must.h"
