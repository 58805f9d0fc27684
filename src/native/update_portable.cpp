#define PROCESSOR portable
#include "update_loops.inc"
