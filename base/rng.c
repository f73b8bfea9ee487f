#include "base/rng.h"
