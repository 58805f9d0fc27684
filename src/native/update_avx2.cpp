#define PROCESSOR avx2
#include "update_loops.inc"
