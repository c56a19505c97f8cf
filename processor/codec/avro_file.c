/*
 * codec/avro_file.c: reads object container files, block by block.
 *
 * A block is taken into memory whole, so that after a wrong marker the search for the next one can begin at its start:
 * its length may be what is wrong. Where the datums of a block are lost, the block's end is still known.
 */
#include "codec/avro_file.h"

#include <stdlib.h>
#include <zlib.h>

#include "base/buffer.h"
#include "codec/avro_header.h"
#include "codec/avro_varint.h"
#include "codec/avro_window.h"

#define INFLATE_STEP_BYTES ((size_t)64 * 1024)

struct avro_file {
    struct window window;
    struct avro_program *program;
    struct avro_file_options options;
    enum avro_file_codec codec;
    uint8_t sync[AVRO_SYNC_BYTES];
    z_stream stream;
    struct buffer plain;     /* deflate: the block's datums */
    struct buffer damaged;   /* the first bytes of a block that was dropped */
    const uint8_t *at, *end; /* the block's datums that are left; in `plain` or the window */
    uint64_t records_left;
    size_t stored; /* bytes of the block in the window, marker included; 0 between blocks */
    bool ended;
    struct avro_file_place place;
};

/* A block's first two numbers. */
struct block_head {
    int64_t records, bytes;
    size_t size; /* of the head itself */
};

bool avro_file_open(struct input *input, const struct record_type *type, const struct avro_file_options *options,
                    struct avro_file **ret_file, struct error *error)
{
    struct avro_file *file = memory_new(sizeof *file);
    file->window.input = input;
    file->options = *options;
    struct avro_header header;
    struct error reason;
    if (!avro_header_read(&file->window, &header, error)) {
        avro_file_close(file);
        return false;
    }
    if (!avro_program_compile(header.schema, type, &file->program, &reason)) {
        error_fail(error, reason.kind, "%s: %.900s", input_name(input), reason.message);
        avro_file_close(file);
        return false;
    }
    if (header.codec == AVRO_FILE_DEFLATE && inflateInit2(&file->stream, -MAX_WBITS) != Z_OK) {
        error_fail(error, ERROR_FAILED, "%s: cannot start zlib", input_name(input));
        avro_file_close(file);
        return false;
    }
    file->codec = header.codec;
    memcpy(file->sync, header.sync, AVRO_SYNC_BYTES);
    window_drop(&file->window, header.size);
    *ret_file = file;
    return true;
}

void avro_file_close(struct avro_file *file)
{
    if (!file)
        return;
    if (file->codec == AVRO_FILE_DEFLATE)
        inflateEnd(&file->stream);
    window_done(&file->window);
    avro_program_free(file->program);
    buffer_done(&file->plain);
    buffer_done(&file->damaged);
    free(file);
}

const struct avro_file_place *avro_file_place(const struct avro_file *file)
{
    return &file->place;
}

static void show(struct avro_file *file, const uint8_t *bytes, size_t size, uint64_t all)
{
    size_t shown = size > AVRO_REFUSED_BYTES_MAX ? AVRO_REFUSED_BYTES_MAX : size;
    file->place.value = (struct text){ (const char *)bytes, shown };
    file->place.value_bytes = all;
}

/* Nothing more is to be had from the input. */
static enum avro_file_status end_of_input(struct avro_file *file, bool inside, struct refusal *refusal, struct error *error)
{
    const struct input *input = file->window.input;
    file->ended = true;
    switch (file->window.status) {
    case INPUT_FAILED:
        error_fail(error, ERROR_FAILED, "%s: cannot read: %s", input_name(input), input_failure(input));
        return AVRO_FILE_FAILED;
    case INPUT_CORRUPT:
        refuse(refusal, REFUSAL_MALFORMED, NULL, file->place.value, "%s", input_failure(input));
        return AVRO_FILE_TRUNCATED;
    case INPUT_TRUNCATED:
        refuse(refusal, REFUSAL_TRUNCATED, NULL, file->place.value, "%s", input_failure(input));
        return AVRO_FILE_TRUNCATED;
    case INPUT_OK:
    case INPUT_END:
        break;
    }
    if (!inside)
        return AVRO_FILE_END;
    refuse(refusal, REFUSAL_TRUNCATED, NULL, file->place.value, "the file ends inside block %llu",
           (unsigned long long)file->place.block);
    return AVRO_FILE_TRUNCATED;
}

/* Gives the block up and stands behind the next marker. `is_short`: the input ended before the block did. */
static enum avro_file_status give_up_block(struct avro_file *file, bool is_short, const char *detail,
                                           struct refusal *refusal, struct error *error)
{
    size_t size = window_size(&file->window);
    if (is_short && file->window.status == INPUT_FAILED)
        return end_of_input(file, true, refusal, error);
    buffer_clear(&file->damaged);
    buffer_append(&file->damaged, window_bytes(&file->window),
                  size > AVRO_REFUSED_BYTES_MAX ? AVRO_REFUSED_BYTES_MAX : size);
    show(file, (const uint8_t *)file->damaged.data, file->damaged.size, 0);
    bool found = window_seek_behind(&file->window, file->sync, AVRO_SYNC_BYTES);
    if (!found && (is_short || file->window.status == INPUT_FAILED))
        return end_of_input(file, true, refusal, error);
    refuse(refusal, REFUSAL_MALFORMED, NULL, file->place.value, "block %llu: %s; %s", (unsigned long long)file->place.block,
           detail, found ? "reading goes on behind the next sync marker" : "no sync marker follows");
    return AVRO_FILE_REFUSED;
}

static enum varint_status read_head(struct window *window, struct block_head *head)
{
    (void)!window_fill(window, 2 * AVRO_LONG_BYTES_MAX); /* fewer may do at the end of the file */
    const uint8_t *begin = window_bytes(window), *at = begin, *end = begin + window_size(window);
    enum varint_status status = varint_read(&at, end, &head->records);
    status = status == VARINT_OK ? varint_read(&at, end, &head->bytes) : status;
    head->size = (size_t)(at - begin);
    return status;
}

/* Why the stored bytes cannot be inflated into `plain`; NULL if they are. */
static const char *inflate_block(struct avro_file *file, const uint8_t *bytes, size_t size)
{
    z_stream *stream = &file->stream;
    struct buffer *plain = &file->plain;
    buffer_clear(plain);
    inflateReset(stream);
    stream->next_in = (Bytef *)(uintptr_t)bytes; /* zlib reads only */
    stream->avail_in = (uInt)size;
    for (;;) {
        stream->next_out = (Bytef *)buffer_reserve(plain, INFLATE_STEP_BYTES);
        size_t room = plain->capacity - plain->size;
        stream->avail_out = (uInt)room;
        int status = inflate(stream, Z_NO_FLUSH);
        plain->size += room - stream->avail_out;
        if (plain->size > AVRO_BLOCK_BYTES_MAX)
            return "the block is larger than 64 MiB when inflated";
        /* Bytes behind the stream are fine: some writers leave a part of zlib's checksum there. */
        if (status == Z_STREAM_END)
            return NULL;
        if (status == Z_BUF_ERROR || (status == Z_OK && stream->avail_in == 0 && stream->avail_out > 0))
            return "the deflate stream ends inside";
        if (status != Z_OK)
            return "the deflate stream is damaged";
    }
}

/* Why the block's datums cannot be had; NULL with `at` and `end` set. */
static const char *unpack(struct avro_file *file, const struct block_head *head)
{
    file->at = window_bytes(&file->window) + head->size;
    file->end = file->at + head->bytes;
    if (file->codec == AVRO_FILE_DEFLATE) {
        const char *reason = inflate_block(file, file->at, (size_t)head->bytes);
        if (reason)
            return reason;
        file->at = (const uint8_t *)file->plain.data;
        file->end = file->at + file->plain.size;
    }
    /* Every record type has a field that takes a byte, so that no count can make us spin. */
    return head->records > file->end - file->at ? "it claims more records than it has bytes" : NULL;
}

/* RECORD: the window stands at a block whose datums are at hand. */
static enum avro_file_status enter_block(struct avro_file *file, struct refusal *refusal, struct error *error)
{
    struct window *window = &file->window;
    struct block_head head;
    if (!window_fill(window, 1))
        return end_of_input(file, false, refusal, error);
    file->place = (struct avro_file_place){ .block = file->place.block + 1, .block_offset = window->offset };
    enum varint_status status = read_head(window, &head);
    if (status == VARINT_TRUNCATED)
        return give_up_block(file, true, "its head is cut off", refusal, error);
    if (status == VARINT_MALFORMED || head.records < 0 || head.bytes < 0)
        return give_up_block(file, false, "its count or size is no number from 0", refusal, error);
    if (head.bytes > (int64_t)AVRO_BLOCK_BYTES_MAX)
        return give_up_block(file, false, "it is larger than 64 MiB", refusal, error);
    size_t stored = head.size + (size_t)head.bytes + AVRO_SYNC_BYTES;
    if (!window_fill(window, stored))
        return give_up_block(file, true, "its size goes beyond the end of the file", refusal, error);
    if (memcmp(window_bytes(window) + stored - AVRO_SYNC_BYTES, file->sync, AVRO_SYNC_BYTES) != 0)
        return give_up_block(file, false, "no sync marker follows it", refusal, error);
    file->stored = stored;
    file->records_left = (uint64_t)head.records;
    const char *reason = unpack(file, &head);
    if (!reason)
        return AVRO_FILE_RECORD;
    show(file, window_bytes(window), stored, stored);
    refuse(refusal, REFUSAL_MALFORMED, NULL, file->place.value, "block %llu: %s", (unsigned long long)file->place.block,
           reason);
    file->at = file->end;
    file->records_left = 0;
    return AVRO_FILE_REFUSED;
}

static enum avro_file_status lose_rest(struct avro_file *file, struct refusal *refusal)
{
    size_t rest = (size_t)(file->end - file->at), used = strlen(refusal->detail);
    show(file, file->at, rest, rest);
    snprintf(refusal->detail + used, sizeof refusal->detail - used, "; with it %llu more records of block %llu are lost",
             (unsigned long long)file->records_left, (unsigned long long)file->place.block);
    file->at = file->end;
    file->records_left = 0;
    return AVRO_FILE_REFUSED;
}

static enum avro_file_status next_in_block(struct avro_file *file, void *record, struct arena *arena,
                                           struct refusal *refusal)
{
    size_t used, limit = file->options.event_bytes_max;
    file->place.record++;
    file->records_left--;
    bool is_read = avro_decode(file->program, file->at, (size_t)(file->end - file->at), &used, record, arena,
                               file->options.excess, refusal);
    if (!is_read && used == 0)
        return lose_rest(file, refusal);
    if (limit && used > limit)
        is_read = refuse(refusal, REFUSAL_TOO_LARGE, NULL, TEXT_NONE, "the record has %zu bytes, at most %zu are taken",
                         used, limit);
    if (!is_read)
        show(file, file->at, used, used);
    file->at += used;
    return is_read ? AVRO_FILE_RECORD : AVRO_FILE_REFUSED;
}

static enum avro_file_status refuse_leftover(struct avro_file *file, struct refusal *refusal)
{
    size_t rest = (size_t)(file->end - file->at);
    file->place.record = 0;
    show(file, file->at, rest, rest);
    refuse(refusal, REFUSAL_MALFORMED, NULL, file->place.value, "block %llu: %zu bytes follow its last record",
           (unsigned long long)file->place.block, rest);
    file->at = file->end;
    return AVRO_FILE_REFUSED;
}

enum avro_file_status avro_file_next(struct avro_file *file, void *record, struct arena *arena, struct refusal *refusal,
                                     struct error *error)
{
    file->place.value = TEXT_NONE;
    file->place.value_bytes = 0;
    while (!file->ended) {
        if (file->records_left > 0)
            return next_in_block(file, record, arena, refusal);
        if (file->at != file->end)
            return refuse_leftover(file, refusal);
        window_drop(&file->window, file->stored);
        file->stored = 0;
        enum avro_file_status status = enter_block(file, refusal, error);
        if (status != AVRO_FILE_RECORD)
            return status;
    }
    return AVRO_FILE_END;
}
