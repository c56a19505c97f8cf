/* support/avro_sample.h: a small record with a field of each kind, and writer schemas for it made of their fields. */
#ifndef SUPPORT_AVRO_SAMPLE_H
#define SUPPORT_AVRO_SAMPLE_H

#include <stdio.h>

#include "model/record.h"

#define SAMPLE_FIELDS(X)       \
    X(TEXT, name, 0, true)     \
    X(DECIMAL, cost, 2, false) \
    X(TIME, at, 0, false)      \
    X(LONG, rows, 0, false)    \
    X(TAGS, tags, 0, false)    \
    X(TEXT, note, 0, false)

struct sample {
    uint64_t present;
    SAMPLE_FIELDS(RECORD_MEMBER)
};

static const struct field sample_fields[] = {
#define X(kind, name, scale, required) RECORD_ROW(sample, kind, name, scale, required)
    SAMPLE_FIELDS(X)
#undef X
};

static const struct record_type sample_type = { .name = "Sample",
                                                .fields = sample_fields,
                                                .field_count = sizeof sample_fields / sizeof *sample_fields,
                                                .size = sizeof(struct sample) };

#define SAMPLE_SCHEMA_MAX 4096

/* A writer's schema: a record of these fields, in JSON with ' for ". */
static inline struct text sample_schema(const char *fields, char out[SAMPLE_SCHEMA_MAX])
{
    snprintf(out, SAMPLE_SCHEMA_MAX, "{'type':'record','name':'Other','namespace':'elsewhere','fields':[%s]}", fields);
    for (char *at = out; *at; at++)
        if (*at == '\'')
            *at = '"';
    return text_of(out);
}

#define NAME_FIELD "{'name':'name','type':'string'}"
#define DECIMAL_TYPE(scale) "{'type':'bytes','logicalType':'decimal','precision':38,'scale':" #scale "}"

#endif
