/* codec/avro_writer.c: writes object container files. */
#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/hash.h"
#include "codec/avro_header.h"
#include "codec/avro_varint.h"
#include "codec/schemas.h"

#define BLOCK_BYTES ((size_t)64 * 1024)

struct avro_file_writer {
    FILE *out; /* borrowed */
    enum avro_file_codec codec;
    uint8_t sync[AVRO_SYNC_BYTES];
    z_stream stream;
    struct buffer block, packed;
    int64_t records; /* in `block` */
};

/* Made of the schema, not of chance: equal content gives equal files. */
static void make_sync(struct text schema, uint8_t sync[AVRO_SYNC_BYTES])
{
    struct hash128 hash = hash128(schema.data, schema.size);
    for (unsigned i = 0; i < 8; i++) {
        sync[i] = (uint8_t)(hash.high >> (56 - 8 * i));
        sync[8 + i] = (uint8_t)(hash.low >> (56 - 8 * i));
    }
}

static bool write_bytes(struct avro_file_writer *writer, const void *bytes, size_t size, struct error *error)
{
    if (size == 0 || fwrite(bytes, 1, size, writer->out) == size)
        return true;
    return error_fail(error, ERROR_FAILED, "cannot write an Avro file: %s", strerror(errno));
}

static void writer_free(struct avro_file_writer *writer)
{
    if (writer->codec == AVRO_FILE_DEFLATE)
        deflateEnd(&writer->stream);
    buffer_done(&writer->block);
    buffer_done(&writer->packed);
    free(writer);
}

bool avro_file_create(FILE *out, const struct record_type *type, enum avro_file_codec codec,
                      struct avro_file_writer **ret_writer, struct error *error)
{
    struct text schema = avro_schema_text(type);
    struct avro_file_writer *writer = memory_new(sizeof *writer);
    writer->out = out;
    writer->codec = codec;
    make_sync(schema, writer->sync);
    if (codec == AVRO_FILE_DEFLATE &&
        deflateInit2(&writer->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        free(writer);
        return error_fail(error, ERROR_FAILED, "cannot start zlib");
    }
    struct buffer header = { 0 };
    avro_header_write(schema, codec, writer->sync, &header);
    bool done = write_bytes(writer, header.data, header.size, error);
    buffer_done(&header);
    if (!done) {
        writer_free(writer);
        return false;
    }
    *ret_writer = writer;
    return true;
}

/* The block as it is stored. */
static struct text pack(struct avro_file_writer *writer)
{
    if (writer->codec == AVRO_FILE_NULL)
        return buffer_text(&writer->block);
    z_stream *stream = &writer->stream;
    deflateReset(stream);
    buffer_clear(&writer->packed);
    size_t bound = deflateBound(stream, writer->block.size);
    stream->next_out = (Bytef *)buffer_reserve(&writer->packed, bound);
    stream->avail_out = (uInt)bound;
    stream->next_in = (Bytef *)writer->block.data;
    stream->avail_in = (uInt)writer->block.size;
    CHECK(deflate(stream, Z_FINISH) == Z_STREAM_END); /* deflateBound promises the room */
    writer->packed.size = bound - stream->avail_out;
    return buffer_text(&writer->packed);
}

static bool write_block(struct avro_file_writer *writer, struct error *error)
{
    if (writer->records == 0)
        return true;
    struct text stored = pack(writer);
    uint8_t head[2 * AVRO_LONG_BYTES_MAX];
    size_t size = varint_write(writer->records, head);
    size += varint_write((int64_t)stored.size, head + size);
    bool done = write_bytes(writer, head, size, error) && write_bytes(writer, stored.data, stored.size, error) &&
                write_bytes(writer, writer->sync, AVRO_SYNC_BYTES, error);
    buffer_clear(&writer->block);
    writer->records = 0;
    return done;
}

bool avro_file_append(struct avro_file_writer *writer, struct text datum, struct error *error)
{
    CHECK(datum.size < AVRO_BLOCK_BYTES_MAX - BLOCK_BYTES); /* no reader would take the block */
    buffer_append_text(&writer->block, datum);
    writer->records++;
    return writer->block.size < BLOCK_BYTES || write_block(writer, error);
}

bool avro_file_finish(struct avro_file_writer *writer, struct error *error)
{
    if (!writer)
        return true;
    bool done = write_block(writer, error);
    if (done && fflush(writer->out) != 0)
        done = error_fail(error, ERROR_FAILED, "cannot write an Avro file: %s", strerror(errno));
    writer_free(writer);
    return done;
}
