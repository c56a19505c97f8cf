/* pipeline/ledger_stored.c: small records of the ledger as bytes, and checked back. */
#include "pipeline/ledger_stored.h"

#include "store/bytes.h"

#define POINT_VERSION 6
#define ACCOUNT_BYTES 8

enum entry_flag { ENTRY_CHARGED = 1, ENTRY_TAKEN_BACK = 2, ENTRY_OWES = 4 };

enum part_flag { PART_WRITTEN = 1, PART_LIVE = 2, PART_HAS_PUBLIC_RATE = 4, PART_HOLDS = 8 };

static bool fail_damaged(struct error *error, const char *what, struct text bytes)
{
    return error_fail(error, ERROR_FAILED, "state store: damaged %s of %zu bytes", what, bytes.size);
}

static void put_number(struct buffer *out, i128 number)
{
    struct sum sum = { 0 };
    sum_add(&sum, number);
    bytes_put_sum(out, &sum);
}

static i128 take_number(struct byte_reader *reader)
{
    struct sum sum = bytes_take_sum(reader);
    if (sum.wraps != 0)
        reader->failed = true;
    return sum_modulo(&sum);
}

/* ---- parts ---- */

static void write_part(const struct part *part, struct buffer *out)
{
    bool holds = !sum_is_zero(&part->quantity) || !sum_is_zero(&part->public_cost) || !sum_is_zero(&part->cost);
    bytes_put_varint(out, part->tier);
    buffer_append_byte(out, (char)((part->written ? PART_WRITTEN : 0) | (part->live ? PART_LIVE : 0) |
                                   (part->has_public_rate ? PART_HAS_PUBLIC_RATE : 0) | (holds ? PART_HOLDS : 0)));
    if (part->has_public_rate)
        put_number(out, part->public_rate);
    if (holds) {
        bytes_put_sum(out, &part->quantity);
        bytes_put_sum(out, &part->public_cost);
        bytes_put_sum(out, &part->cost);
    }
    if (part->written) {
        put_number(out, part->written_cost);
        put_number(out, part->written_public_cost);
        bytes_put_varint(out, part->written_hash);
    }
}

void stored_parts_write(const struct entry *entry, struct buffer *out)
{
    buffer_append_byte(out, (char)((entry->charged ? ENTRY_CHARGED : 0) | (entry->taken_back ? ENTRY_TAKEN_BACK : 0) |
                                   (entry->owed ? ENTRY_OWES : 0)));
    if (entry->owed)
        bytes_put_signed(out, entry->owed);
    bytes_put_signed(out, entry->sweep);
    for (uint16_t i = 0; i < entry->part_count; i++)
        write_part(&entry->parts[i], out);
}

static void read_part(struct byte_reader *reader, struct part *part)
{
    uint8_t flags = bytes_take_byte(reader);
    part->written = flags & PART_WRITTEN;
    part->live = flags & PART_LIVE;
    part->has_public_rate = flags & PART_HAS_PUBLIC_RATE;
    if (part->has_public_rate)
        part->public_rate = take_number(reader);
    if (flags & PART_HOLDS) {
        part->quantity = bytes_take_sum(reader);
        part->public_cost = bytes_take_sum(reader);
        part->cost = bytes_take_sum(reader);
    }
    if (part->written) {
        part->written_cost = take_number(reader);
        part->written_public_cost = take_number(reader);
        part->written_hash = bytes_take_varint(reader);
    }
}

bool stored_parts_read(struct ledger *ledger, struct entry *entry, struct text bytes, struct error *error)
{
    struct byte_reader reader = bytes_reader(bytes);
    entry->part_count = 0;
    uint8_t flags = bytes_take_byte(&reader);
    entry->charged = flags & ENTRY_CHARGED;
    entry->taken_back = flags & ENTRY_TAKEN_BACK;
    entry->owed = flags & ENTRY_OWES ? (int32_t)bytes_take_signed(&reader) : 0;
    entry->sweep = bytes_take_signed(&reader);
    while (!reader.failed && reader.at < reader.end) {
        uint64_t tier = bytes_take_varint(&reader);
        if (reader.failed || tier > UINT16_MAX)
            return fail_damaged(error, "parts", bytes);
        read_part(&reader, ledger_part_of(ledger, entry, (uint32_t)tier));
    }
    return !reader.failed || fail_damaged(error, "parts", bytes);
}

/* ---- leaves ---- */

void stored_leaf_write(const struct leaf *leaf, struct buffer *out)
{
    bytes_put_varint(out, leaf->first_page);
    bytes_put_varint(out, leaf->end_page - leaf->first_page);
    bytes_put_varint(out, leaf->lower.account);
    bytes_put_text(out, leaf->lower.resource);
    bytes_put_text(out, leaf->lower.facts);
}

bool stored_leaf_read(struct ledger *ledger, const struct leaf_key *key, struct text value, struct error *error)
{
    struct byte_reader reader = bytes_reader(value);
    struct row_identity lower = { .period = key->period, .bucket_ms = key->bucket_ms };
    uint64_t first = bytes_take_varint(&reader), count = bytes_take_varint(&reader);
    lower.account = bytes_take_varint(&reader);
    lower.resource = bytes_take_text(&reader);
    lower.facts = bytes_take_text(&reader);
    if (reader.failed || reader.at != reader.end || first > UINT32_MAX || count == 0 || count > UINT32_MAX - first ||
        !ledger_leaf_add(ledger, key, &lower, (uint32_t)first, (uint32_t)(first + count)))
        return fail_damaged(error, "leaf", value);
    return true;
}

/* ---- totals ---- */

void stored_total_write(const struct ledger *ledger, billing_period period, const struct total *total,
                        const struct totals *totals, struct buffer *key, struct buffer *value)
{
    const struct conductor *conductor = pricing_of(ledger->prices.pricing, period)->conductor;
    bytes_put_big_endian(key, (uint64_t)(uint32_t)period, LEDGER_PERIOD_BYTES);
    bytes_put_big_endian(key, total->key.account, ACCOUNT_BYTES);
    bytes_put_text(key, total->key.group == GROUP_NONE ? TEXT_NONE : conductor->groups[total->key.group].id);
    bytes_put_text(key, total_service(totals, total));
    bytes_put_text(key, total_type(totals, total));
    bytes_put_signed(value, ledger->totals_tag);
    bytes_put_varint(value, total->usage_events);
    bytes_put_signed(value, total->charged_rows);
    bytes_put_signed(value, total->latest_end_ms);
    bytes_put_sum(value, &total->public_cost);
    bytes_put_sum(value, &total->billable_cost);
    bytes_put_sum(value, &total->tax);
    bytes_put_sum(value, &total->cost);
}

billing_period stored_total_period(struct text key)
{
    return key.size < LEDGER_PERIOD_BYTES ? PERIOD_NONE : (billing_period)bytes_big_endian(key.data, LEDGER_PERIOD_BYTES);
}

bool stored_total_read(struct ledger *ledger, const struct intern *groups, struct text key, struct text value,
                       struct error *error)
{
    struct byte_reader values = bytes_reader(value);
    int64_t tag = bytes_take_signed(&values);
    if (values.failed)
        return fail_damaged(error, "total", value);
    if (key.size < LEDGER_PERIOD_BYTES + ACCOUNT_BYTES)
        return fail_damaged(error, "key of a total", key);
    struct month *month = ledger_month_of(ledger, stored_total_period(key));
    if (!ledger->totals_hold || tag != ledger->totals_tag)
        return true; /* of before a sweep: nothing is of that key any more */
    uint64_t account = bytes_big_endian(key.data + LEDGER_PERIOD_BYTES, ACCOUNT_BYTES);
    struct byte_reader reader = bytes_reader(
        (struct text){ key.data + LEDGER_PERIOD_BYTES + ACCOUNT_BYTES, key.size - LEDGER_PERIOD_BYTES - ACCOUNT_BYTES });
    struct text group = bytes_take_text(&reader), service = bytes_take_text(&reader), type = bytes_take_text(&reader);
    uint32_t number = group.size ? intern_find(groups, group) : GROUP_NONE;
    if (reader.failed || reader.at != reader.end || (group.size && number == INTERN_NONE))
        return fail_damaged(error, "key of a total", key);
    struct total *total = totals_get(&month->totals, number, account, service, type);
    reader = values;
    total->usage_events = bytes_take_varint(&reader);
    total->charged_rows = bytes_take_signed(&reader);
    total->latest_end_ms = bytes_take_signed(&reader);
    total->public_cost = bytes_take_sum(&reader);
    total->billable_cost = bytes_take_sum(&reader);
    total->tax = bytes_take_sum(&reader);
    total->cost = bytes_take_sum(&reader);
    ledger_total_changed(month, total); /* the bill tasks hear of it once more */
    total->unsaved = false;
    return (!reader.failed && reader.at == reader.end) || fail_damaged(error, "total", value);
}

/* ---- the point ---- */

void stored_point_write(const struct ledger *ledger, const struct ledger_point *point, struct buffer *out)
{
    buffer_append_byte(out, POINT_VERSION);
    buffer_append_byte(out, (char)ledger->options.granularity);
    buffer_append_byte(out, ledger->options.resource_ids ? 1 : 0);
    bytes_put_signed(out, point->line_items_next);
    bytes_put_signed(out, ledger->totals_hold ? point->version : 0);
    bytes_put_text(out, point->marker);
    bytes_put_text(out, buffer_text(&ledger->gone));
    bytes_put_signed(out, point->time_ms);
    bytes_put_signed(out, ledger->rows_without_events);
    bytes_put_signed(out, ledger->totals_tag);
}

bool stored_point_read(struct ledger *ledger, struct text bytes, struct ledger_point *point, bool *usable,
                       struct error *error)
{
    struct byte_reader reader = bytes_reader(bytes);
    *usable = bytes_take_byte(&reader) == POINT_VERSION;
    if (!*usable)
        return true;
    *usable = bytes_take_byte(&reader) == (uint8_t)ledger->options.granularity;
    *usable = bytes_take_byte(&reader) == (ledger->options.resource_ids ? 1 : 0) && *usable;
    point->line_items_next = bytes_take_signed(&reader);
    point->version = bytes_take_signed(&reader);
    point->marker = bytes_take_text(&reader);
    struct text gone = bytes_take_text(&reader);
    point->time_ms = bytes_take_signed(&reader);
    ledger->rows_without_events = bytes_take_signed(&reader);
    ledger->totals_tag = bytes_take_signed(&reader);
    if (reader.failed || reader.at != reader.end || gone.size % LINE_ITEM_ID_LETTERS != 0)
        return fail_damaged(error, "point", bytes);
    buffer_clear(&ledger->gone);
    buffer_append_text(&ledger->gone, gone);
    return true;
}
