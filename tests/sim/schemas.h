/*
 * sim/schemas.h: a schema registry in memory: the fixed ids, and a second id for usage events, of a writer that came later,
 * which can be away. What has once been given is known to nobody: it is asked for again each time.
 */
#ifndef SIM_SCHEMAS_H
#define SIM_SCHEMAS_H

#include "codec/wire.h"

struct sim_schemas;

struct sim_schemas *sim_schemas_new(void);
void sim_schemas_free(struct sim_schemas *schemas);
struct wire_schemas sim_schemas_port(struct sim_schemas *schemas);
/* While it is away, the second id is not given. */
void sim_schemas_set_away(struct sim_schemas *schemas, bool away);
/* A value under the fixed id becomes one under the second. */
void sim_schemas_use_second(char *value);

#endif
