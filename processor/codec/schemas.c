/* codec/schemas.c: finds a shipped schema by name. */
#include "codec/schemas.h"

struct text avro_schema_named(const char *name)
{
    for (size_t i = 0; i < shipped_schema_count; i++)
        if (strcmp(shipped_schemas[i].name, name) == 0)
            return shipped_schemas[i].text;
    return TEXT_NONE;
}

struct text avro_schema_text(const struct record_type *type)
{
    struct text text = avro_schema_named(type->name);
    CHECK(text.size > 0);
    return text;
}
