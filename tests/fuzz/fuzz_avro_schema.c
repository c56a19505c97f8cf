/*
 * fuzz_avro_schema: any text as a writer's schema. After a NUL, if there is one, the bytes of a datum, decoded where the
 * schema compiles. Avro C leaks on some schemas that it refuses; that is not ours to find.
 */
#include "codec/avro_decode.h"

const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:libavro\nleak:avro_schema_from_json_length\n";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    size_t schema_size = nul ? (size_t)(nul - data) : size;
    struct avro_program *program;
    struct error error;
    if (!avro_program_compile((struct text){ (const char *)data, schema_size }, &usage_event_type, &program, &error))
        return 0;
    if (nul) {
        struct arena arena = { 0 };
        struct usage_event event;
        struct refusal refusal;
        size_t used;
        (void)!avro_decode(program, nul + 1, size - schema_size - 1, &used, &event, &arena, EXCESS_ROUND, &refusal);
        arena_done(&arena);
    }
    avro_program_free(program);
    return 0;
}
