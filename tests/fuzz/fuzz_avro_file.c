/*
 * fuzz_avro_file: any bytes as a container file, and, so that the fuzzer need not find a schema, any bytes as the blocks
 * behind a sound header. Every call must bring the end nearer.
 */
#include "base/buffer.h"
#include "codec/avro_file.h"
#include "codec/avro_header.h"
#include "codec/schemas.h"

const char *__lsan_default_suppressions(void);

/* Avro C leaks on some schemas that it refuses; that is not ours to find. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libavro\nleak:avro_schema_from_json_length\n";
}

static void read_all(struct text bytes)
{
    struct input *input = input_from_memory(bytes.data, bytes.size, "fuzz");
    const struct avro_file_options options = { .event_bytes_max = 1000 };
    struct avro_file *file;
    struct error error;
    struct arena arena = { 0 };
    if (avro_file_open(input, &usage_event_type, &options, &file, &error)) {
        enum avro_file_status status;
        size_t calls = 0, sum = 0;
        do {
            struct usage_event event;
            struct refusal refusal;
            arena_reset(&arena);
            status = avro_file_next(file, &event, &arena, &refusal, &error);
            struct text value = avro_file_place(file)->value;
            for (size_t i = 0; i < value.size; i++)
                sum += (unsigned char)value.data[i];
            CHECK(++calls <= 1100 * (bytes.size + 1)); /* deflate makes 1032 bytes of one at most */
        } while (status != AVRO_FILE_END && status != AVRO_FILE_FAILED);
        CHECK(sum < SIZE_MAX);
        avro_file_close(file);
    }
    input_close(input);
    arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t sync[AVRO_SYNC_BYTES] = "proforma-marker";
    if (size == 0)
        return 0;
    if (data[0] < 2) {
        struct buffer file = { 0 };
        avro_header_write(avro_schema_text(&usage_event_type), data[0] ? AVRO_FILE_DEFLATE : AVRO_FILE_NULL, sync, &file);
        buffer_append(&file, data + 1, size - 1);
        read_all(buffer_text(&file));
        buffer_done(&file);
    } else {
        read_all((struct text){ (const char *)data, size });
    }
    return 0;
}
