/*
 * cur/cur_spool.c: rows as Avro data under keys that sort as reports do:
 *   'c' period (4) group (4) account or all ones (8), the row's key (cur_fold.h), running number (8)
 * Parts of one row stand beside each other; whoever reads adds them up.
 */
#include "cur/cur_spool.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/intern.h"
#include "codec/avro_decode.h"
#include "codec/avro_encode.h"
#include "codec/schemas.h"
#include "cur/cur_fold.h"
#include "model/account.h"
#include "store/bytes.h"

#define KEY_PREFIX 'c'
#define PERIOD_BYTES 4
#define REPORT_KEY_BYTES (1 + PERIOD_BYTES + 4 + 8)
#define NUMBER_BYTES 8
#define BATCH_BYTES ((size_t)1024 * 1024)

struct cur_spool {
    struct rocks *rocks;
    struct rocks_batch *batch;
    struct avro_program *program;
    billing_period period;
    struct buffer row_key, key, value;
    uint64_t number;
    struct intern reports; /* struct cur_report as bytes: it has no padding */
};

_Static_assert(sizeof(struct cur_report) == 16, "reports are compared as bytes");

/* A row as it is stored. */
struct stored_row {
    struct buffer key, value;
};

struct cur_reader {
    const struct cur_spool *spool;
    struct rocks_iterator *iterator;
    struct stored_row rows[2]; /* the one at hand and the one behind it */
    size_t at;
    bool has_next;
    struct arena arena;
};

struct cur_spool *cur_spool_new(struct rocks *rocks, billing_period period)
{
    struct cur_spool *spool = memory_new(sizeof *spool);
    struct error error;
    spool->rocks = rocks;
    spool->period = period;
    spool->batch = rocks_batch_new();
    bool compiled = avro_program_compile(avro_schema_text(&cur_row_type), &cur_row_type, &spool->program, &error);
    CHECK(compiled); /* our own schema, for our own record */
    return spool;
}

static void report_key(const struct cur_spool *spool, struct buffer *key, struct cur_report report)
{
    buffer_clear(key);
    buffer_append_byte(key, KEY_PREFIX);
    bytes_put_big_endian(key, (uint64_t)spool->period, PERIOD_BYTES);
    bytes_put_big_endian(key, report.group, 4);
    bytes_put_big_endian(key, report.account, 8);
}

static void put_row(struct cur_spool *spool, struct cur_report report)
{
    intern_add(&spool->reports, (struct text){ (const char *)&report, sizeof report });
    report_key(spool, &spool->key, report);
    buffer_append_text(&spool->key, buffer_text(&spool->row_key));
    bytes_put_big_endian(&spool->key, spool->number, NUMBER_BYTES);
    rocks_batch_put(spool->batch, buffer_text(&spool->key), buffer_text(&spool->value));
}

bool cur_spool_add(struct cur_spool *spool, uint32_t group, const struct cur_row *row, struct error *error)
{
    buffer_clear(&spool->value);
    buffer_clear(&spool->row_key);
    avro_encode(&cur_row_type, row, &spool->value);
    cur_row_key(row, &spool->row_key);
    put_row(spool, (struct cur_report){ group, CUR_WHOLE_GROUP });
    put_row(spool, (struct cur_report){ group, account_parse(row->line_item_usage_account_id) });
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
    buffer_done(&spool->row_key);
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

static bool take_stored(struct cur_reader *reader, struct stored_row *row, bool *found, struct error *error)
{
    struct text key, value;
    *found = rocks_iterator_next(reader->iterator, &key, &value);
    if (!*found)
        return rocks_iterator_check(reader->iterator, error);
    buffer_clear(&row->key);
    buffer_clear(&row->value);
    buffer_append(&row->key, key.data, key.size - NUMBER_BYTES);
    buffer_append_text(&row->value, value);
    return true;
}

bool cur_reader_open(const struct cur_spool *spool, struct cur_report report, struct cur_reader **ret_reader,
                     struct error *error)
{
    struct cur_reader *reader = memory_new(sizeof *reader);
    struct buffer key = { 0 };
    reader->spool = spool;
    report_key(spool, &key, report);
    CHECK(key.size == REPORT_KEY_BYTES);
    reader->iterator = rocks_iterate(spool->rocks, buffer_text(&key));
    buffer_done(&key);
    if (!take_stored(reader, &reader->rows[0], &reader->has_next, error)) {
        cur_reader_close(reader);
        return false;
    }
    *ret_reader = reader;
    return true;
}

/* Texts of the row go to the arena: its bytes are overwritten by what comes behind. */
static bool decode(struct cur_reader *reader, const struct stored_row *stored, struct cur_row *row, struct error *error)
{
    size_t used = 0;
    struct refusal refusal;
    struct text bytes = arena_copy(&reader->arena, buffer_text(&stored->value));
    if (avro_decode(reader->spool->program, (const uint8_t *)bytes.data, bytes.size, &used, row, &reader->arena,
                    EXCESS_ROUND, &refusal) &&
        used == bytes.size)
        return true;
    return error_fail(error, ERROR_FAILED, "state store: a damaged CUR row of %zu bytes", bytes.size);
}

bool cur_reader_next(struct cur_reader *reader, struct cur_row *row, bool *found, struct error *error)
{
    arena_reset(&reader->arena);
    *found = reader->has_next;
    if (!*found)
        return true;
    struct stored_row *first = &reader->rows[reader->at], *next = &reader->rows[1 - reader->at];
    if (!decode(reader, first, row, error))
        return false;
    for (;;) {
        struct cur_row part;
        if (!take_stored(reader, next, &reader->has_next, error))
            return false;
        if (!reader->has_next || !text_equal(buffer_text(&first->key), buffer_text(&next->key)))
            break;
        if (!decode(reader, next, &part, error))
            return false;
        cur_row_fold(row, &part, &reader->arena);
    }
    reader->at = 1 - reader->at;
    return true;
}

void cur_reader_close(struct cur_reader *reader)
{
    if (!reader)
        return;
    rocks_iterator_close(reader->iterator);
    for (size_t i = 0; i < 2; i++) {
        buffer_done(&reader->rows[i].key);
        buffer_done(&reader->rows[i].value);
    }
    arena_done(&reader->arena);
    free(reader);
}
