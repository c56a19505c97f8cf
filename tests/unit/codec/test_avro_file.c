/* codec/avro_file: container files written, read back, cut, damaged and mended. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/avro_encode.h"
#include "codec/avro_file.h"
#include "codec/avro_varint.h"
#include "codec/schemas.h"
#include "support/avro_random.h"
#include "support/avro_sample.h"
#include "support/record_text.h"

static const struct avro_file_options standard = { .event_bytes_max = 256 * 1024, .excess = EXCESS_ROUND };
static const char sync_marker[] = "0123456789abcdef";

/* The story of a file: "R name" for a record, "X reason block/record" for a refusal, "T …" truncated, "E" the end. */
static void tell(struct input *input, const struct avro_file_options *options, struct buffer *story)
{
    struct avro_file *file;
    struct error error;
    struct arena arena = { 0 };
    buffer_clear(story);
    if (!avro_file_open(input, &sample_type, options, &file, &error)) {
        buffer_printf(story, "! %s", error.message);
    } else {
        enum avro_file_status status;
        do {
            struct sample sample;
            struct refusal refusal = { 0 };
            status = avro_file_next(file, &sample, &arena, &refusal, &error);
            const struct avro_file_place *place = avro_file_place(file);
            if (status == AVRO_FILE_RECORD)
                buffer_printf(story, "R%llu/%llu %.*s, ", (unsigned long long)place->block,
                              (unsigned long long)place->record, TEXT_ARGS(sample.name));
            else if (status == AVRO_FILE_REFUSED || status == AVRO_FILE_TRUNCATED)
                buffer_printf(story, "%c%llu/%llu %s, ", status == AVRO_FILE_REFUSED ? 'X' : 'T',
                              (unsigned long long)place->block, (unsigned long long)place->record,
                              refusal_reason_text(refusal.reason));
            else
                buffer_append_text(story, status == AVRO_FILE_END ? TEXT("E") : TEXT("F"));
            /* Every byte of a shown value can be read. */
            for (size_t i = 0; i < place->value.size; i++)
                assert_in_range((unsigned char)place->value.data[i], 0, 255);
        } while (status != AVRO_FILE_END && status != AVRO_FILE_FAILED);
        avro_file_close(file);
    }
    *buffer_reserve(story, 1) = '\0';
    arena_done(&arena);
    input_close(input);
}

static void put_long(struct buffer *out, int64_t value)
{
    uint8_t bytes[AVRO_LONG_BYTES_MAX];
    buffer_append(out, bytes, varint_write(value, bytes));
}

static void put_text(struct buffer *out, struct text text)
{
    put_long(out, (int64_t)text.size);
    buffer_append_text(out, text);
}

static void put_header(struct buffer *out, const char *codec, const char *fields)
{
    char schema[SAMPLE_SCHEMA_MAX];
    buffer_clear(out);
    buffer_append_text(out, TEXT("Obj\x01"));
    put_long(out, codec ? 2 : 1);
    put_text(out, TEXT("avro.schema"));
    put_text(out, sample_schema(fields, schema));
    if (codec) {
        put_text(out, TEXT("avro.codec"));
        put_text(out, text_of(codec));
    }
    put_long(out, 0);
    buffer_append(out, sync_marker, AVRO_SYNC_BYTES);
}

static void put_block(struct buffer *out, int64_t records, struct text bytes)
{
    put_long(out, records);
    put_text(out, bytes);
    buffer_append(out, sync_marker, AVRO_SYNC_BYTES);
}

static void expect_story(const struct buffer *bytes, const char *expected, const char *what)
{
    struct buffer story = { 0 };
    tell(input_from_memory(bytes->data, bytes->size, "test.avro"), &standard, &story);
    if (strcmp(story.data, expected) != 0)
        fail_msg("%s:\n  \"%s\", expected\n  \"%s\"", what, story.data, expected);
    buffer_done(&story);
}

static void a_damaged_block_costs_that_block(void **state)
{
    (void)state;
    static const struct {
        const char *what, *first;
        size_t first_size;
        const char *expected;
    } cases[] = {
        { "sound",
          "\x04\x08\x02"
          "a\x02"
          "b0123456789abcdef",
          22, "R1/1 a, R1/2 b, R2/1 z, E" },
        { "an empty block",
          "\x00\x00"
          "0123456789abcdef",
          18, "R2/1 z, E" },
        { "a wrong marker",
          "\x04\x08\x02"
          "a\x02"
          "b0123456789abcdeX",
          22, "X1/0 MALFORMED, E" },
        { "size too small",
          "\x04\x06\x02"
          "a\x02"
          "b0123456789abcdef",
          22, "X1/0 MALFORMED, R2/1 z, E" },
        { "size beyond the end",
          "\x04\x7e\x02"
          "a\x02"
          "b0123456789abcdef",
          22, "X1/0 MALFORMED, R2/1 z, E" },
        { "size beyond the limit",
          "\x04\xfe\xff\xff\xff\x0f\x02"
          "a0123456789abcdef",
          24, "X1/0 MALFORMED, R2/1 z, E" },
        { "size below zero",
          "\x04\x01\x02"
          "a\x02"
          "b0123456789abcdef",
          22, "X1/0 MALFORMED, R2/1 z, E" },
        { "count below zero",
          "\x03\x08\x02"
          "a\x02"
          "b0123456789abcdef",
          22, "X1/0 MALFORMED, R2/1 z, E" },
        { "count too small",
          "\x02\x08\x02"
          "a\x02"
          "b0123456789abcdef",
          22, "R1/1 a, X1/0 MALFORMED, R2/1 z, E" },
        { "count too large",
          "\x06\x08\x02"
          "a\x02"
          "b0123456789abcdef",
          22, "R1/1 a, R1/2 b, X1/3 TRUNCATED, R2/1 z, E" },
        { "count beyond the bytes",
          "\xfe\x01\x08\x02"
          "a\x02"
          "b0123456789abcdef",
          23, "X1/0 MALFORMED, R2/1 z, E" },
        { "a bad length in the first record",
          "\x04\x08\x01"
          "a\x02"
          "b0123456789abcdef",
          22, "X1/1 MALFORMED, R2/1 z, E" },
        { "a bad length in the second record",
          "\x04\x08\x02"
          "a\x0e"
          "b0123456789abcdef",
          22, "R1/1 a, X1/2 TRUNCATED, R2/1 z, E" },
    };
    struct buffer file = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        put_header(&file, NULL, NAME_FIELD);
        buffer_append(&file, cases[i].first, cases[i].first_size);
        put_block(&file, 1, TEXT("\x02z"));
        /* The wrong marker takes the block behind it along: its own marker is the next one. */
        expect_story(&file, cases[i].expected, cases[i].what);
    }
    buffer_done(&file);
}

static void a_bad_value_costs_one_record(void **state)
{
    (void)state;
    struct buffer file = { 0 };
    put_header(&file, "null", NAME_FIELD ",{'name':'cost','type':'string'}");
    put_block(&file, 3,
              TEXT("\x02"
                   "a\x02"
                   "1"
                   "\x02"
                   "b\x02x"
                   "\x02"
                   "c\x02"
                   "2"));
    expect_story(&file, "R1/1 a, X1/2 BAD_NUMBER, R1/3 c, E", "a bad number");
    buffer_done(&file);
}

static void a_refused_record_shows_its_bytes(void **state)
{
    (void)state;
    struct buffer bytes = { 0 };
    struct avro_file *file;
    struct error error;
    struct sample sample;
    struct arena arena = { 0 };
    struct refusal refusal;
    put_header(&bytes, NULL, NAME_FIELD ",{'name':'cost','type':'string'}");
    size_t offset = bytes.size;
    put_block(&bytes, 1,
              TEXT("\x02"
                   "b\x02x"));
    struct input *input = input_from_memory(bytes.data, bytes.size, "test.avro");
    assert_true(avro_file_open(input, &sample_type, &standard, &file, &error));
    assert_int_equal(avro_file_next(file, &sample, &arena, &refusal, &error), AVRO_FILE_REFUSED);
    const struct avro_file_place *place = avro_file_place(file);
    assert_true(text_equal(place->value, TEXT("\x02"
                                              "b\x02x")));
    assert_int_equal(place->value_bytes, 4);
    assert_int_equal(place->block_offset, offset);
    assert_string_equal(refusal.field, "cost");
    avro_file_close(file);
    input_close(input);
    buffer_done(&bytes);
    arena_done(&arena);
}

static void a_record_over_the_limit_is_refused_alone(void **state)
{
    (void)state;
    const struct avro_file_options options = { .event_bytes_max = 4 };
    struct buffer file = { 0 }, story = { 0 };
    put_header(&file, NULL, NAME_FIELD);
    put_block(&file, 3,
              TEXT("\x06"
                   "aaa"
                   "\x08"
                   "bbbb"
                   "\x02"
                   "c"));
    tell(input_from_memory(file.data, file.size, "test.avro"), &options, &story);
    assert_string_equal(story.data, "R1/1 aaa, X1/2 TOO_LARGE, R1/3 c, E");
    buffer_done(&file);
    buffer_done(&story);
}

static void a_file_cut_anywhere_gives_whole_blocks_and_says_so(void **state)
{
    (void)state;
    struct buffer file = { 0 }, story = { 0 };
    put_header(&file, NULL, NAME_FIELD);
    size_t header = file.size;
    put_block(&file, 1,
              TEXT("\x02"
                   "a"));
    size_t first = file.size;
    put_block(&file, 1,
              TEXT("\x02"
                   "b"));
    for (size_t size = 0; size <= file.size; size++) {
        const char *expected = size < header      ? "! "
                               : size == header   ? "E"
                               : size < first     ? "T1/0 TRUNCATED, E"
                               : size == first    ? "R1/1 a, E"
                               : size < file.size ? "R1/1 a, T2/0 TRUNCATED, E"
                                                  : "R1/1 a, R2/1 b, E";
        tell(input_from_memory(file.data, size, "test.avro"), &standard, &story);
        if (size < header ? strncmp(story.data, expected, 2) != 0 : strcmp(story.data, expected) != 0)
            fail_msg("cut at %zu: \"%s\", expected \"%s\"", size, story.data, expected);
    }
    buffer_done(&file);
    buffer_done(&story);
}

static void a_header_that_cannot_be_used_says_why(void **state)
{
    (void)state;
    struct buffer file = { 0 }, story = { 0 };
    static const struct {
        const char *codec, *fields, *message;
    } cases[] = {
        { "snappy", NAME_FIELD, "! test.avro: the Avro codec is snappy, supported are null and deflate" },
        { NULL, "{'name':'other','type':'string'}",
          "! test.avro: the writer's schema has no field name, which Sample requires" },
        { NULL, "{'name':'name','type':'strin'}", "! test.avro: not an Avro schema" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        put_header(&file, cases[i].codec, cases[i].fields);
        tell(input_from_memory(file.data, file.size, "test.avro"), &standard, &story);
        if (strncmp(story.data, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("\"%s\", expected \"%s\"", story.data, cases[i].message);
    }
    static const struct {
        struct text bytes;
        const char *message;
    } broken[] = {
        { TEXT(""), "! test.avro: ends inside the Avro header" },
        { TEXT("{\"event_id\":1}"), "! test.avro: no Avro object container file: does not begin with \"Obj\" 1" },
        { TEXT("Obj\x02\x00"), "! test.avro: no Avro object container file" },
        { TEXT("Obj\x01\x00"
               "0123456789abcdef"),
          "! test.avro: the Avro header has no schema" },
        { TEXT("Obj\x01\x02\x01"
               "0123456789abcdef"),
          "! test.avro: the Avro header is damaged" },
        { TEXT("Obj\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "! test.avro: the Avro header is damaged" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(broken); i++) {
        tell(input_from_memory(broken[i].bytes.data, broken[i].bytes.size, "test.avro"), &standard, &story);
        if (strncmp(story.data, broken[i].message, strlen(broken[i].message)) != 0)
            fail_msg("\"%s\", expected \"%s\"", story.data, broken[i].message);
    }
    char *large = memory_new(AVRO_HEADER_BYTES_MAX * 4);
    memcpy(large, "Obj\x01\x02\x02k\xfe\xff\xff\x7f", 11);
    tell(input_from_memory(large, AVRO_HEADER_BYTES_MAX * 4, "test.avro"), &standard, &story);
    assert_non_null(strstr(story.data, "longer than"));
    free(large);
    buffer_done(&file);
    buffer_done(&story);
}

/* Writes `count` random events; the events come again from the same seed. */
static void write_events(enum avro_file_codec codec, size_t count, uint64_t seed, char **bytes, size_t *size)
{
    FILE *out = open_memstream(bytes, size);
    struct avro_file_writer *writer;
    struct error error;
    struct buffer datum = { 0 };
    struct arena arena = { 0 };
    random_state = seed;
    assert_true(avro_file_create(out, &usage_event_type, codec, &writer, &error));
    for (size_t i = 0; i < count; i++) {
        struct usage_event event;
        arena_reset(&arena);
        random_event(&event, &arena);
        buffer_clear(&datum);
        avro_encode(&usage_event_type, &event, &datum);
        assert_true(avro_file_append(writer, buffer_text(&datum), &error));
    }
    assert_true(avro_file_finish(writer, &error));
    fclose(out);
    buffer_done(&datum);
    arena_done(&arena);
}

static void expect_events(const char *bytes, size_t size, size_t count, uint64_t seed)
{
    struct input *input = input_from_memory(bytes, size, "test.avro");
    struct avro_file *file;
    struct error error;
    struct arena arena = { 0 }, tags = { 0 };
    struct buffer left = { 0 }, right = { 0 };
    struct usage_event event, read;
    struct refusal refusal;
    const struct avro_file_options options = { .event_bytes_max = 0 };
    random_state = seed;
    assert_true(avro_file_open(input, &usage_event_type, &options, &file, &error));
    for (size_t i = 0; i < count; i++) {
        arena_reset(&arena);
        arena_reset(&tags);
        random_event(&event, &arena);
        assert_int_equal(avro_file_next(file, &read, &tags, &refusal, &error), AVRO_FILE_RECORD);
        assert_string_equal(record_text(&usage_event_type, &read, &left), record_text(&usage_event_type, &event, &right));
    }
    assert_int_equal(avro_file_next(file, &read, &tags, &refusal, &error), AVRO_FILE_END);
    assert_int_equal(avro_file_next(file, &read, &tags, &refusal, &error), AVRO_FILE_END);
    avro_file_close(file);
    input_close(input);
    arena_done(&arena);
    arena_done(&tags);
    buffer_done(&left);
    buffer_done(&right);
}

static void what_is_written_is_read_back_with_either_codec(void **state)
{
    (void)state;
    static const size_t counts[] = { 0, 1, 2, 3000 };
    for (size_t i = 0; i < ARRAY_COUNT(counts); i++)
        for (int codec = AVRO_FILE_NULL; codec <= AVRO_FILE_DEFLATE; codec++) {
            char *bytes;
            size_t size;
            write_events((enum avro_file_codec)codec, counts[i], 7 + i, &bytes, &size);
            expect_events(bytes, size, counts[i], 7 + i);
            free(bytes);
        }
}

static void equal_records_give_equal_files(void **state)
{
    (void)state;
    char *first, *second;
    size_t first_size, second_size;
    write_events(AVRO_FILE_DEFLATE, 500, 1, &first, &first_size);
    write_events(AVRO_FILE_DEFLATE, 500, 1, &second, &second_size);
    assert_int_equal(first_size, second_size);
    assert_memory_equal(first, second, first_size);
    free(first);
    free(second);
}

static void a_full_disk_is_reported(void **state)
{
    (void)state;
    FILE *out = fopen("/dev/full", "w");
    struct avro_file_writer *writer = NULL;
    struct error error = { 0 };
    if (!out)
        skip();
    bool done = avro_file_create(out, &usage_event_type, AVRO_FILE_NULL, &writer, &error) &&
                avro_file_append(writer, TEXT("x"), &error);
    struct error later;
    assert_false(avro_file_finish(writer, done ? &error : &later) && done);
    assert_int_equal(error.kind, ERROR_FAILED);
    assert_non_null(strstr(error.message, "No space left"));
    fclose(out);
}

static void damaged_deflate_costs_that_block(void **state)
{
    (void)state;
    struct buffer file = { 0 };
    put_header(&file, "deflate", NAME_FIELD);
    put_block(&file, 1, TEXT("\xff\xff\xff"));
    put_block(&file, 1, TEXT("\x01\x02\x00\xfd\xff\x02"));          /* stored, cut off */
    put_block(&file, 1, TEXT("\x01\x02\x00\xfd\xff\x02z"));         /* stored, sound */
    put_block(&file, 1, TEXT("\x01\x02\x00\xfd\xff\x02y\xaa\xbb")); /* bytes behind the stream */
    put_block(&file, 0, TEXT_NONE);
    expect_story(&file, "X1/0 MALFORMED, X2/0 MALFORMED, R3/1 z, R4/1 y, X5/0 MALFORMED, E", "deflate");
    buffer_done(&file);
}

static void a_deflate_bomb_is_refused(void **state)
{
    (void)state;
    struct buffer file = { 0 }, packed = { 0 };
    put_header(&file, "deflate", NAME_FIELD);
    /* Fixed Huffman codes: one zero byte, then matches of 258 at distance 1, bit by bit. */
    uint64_t bits = 0;
    unsigned held = 0;
#define PUT(value, count)                                       \
    do {                                                        \
        bits |= (uint64_t)(value) << held;                      \
        for (held += (count); held >= 8; held -= 8, bits >>= 8) \
            buffer_append_byte(&packed, (char)(bits & 0xff));   \
    } while (0)
    PUT(1, 1);    /* final block */
    PUT(1, 2);    /* fixed codes */
    PUT(0x0c, 8); /* literal 0: 00110000, first bit first */
    for (int i = 0; i < 300000; i++) {
        PUT(0xa3, 8); /* length 258: 11000101 */
        PUT(0, 5);    /* distance 1 */
    }
    PUT(0, 7); /* end */
    PUT(0, 8);
#undef PUT
    put_block(&file, 1, buffer_text(&packed));
    put_block(&file, 1, TEXT("\x01\x02\x00\xfd\xff\x02z"));
    struct input *input = input_from_memory(file.data, file.size, "test.avro");
    struct avro_file *reader;
    struct error error;
    struct refusal refusal;
    struct sample sample;
    struct arena arena = { 0 };
    assert_true(avro_file_open(input, &sample_type, &standard, &reader, &error));
    assert_int_equal(avro_file_next(reader, &sample, &arena, &refusal, &error), AVRO_FILE_REFUSED);
    assert_string_equal(refusal.detail, "block 1: the block is larger than 64 MiB when inflated");
    assert_int_equal(avro_file_next(reader, &sample, &arena, &refusal, &error), AVRO_FILE_RECORD);
    avro_file_close(reader);
    input_close(input);
    buffer_done(&file);
    buffer_done(&packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_damaged_block_costs_that_block),
        cmocka_unit_test(a_bad_value_costs_one_record),
        cmocka_unit_test(a_refused_record_shows_its_bytes),
        cmocka_unit_test(a_record_over_the_limit_is_refused_alone),
        cmocka_unit_test(a_file_cut_anywhere_gives_whole_blocks_and_says_so),
        cmocka_unit_test(a_header_that_cannot_be_used_says_why),
        cmocka_unit_test(what_is_written_is_read_back_with_either_codec),
        cmocka_unit_test(equal_records_give_equal_files),
        cmocka_unit_test(a_full_disk_is_reported),
        cmocka_unit_test(damaged_deflate_costs_that_block),
        cmocka_unit_test(a_deflate_bomb_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
