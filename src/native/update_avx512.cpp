#define PROCESSOR avx512
#include "update_loops.inc"
