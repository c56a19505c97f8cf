/* codec/avro_header.c: magic, metadata, sync marker. */
#include "codec/avro_header.h"

#include "codec/avro_varint.h"

static const uint8_t magic[] = { 'O', 'b', 'j', 1 };

enum header_status { HEADER_DONE, HEADER_SHORT, HEADER_MALFORMED };

struct reader {
    const uint8_t *at, *end;
};

static enum header_status read_long(struct reader *reader, int64_t *value)
{
    switch (varint_read(&reader->at, reader->end, value)) {
    case VARINT_OK:
        return HEADER_DONE;
    case VARINT_TRUNCATED:
        return HEADER_SHORT;
    case VARINT_MALFORMED:
        break;
    }
    return HEADER_MALFORMED;
}

static enum header_status read_sized(struct reader *reader, struct text *text)
{
    int64_t size;
    enum header_status status = read_long(reader, &size);
    if (status != HEADER_DONE)
        return status;
    if (size < 0)
        return HEADER_MALFORMED;
    if (size > reader->end - reader->at)
        return HEADER_SHORT;
    *text = (struct text){ (const char *)reader->at, (size_t)size };
    reader->at += size;
    return HEADER_DONE;
}

static enum header_status read_entries(struct reader *reader, int64_t count, struct avro_header *header, struct text *codec)
{
    for (; count > 0; count--) {
        struct text key, value;
        enum header_status status = read_sized(reader, &key);
        status = status == HEADER_DONE ? read_sized(reader, &value) : status;
        if (status != HEADER_DONE)
            return status;
        if (text_equal(key, TEXT("avro.schema")))
            header->schema = value;
        else if (text_equal(key, TEXT("avro.codec")))
            *codec = value;
    }
    return HEADER_DONE;
}

/* From the magic to the sync marker, over the bytes that are there. */
static enum header_status parse(struct reader reader, struct avro_header *header, struct text *codec)
{
    const uint8_t *begin = reader.at;
    if (reader.end - reader.at < (ptrdiff_t)sizeof magic)
        return HEADER_SHORT;
    reader.at += sizeof magic;
    for (;;) {
        int64_t count, bytes;
        enum header_status status = read_long(&reader, &count);
        if (status != HEADER_DONE)
            return status;
        if (count == 0)
            break;
        if (count == INT64_MIN)
            return HEADER_MALFORMED;
        if (count < 0 && (status = read_long(&reader, &bytes)) != HEADER_DONE)
            return status;
        status = read_entries(&reader, count < 0 ? -count : count, header, codec);
        if (status != HEADER_DONE)
            return status;
    }
    if (reader.end - reader.at < AVRO_SYNC_BYTES)
        return HEADER_SHORT;
    header->sync = reader.at;
    header->size = (size_t)(reader.at - begin) + AVRO_SYNC_BYTES;
    return HEADER_DONE;
}

static bool choose_codec(struct text name, const char *file, struct avro_header *header, struct error *error)
{
    if (name.size == 0 || text_equal(name, TEXT("null")))
        header->codec = AVRO_FILE_NULL;
    else if (text_equal(name, TEXT("deflate")))
        header->codec = AVRO_FILE_DEFLATE;
    else
        return error_fail(error, ERROR_INVALID, "%s: the Avro codec is %.*s, supported are null and deflate", file,
                          name.size > 40 ? 40 : (int)name.size, name.data);
    return true;
}

static bool fail_short(const struct window *window, struct error *error)
{
    const char *name = input_name(window->input);
    if (window->status == INPUT_FAILED)
        return error_fail(error, ERROR_FAILED, "%s: cannot read: %s", name, input_failure(window->input));
    if (window->status == INPUT_OK)
        return error_fail(error, ERROR_INVALID, "%s: the Avro header is longer than %zu bytes", name, AVRO_HEADER_BYTES_MAX);
    return error_fail(error, ERROR_INVALID, "%s: ends inside the Avro header%s%s", name,
                      window->status == INPUT_END ? "" : ": ",
                      window->status == INPUT_END ? "" : input_failure(window->input));
}

bool avro_header_read(struct window *window, struct avro_header *header, struct error *error)
{
    const char *name = input_name(window->input);
    if (window_fill(window, sizeof magic) && memcmp(window_bytes(window), magic, sizeof magic) != 0)
        return error_fail(error, ERROR_INVALID, "%s: no Avro object container file: does not begin with \"Obj\" 1", name);
    /* Parsed anew with twice as many bytes until it is all there. */
    for (size_t size = 4096;; size *= 2) {
        bool is_filled = window_fill(window, size);
        struct text codec = TEXT_NONE;
        *header = (struct avro_header){ 0 };
        struct reader reader = { window_bytes(window), window_bytes(window) + window_size(window) };
        switch (parse(reader, header, &codec)) {
        case HEADER_DONE:
            return (header->schema.size > 0 ||
                    error_fail(error, ERROR_INVALID, "%s: the Avro header has no schema", name)) &&
                   choose_codec(codec, name, header, error);
        case HEADER_MALFORMED:
            return error_fail(error, ERROR_INVALID, "%s: the Avro header is damaged", name);
        case HEADER_SHORT:
            if (!is_filled || size >= AVRO_HEADER_BYTES_MAX)
                return fail_short(window, error);
        }
    }
}

static void put_sized(struct buffer *out, struct text text)
{
    uint8_t size[AVRO_LONG_BYTES_MAX];
    buffer_append(out, size, varint_write((int64_t)text.size, size));
    buffer_append_text(out, text);
}

void avro_header_write(struct text schema, enum avro_file_codec codec, const uint8_t sync[AVRO_SYNC_BYTES],
                       struct buffer *out)
{
    buffer_append(out, magic, sizeof magic);
    buffer_append_byte(out, 2 * 2); /* two entries */
    put_sized(out, TEXT("avro.codec"));
    put_sized(out, codec == AVRO_FILE_DEFLATE ? TEXT("deflate") : TEXT("null"));
    put_sized(out, TEXT("avro.schema"));
    put_sized(out, schema);
    buffer_append_byte(out, 0);
    buffer_append(out, sync, AVRO_SYNC_BYTES);
}
