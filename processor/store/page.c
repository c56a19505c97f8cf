/* store/page.c: encoding and checked decoding of pages. */
#include "store/page.h"

#include "base/hash.h"
#include "store/bytes.h"

#define PAGE_VERSION 1

enum row_flag {
    ROW_SAME_RESOURCE = 1,
    ROW_SAME_DESCRIPTION = 2,
    ROW_HAS_SUM = 4, /* of amounts */
    ROW_HAS_END = 8,
    ROW_HAS_EXTRA = 16,
    ROW_OTHER_ACCOUNT = 32, /* than the row before; than 0, of the first */
    ROW_ANEW = 64,
    ROW_HAS_NO_AMOUNT = 128, /* its sum only takes away */
};

bool page_has_room(const struct page_writer *writer)
{
    return writer->row_count < PAGE_ROWS_MAX && writer->bytes.size < PAGE_BYTES_MAX;
}

/* Where the page's facts have these, or where they would go. */
static uint16_t *find_facts(struct page_writer *writer, struct text facts, uint64_t hash)
{
    size_t mask = ARRAY_COUNT(writer->facts_slots) - 1, slot = (size_t)hash & mask;
    for (; writer->facts_slots[slot] != 0; slot = (slot + 1) & mask) {
        size_t number = writer->facts_slots[slot] - 1u;
        if (writer->facts_hash[number] == hash &&
            text_equal(facts,
                       (struct text){ writer->facts_bytes.data + writer->facts_at[number], writer->facts_size[number] }))
            break;
    }
    return &writer->facts_slots[slot];
}

/* Which costs rows of these facts carry. */
static uint8_t put_facts(struct page_writer *writer, struct text facts)
{
    uint64_t hash = hash64(facts.data, facts.size);
    uint16_t *slot = find_facts(writer, facts, hash);
    bytes_put_varint(&writer->bytes, *slot ? *slot - 1u : writer->facts_count);
    if (*slot)
        return writer->facts_carried[*slot - 1];
    size_t number = writer->facts_count++;
    *slot = (uint16_t)writer->facts_count;
    bytes_put_text(&writer->bytes, facts);
    writer->facts_hash[number] = hash;
    writer->facts_at[number] = writer->facts_bytes.size;
    writer->facts_size[number] = facts.size;
    buffer_append_text(&writer->facts_bytes, facts);
    return writer->facts_carried[number] = facts_carried(facts);
}

static void keep(struct buffer *last, struct text text)
{
    buffer_clear(last);
    buffer_append_text(last, text);
}

void page_add(struct page_writer *writer, const struct row_view *row)
{
    page_add_with(writer, row, TEXT_NONE);
}

void page_add_with(struct page_writer *writer, const struct row_view *row, struct text extra)
{
    struct buffer *out = &writer->bytes;
    bool first = writer->row_count == 0;
    if (first) {
        buffer_append_byte(out, PAGE_VERSION);
        writer->period = row->period;
        writer->bucket_ms = row->bucket_ms;
        writer->account = 0;
    }
    bool other_account = writer->account != row->account;
    writer->account = row->account;
    bool same_resource = !first && text_equal(buffer_text(&writer->last_resource), row->resource);
    bool same_description = !first && text_equal(buffer_text(&writer->last_description), row->description);
    const struct row_values *values = &row->values;
    bool has_end = values->usage_end_ms != USAGE_END_NONE;
    bool has_sum = values->has_amount || !sum_is_zero(&values->amount);
    buffer_append_byte(out, (char)((same_resource ? ROW_SAME_RESOURCE : 0) | (same_description ? ROW_SAME_DESCRIPTION : 0) |
                                   (has_sum ? ROW_HAS_SUM : 0) | (has_sum && !values->has_amount ? ROW_HAS_NO_AMOUNT : 0) |
                                   (has_end ? ROW_HAS_END : 0) | (extra.size ? ROW_HAS_EXTRA : 0) |
                                   (values->anew ? ROW_ANEW : 0) | (other_account ? ROW_OTHER_ACCOUNT : 0)));
    if (other_account)
        bytes_put_varint(out, row->account);
    if (!same_resource)
        bytes_put_text(out, row->resource);
    uint8_t carried = put_facts(writer, row->facts);
    if (has_end)
        bytes_put_signed(out, values->usage_end_ms - row->bucket_ms);
    bytes_put_varint(out, values->usage_events);
    if (!same_description)
        bytes_put_text(out, row->description);
    if (has_sum)
        bytes_put_sum(out, &values->amount);
    for (size_t i = 0; i < CARRIED_COUNT; i++)
        if ((carried >> i) & 1)
            bytes_put_sum(out, &values->costs[i]);
    if (extra.size)
        bytes_put_text(out, extra);
    keep(&writer->last_resource, row->resource);
    keep(&writer->last_description, row->description);
    writer->row_count++;
}

struct text page_value(struct page_writer *writer)
{
    return buffer_text(&writer->bytes);
}

void page_clear(struct page_writer *writer)
{
    buffer_clear(&writer->bytes);
    buffer_clear(&writer->facts_bytes);
    if (writer->facts_count > 0)
        memset(writer->facts_slots, 0, sizeof writer->facts_slots);
    writer->facts_count = writer->row_count = 0;
}

void page_writer_done(struct page_writer *writer)
{
    buffer_done(&writer->bytes);
    buffer_done(&writer->facts_bytes);
    buffer_done(&writer->last_resource);
    buffer_done(&writer->last_description);
}

struct page_facts {
    struct text bytes[PAGE_ROWS_MAX];
    uint8_t carried[PAGE_ROWS_MAX];
    size_t count;
};

static uint64_t take_facts(struct byte_reader *reader, struct page_facts *facts)
{
    uint64_t number = bytes_take_varint(reader);
    if (reader->failed || number > facts->count || number >= PAGE_ROWS_MAX) {
        reader->failed = true;
        return 0;
    }
    if (number == facts->count) {
        struct text bytes = bytes_take_text(reader);
        if (reader->failed || !facts_are_valid(bytes)) {
            reader->failed = true;
            return 0;
        }
        facts->bytes[number] = bytes;
        facts->carried[number] = facts_carried(bytes);
        facts->count++;
    }
    return number;
}

static void take_row(struct byte_reader *reader, struct page_facts *facts, const struct row_view *before,
                     struct row_view *row, struct text *extra)
{
    uint8_t flags = bytes_take_byte(reader);
    if (flags & ROW_OTHER_ACCOUNT)
        row->account = bytes_take_varint(reader);
    row->resource = flags & ROW_SAME_RESOURCE ? before->resource : bytes_take_text(reader);
    uint64_t number = take_facts(reader, facts);
    if (reader->failed)
        return;
    row->facts = facts->bytes[number];
    row->values.usage_end_ms = USAGE_END_NONE;
    if (flags & ROW_HAS_END && __builtin_add_overflow(row->bucket_ms, bytes_take_signed(reader), &row->values.usage_end_ms))
        reader->failed = true;
    row->values.usage_events = bytes_take_varint(reader);
    row->description = flags & ROW_SAME_DESCRIPTION ? before->description : bytes_take_text(reader);
    row->values.has_amount = flags & ROW_HAS_SUM && !(flags & ROW_HAS_NO_AMOUNT);
    row->values.anew = flags & ROW_ANEW;
    if (flags & ROW_HAS_SUM)
        row->values.amount = bytes_take_sum(reader);
    for (size_t i = 0; i < CARRIED_COUNT && !reader->failed; i++)
        if ((facts->carried[number] >> i) & 1)
            row->values.costs[i] = bytes_take_sum(reader);
    *extra = flags & ROW_HAS_EXTRA && !reader->failed ? bytes_take_text(reader) : TEXT_NONE;
}

bool page_take(struct page *page, billing_period period, int64_t bucket_ms, struct error *error)
{
    static const struct row_view nothing;
    const struct row_view of = { .period = period, .bucket_ms = bucket_ms };
    struct byte_reader reader = bytes_reader(buffer_text(&page->bytes));
    struct page_facts facts;
    facts.count = 0;
    page->row_count = 0;
    if (bytes_take_byte(&reader) != PAGE_VERSION)
        reader.failed = true;
    while (!reader.failed && reader.at < reader.end && page->row_count < PAGE_ROWS_MAX) {
        struct row_view *row = &page->rows[page->row_count];
        *row = of;
        row->account = page->row_count ? (row - 1)->account : 0;
        take_row(&reader, &facts, page->row_count ? row - 1 : &nothing, row, &page->extras[page->row_count]);
        page->row_count++;
    }
    if (reader.failed || reader.at != reader.end || page->row_count == 0)
        return error_fail(error, ERROR_FAILED, "state store: a damaged page of %zu bytes", page->bytes.size);
    return true;
}

bool page_read(struct page *page, billing_period period, int64_t bucket_ms, struct text value, struct error *error)
{
    buffer_clear(&page->bytes);
    buffer_append_text(&page->bytes, value);
    return page_take(page, period, bucket_ms, error);
}

void page_done(struct page *page)
{
    buffer_done(&page->bytes);
}
