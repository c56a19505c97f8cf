/*
 * cur/cur_spool.c: rows as Avro data under keys that sort as reports do:
 *   'c' group (4) account or all ones (8) bucket hour (4) account (8) custom 0, usage 1 (1) running number (8)
 */
#include "cur/cur_spool.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/intern.h"
#include "codec/avro_decode.h"
#include "codec/avro_encode.h"
#include "codec/schemas.h"

#define KEY_PREFIX 'c'
#define REPORT_KEY_BYTES (1 + 4 + 8)
#define BATCH_BYTES ((size_t)1024 * 1024)

struct cur_spool {
    struct rocks *rocks;
    struct rocks_batch *batch;
    struct avro_program *program;
    struct buffer key, value;
    uint64_t number;
    struct intern reports; /* struct cur_report as bytes: it has no padding */
};

_Static_assert(sizeof(struct cur_report) == 16, "reports are compared as bytes");

struct cur_reader {
    struct cur_spool *spool;
    struct rocks_iterator *iterator;
    struct arena arena;
};

struct cur_spool *cur_spool_new(struct rocks *rocks)
{
    struct cur_spool *spool = memory_new(sizeof *spool);
    struct error error;
    spool->rocks = rocks;
    spool->batch = rocks_batch_new();
    bool compiled = avro_program_compile(avro_schema_text(&cur_row_type), &cur_row_type, &spool->program, &error);
    CHECK(compiled); /* our own schema, for our own record */
    return spool;
}

static void put_big_endian(struct buffer *out, uint64_t value, size_t bytes)
{
    for (size_t i = bytes; i-- > 0;)
        buffer_append_byte(out, (char)(unsigned char)(value >> (8 * i)));
}

static void report_key(struct buffer *key, struct cur_report report)
{
    buffer_clear(key);
    buffer_append_byte(key, KEY_PREFIX);
    put_big_endian(key, report.group, 4);
    put_big_endian(key, report.account, 8);
}

static void put_row(struct cur_spool *spool, struct cur_report report, uint64_t account, bool is_custom, int64_t start_ms)
{
    intern_add(&spool->reports, (struct text){ (const char *)&report, sizeof report });
    report_key(&spool->key, report);
    put_big_endian(&spool->key, (uint64_t)(start_ms / HOUR_MS), 4);
    put_big_endian(&spool->key, account, 8);
    buffer_append_byte(&spool->key, is_custom ? 0 : 1);
    put_big_endian(&spool->key, spool->number, 8);
    rocks_batch_put(spool->batch, buffer_text(&spool->key), buffer_text(&spool->value));
}

bool cur_spool_add(struct cur_spool *spool, uint32_t group, uint64_t account, bool is_custom, const struct cur_row *row,
                   struct error *error)
{
    buffer_clear(&spool->value);
    avro_encode(&cur_row_type, row, &spool->value);
    put_row(spool, (struct cur_report){ group, CUR_WHOLE_GROUP }, account, is_custom, row->line_item_usage_start_date);
    put_row(spool, (struct cur_report){ group, account }, account, is_custom, row->line_item_usage_start_date);
    spool->number++;
    return rocks_batch_bytes(spool->batch) < BATCH_BYTES || rocks_write(spool->rocks, spool->batch, error);
}

bool cur_spool_finish(struct cur_spool *spool, struct error *error)
{
    return rocks_write(spool->rocks, spool->batch, error);
}

void cur_spool_free(struct cur_spool *spool)
{
    if (!spool)
        return;
    rocks_batch_free(spool->batch);
    avro_program_free(spool->program);
    buffer_done(&spool->key);
    buffer_done(&spool->value);
    intern_done(&spool->reports);
    free(spool);
}

static int compare_reports(const void *left, const void *right)
{
    const struct cur_report *a = left, *b = right;
    if (a->group != b->group)
        return a->group < b->group ? -1 : 1;
    bool a_whole = a->account == CUR_WHOLE_GROUP, b_whole = b->account == CUR_WHOLE_GROUP;
    if (a_whole != b_whole)
        return a_whole ? -1 : 1;
    return (a->account > b->account) - (a->account < b->account);
}

struct cur_report *cur_spool_reports(const struct cur_spool *spool, size_t *count)
{
    *count = spool->reports.count;
    struct cur_report *reports = memory_new_array(*count, sizeof *reports);
    for (size_t i = 0; i < *count; i++)
        memcpy(&reports[i], intern_text(&spool->reports, (uint32_t)i).data, sizeof reports[i]);
    qsort(reports, *count, sizeof *reports, compare_reports);
    return reports;
}

struct cur_reader *cur_reader_open(struct cur_spool *spool, struct cur_report report)
{
    struct cur_reader *reader = memory_new(sizeof *reader);
    reader->spool = spool;
    report_key(&spool->key, report);
    CHECK(spool->key.size == REPORT_KEY_BYTES);
    reader->iterator = rocks_iterate(spool->rocks, buffer_text(&spool->key));
    return reader;
}

bool cur_reader_next(struct cur_reader *reader, struct cur_row *row, bool *found, struct error *error)
{
    struct text key, value;
    *found = rocks_iterator_next(reader->iterator, &key, &value);
    if (!*found)
        return rocks_iterator_check(reader->iterator, error);
    size_t used = 0;
    struct refusal refusal;
    arena_reset(&reader->arena);
    if (!avro_decode(reader->spool->program, (const uint8_t *)value.data, value.size, &used, row, &reader->arena,
                     EXCESS_ROUND, &refusal) ||
        used != value.size)
        return error_fail(error, ERROR_FAILED, "state store: a damaged CUR row of %zu bytes", value.size);
    return true;
}

void cur_reader_close(struct cur_reader *reader)
{
    if (!reader)
        return;
    rocks_iterator_close(reader->iterator);
    arena_done(&reader->arena);
    free(reader);
}
