/*
 * fuzz_cur_csv: any bytes as a CUR file, heading and rows, and, so that the fuzzer need not find a heading, any bytes as
 * the rows below a sound one. Every call must bring the end nearer.
 */
#include "base/buffer.h"
#include "codec/usage_reader.h"

#define EVENT_BYTES_MAX 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char heading[] = "identity/LineItemId,identity/TimeInterval,lineItem/UsageAccountId,lineItem/ProductCode,"
                              "lineItem/UsageType,lineItem/UsageAmount,lineItem/UsageStartDate,product/region,"
                              "resource_tags,resourceTags/user:a,resourceTags/user:b\n";

static void touch(struct text text)
{
    size_t sum = 0;
    for (size_t i = 0; i < text.size; i++)
        sum += (unsigned char)text.data[i];
    CHECK(sum < SIZE_MAX);
}

static void read_all(struct text bytes)
{
    const struct usage_reader_options options = { .event_bytes_max = EVENT_BYTES_MAX };
    struct input *input = input_from_memory(bytes.data, bytes.size, "fuzz.csv");
    struct usage_reader *reader;
    struct error error;
    struct arena arena = { 0 };
    if (!usage_reader_open_input(input, &options, &reader, &error))
        return;
    uint64_t line = 0;
    for (size_t calls = 0;; calls++) {
        struct usage_entry entry;
        bool found;
        CHECK(calls <= 1100 * (bytes.size + 1)); /* deflate makes 1032 bytes of one at most */
        arena_reset(&arena);
        if (!usage_reader_next(reader, &arena, &entry, &found, &error) || !found)
            break;
        CHECK(entry.place.line >= line);
        line = entry.place.line;
        if (entry.refused) {
            CHECK(entry.refusal.reason > REFUSAL_NONE && entry.refusal.reason < REFUSAL_REASON_COUNT);
            touch(entry.refusal.value);
            touch(entry.place.raw);
        } else {
            CHECK(text_is_digits(entry.event.usage_account_id, 12));
            touch(entry.event.event_id);
            touch(entry.event.region);
        }
    }
    usage_reader_close(reader);
    arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] == 'r') {
        struct buffer file = { 0 };
        buffer_append(&file, heading, strlen(heading));
        buffer_append(&file, data + 1, size - 1);
        read_all(buffer_text(&file));
        buffer_done(&file);
    } else {
        read_all((struct text){ (const char *)data, size });
    }
    return 0;
}
