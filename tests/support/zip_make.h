/* support/zip_make.h: zip archives for tests, written field by field so that each field can be made wrong. */
#ifndef SUPPORT_ZIP_MAKE_H
#define SUPPORT_ZIP_MAKE_H

#include <zlib.h>

#include "base/buffer.h"

struct zip_item {
    const char *name;
    struct text content;
    bool is_stored;
    uint16_t flags, method; /* method 0: as is_stored says */
    bool is_zip64;          /* sizes and place in an extra field */
    uint32_t wrong_crc;     /* xor */
    int64_t wrong_size;     /* added to the size of what comes out */
    uint64_t offset_of;     /* with shares_data: the item whose bytes it names */
    bool shares_data;
};

static inline void zip_put(struct buffer *out, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        buffer_append_byte(out, (char)(value >> (8 * i) & 0xff));
}

static inline void zip_deflate(struct text plain, struct buffer *out)
{
    z_stream stream = { 0 };
    CHECK(deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    uLong bound = deflateBound(&stream, plain.size);
    stream.next_in = (Bytef *)(uintptr_t)plain.data;
    stream.avail_in = (uInt)plain.size;
    stream.next_out = (Bytef *)buffer_reserve(out, bound);
    stream.avail_out = (uInt)bound;
    CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    out->size += bound - stream.avail_out;
    deflateEnd(&stream);
}

/* One entry of the directory; the local header at `offset` has no sizes, as streaming writers leave it. */
static inline void zip_entry(const struct zip_item *item, uint64_t compressed, uint64_t offset, struct buffer *out)
{
    uint16_t method = item->method ? item->method : item->is_stored ? 0 : 8;
    uint64_t size = item->content.size + (uint64_t)item->wrong_size;
    uint32_t crc = (uint32_t)crc32(0, (const Bytef *)item->content.data, (uInt)item->content.size) ^ item->wrong_crc;
    zip_put(out, 0x02014b50, 4);
    zip_put(out, 45, 2);
    zip_put(out, 45, 2);
    zip_put(out, item->flags, 2);
    zip_put(out, method, 2);
    zip_put(out, 0, 4);
    zip_put(out, crc, 4);
    zip_put(out, item->is_zip64 ? UINT32_MAX : compressed, 4);
    zip_put(out, item->is_zip64 ? UINT32_MAX : size, 4);
    zip_put(out, strlen(item->name), 2);
    zip_put(out, item->is_zip64 ? 28 : 0, 2);
    zip_put(out, 0, 2);
    zip_put(out, 0, 2);
    zip_put(out, 0, 2);
    zip_put(out, 0, 4);
    zip_put(out, item->is_zip64 ? UINT32_MAX : offset, 4);
    buffer_append(out, item->name, strlen(item->name));
    if (item->is_zip64) {
        zip_put(out, 1, 2);
        zip_put(out, 24, 2);
        zip_put(out, size, 8);
        zip_put(out, compressed, 8);
        zip_put(out, offset, 8);
    }
}

static inline uint64_t zip_local(const struct zip_item *item, struct buffer *out)
{
    zip_put(out, 0x04034b50, 4);
    for (int i = 0; i < 22; i++)
        buffer_append_byte(out, 0);
    zip_put(out, strlen(item->name), 2);
    zip_put(out, 3, 2);
    buffer_append(out, item->name, strlen(item->name));
    buffer_append(out, "ext", 3);
    uint64_t before = out->size;
    if (item->is_stored)
        buffer_append_text(out, item->content);
    else
        zip_deflate(item->content, out);
    return out->size - before;
}

static inline void zip_make(const struct zip_item *items, size_t count, bool is_zip64, struct buffer *out)
{
    struct buffer directory = { 0 };
    uint64_t offsets[16], sizes[16];
    CHECK(count <= 16);
    buffer_clear(out);
    for (size_t i = 0; i < count; i++) {
        offsets[i] = items[i].shares_data ? offsets[items[i].offset_of] : out->size;
        sizes[i] = items[i].shares_data ? sizes[items[i].offset_of] : zip_local(&items[i], out);
        zip_entry(&items[i], sizes[i], offsets[i], &directory);
    }
    uint64_t at = out->size, end64 = at + directory.size;
    buffer_append_text(out, buffer_text(&directory));
    if (is_zip64) {
        zip_put(out, 0x06064b50, 4);
        zip_put(out, 44, 8);
        zip_put(out, 45, 2);
        zip_put(out, 45, 2);
        zip_put(out, 0, 8);
        zip_put(out, count, 8);
        zip_put(out, count, 8);
        zip_put(out, directory.size, 8);
        zip_put(out, at, 8);
        zip_put(out, 0x07064b50, 4);
        zip_put(out, 0, 4);
        zip_put(out, end64, 8);
        zip_put(out, 1, 4);
    }
    zip_put(out, 0x06054b50, 4);
    zip_put(out, 0, 4);
    zip_put(out, is_zip64 ? UINT16_MAX : count, 2);
    zip_put(out, is_zip64 ? UINT16_MAX : count, 2);
    zip_put(out, is_zip64 ? UINT32_MAX : directory.size, 4);
    zip_put(out, is_zip64 ? UINT32_MAX : at, 4);
    zip_put(out, 0, 2);
    buffer_done(&directory);
}

#endif
