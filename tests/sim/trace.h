/* sim/trace.h: what happens in a simulation, line by line, for who asks: `sim_simulator --trace SEED`. */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

void trace_switch(bool on);
bool trace_is_on(void);
/* The time that stands before every line. */
void trace_set_time(int64_t now_ms);
void trace(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
