/* sim/schemas.c: the fixed schemas behind a port that may say "later". */
#include "sim/schemas.h"

#include <stdlib.h>

#include "base/memory.h"

#define SECOND 0x100 /* added to a fixed id */

struct sim_schemas {
    struct fixed_schemas *fixed;
    struct wire_schemas port;
    bool is_away;
};

struct sim_schemas *sim_schemas_new(void)
{
    struct sim_schemas *schemas = memory_new(sizeof *schemas);
    schemas->fixed = fixed_schemas_new();
    schemas->port = fixed_schemas_port(schemas->fixed);
    return schemas;
}

void sim_schemas_free(struct sim_schemas *schemas)
{
    fixed_schemas_free(schemas->fixed);
    free(schemas);
}

static bool id_of(void *context, const char *topic, const struct record_type *type, uint32_t *id, struct error *error)
{
    const struct sim_schemas *schemas = context;
    return schemas->port.id_of(schemas->port.context, topic, type, id, error);
}

static enum wire_answer program_of(void *context, uint32_t id, const struct record_type *type,
                                   const struct avro_program **program, struct refusal *refusal, struct error *error)
{
    const struct sim_schemas *schemas = context;
    if ((id & SECOND) && schemas->is_away) {
        error_fail(error, ERROR_LATER, "simulated: the registry does not answer for schema id %u", id);
        return WIRE_LATER;
    }
    return schemas->port.program_of(schemas->port.context, id & ~(uint32_t)SECOND, type, program, refusal, error);
}

struct wire_schemas sim_schemas_port(struct sim_schemas *schemas)
{
    return (struct wire_schemas){ schemas, id_of, program_of };
}

void sim_schemas_set_away(struct sim_schemas *schemas, bool away)
{
    schemas->is_away = away;
}

void sim_schemas_use_second(char *value)
{
    value[3] = (char)(SECOND >> 8);
}
