/* codec/cur_manifest.c: the one record with arrays of records; small and rare, so by hand in both formats. */
#include "codec/cur_manifest.h"

#include "codec/avro_varint.h"
#include "codec/json_text.h"
#include "codec/json_write.h"
#include "model/calendar.h"

#define TOTALS_MAX 1000000

static void put_long(struct buffer *out, int64_t value)
{
    out->size += varint_write(value, (uint8_t *)buffer_reserve(out, AVRO_LONG_BYTES_MAX));
}

static void put_text(struct buffer *out, struct text text)
{
    put_long(out, (int64_t)text.size);
    buffer_append_text(out, text);
}

/* A union with null. */
static void put_optional(struct buffer *out, struct text text)
{
    put_long(out, text.size ? 1 : 0);
    if (text.size)
        put_text(out, text);
}

static void put_sum(struct buffer *out, const struct sum *sum)
{
    uint8_t bytes[SUM_BYTES_MAX];
    size_t size = sum_to_bytes(sum, bytes);
    put_text(out, (struct text){ (const char *)bytes, size });
}

void cur_manifest_write_avro(const struct cur_manifest *manifest, struct buffer *out)
{
    put_text(out, manifest->snapshot_id);
    put_text(out, manifest->billing_group);
    put_text(out, manifest->billing_period);
    put_long(out, manifest->revision);
    put_optional(out, manifest->supersedes);
    put_text(out, manifest->status);
    put_long(out, manifest->rows);
    put_sum(out, &manifest->cost);
    put_text(out, manifest->currency);
    put_text(out, manifest->checksum);
    put_long(out, manifest->conductor_version);
    put_long(out, manifest->created_ms);
    if (manifest->snapshot_count > 0)
        put_long(out, (int64_t)manifest->snapshot_count);
    for (size_t i = 0; i < manifest->snapshot_count; i++)
        put_text(out, manifest->snapshots[i]);
    put_long(out, 0);
    if (manifest->total_count > 0)
        put_long(out, (int64_t)manifest->total_count);
    for (size_t i = 0; i < manifest->total_count; i++) {
        put_text(out, manifest->totals[i].usage_account_id);
        put_text(out, manifest->totals[i].product_code);
        put_long(out, manifest->totals[i].rows);
        put_sum(out, &manifest->totals[i].cost);
    }
    put_long(out, 0);
    put_long(out, 1);
    put_long(out, manifest->offsets.partition);
    put_long(out, manifest->offsets.first);
    put_long(out, manifest->offsets.last);
    put_long(out, manifest->offsets.rows);
    put_long(out, 0);
    put_optional(out, manifest->payer_account_id);
    put_optional(out, manifest->document_hash);
}

static void write_member(struct buffer *out, const char *name, struct text value)
{
    buffer_printf(out, "\"%s\":", name);
    json_write_text(out, value);
    buffer_append_byte(out, ',');
}

static void write_optional(struct buffer *out, const char *name, struct text value)
{
    if (value.size == 0)
        return;
    buffer_printf(out, ",\"%s\":", name);
    json_write_text(out, value);
}

void cur_manifest_write_json(const struct cur_manifest *manifest, struct buffer *out)
{
    buffer_append_byte(out, '{');
    write_member(out, "snapshot_id", manifest->snapshot_id);
    write_member(out, "billing_group", manifest->billing_group);
    write_member(out, "billing_period", manifest->billing_period);
    buffer_printf(out, "\"revision\":%lld,", (long long)manifest->revision);
    if (manifest->supersedes.size)
        write_member(out, "supersedes", manifest->supersedes);
    write_member(out, "status", manifest->status);
    buffer_printf(out, "\"rows\":%lld,\"cost\":", (long long)manifest->rows);
    json_write_sum(out, &manifest->cost, COST_SCALE);
    buffer_append_byte(out, ',');
    write_member(out, "currency", manifest->currency);
    write_member(out, "checksum", manifest->checksum);
    buffer_printf(out, "\"conductor_version\":%lld,\"created\":", (long long)manifest->conductor_version);
    json_write_time(out, manifest->created_ms);
    buffer_append_text(out, TEXT(",\"snapshots\":["));
    for (size_t i = 0; i < manifest->snapshot_count; i++) {
        if (i > 0)
            buffer_append_byte(out, ',');
        json_write_text(out, manifest->snapshots[i]);
    }
    buffer_append_text(out, TEXT("],\"totals\":["));
    for (size_t i = 0; i < manifest->total_count; i++) {
        buffer_append_text(out, i ? TEXT(",{") : TEXT("{"));
        write_member(out, "usage_account_id", manifest->totals[i].usage_account_id);
        write_member(out, "product_code", manifest->totals[i].product_code);
        buffer_printf(out, "\"rows\":%lld,\"cost\":", (long long)manifest->totals[i].rows);
        json_write_sum(out, &manifest->totals[i].cost, COST_SCALE);
        buffer_append_byte(out, '}');
    }
    buffer_printf(out, "],\"offsets\":[{\"partition\":%lld,\"first\":%lld,\"last\":%lld,\"rows\":%lld}]",
                  (long long)manifest->offsets.partition, (long long)manifest->offsets.first,
                  (long long)manifest->offsets.last, (long long)manifest->offsets.rows);
    write_optional(out, "payer_account_id", manifest->payer_account_id);
    write_optional(out, "document_hash", manifest->document_hash);
    buffer_append_byte(out, '}');
}

/* ---- reading ---- */

struct datum {
    const uint8_t *at, *end;
    struct arena *arena;
    bool failed;
};

static int64_t take_long(struct datum *datum)
{
    int64_t value = 0;
    if (!datum->failed && varint_read(&datum->at, datum->end, &value) != VARINT_OK)
        datum->failed = true;
    return datum->failed ? 0 : value;
}

static struct text take_text(struct datum *datum)
{
    int64_t size = take_long(datum);
    if (size < 0 || size > datum->end - datum->at)
        datum->failed = true;
    if (datum->failed)
        return TEXT_NONE;
    struct text text = arena_copy(datum->arena, (struct text){ (const char *)datum->at, (size_t)size });
    datum->at += size;
    return text;
}

static struct text take_optional(struct datum *datum)
{
    int64_t branch = take_long(datum);
    if (branch != 0 && branch != 1)
        datum->failed = true;
    return branch == 1 ? take_text(datum) : TEXT_NONE;
}

static struct sum take_sum(struct datum *datum)
{
    struct text bytes = take_text(datum);
    struct sum sum = { 0 };
    if (!datum->failed && sum_from_bytes((const uint8_t *)bytes.data, bytes.size, &sum) != DECIMAL_EXACT)
        datum->failed = true;
    return sum;
}

/* One block, as we write it; none at all where there are none. */
static void take_snapshots(struct datum *datum, struct cur_manifest *manifest)
{
    int64_t count = take_long(datum);
    if (count < 0 || count > CUR_MANIFEST_SNAPSHOTS_MAX)
        datum->failed = true;
    for (int64_t i = 0; i < count && !datum->failed; i++)
        manifest->snapshots[manifest->snapshot_count++] = take_text(datum);
    if (count != 0 && take_long(datum) != 0)
        datum->failed = true;
}

static void take_totals(struct datum *datum, struct cur_manifest *manifest)
{
    int64_t count = take_long(datum);
    if (count == 0)
        return;
    /* One block, as we write it; each total takes at least four bytes. */
    if (count < 0 || count > TOTALS_MAX || count * 4 > datum->end - datum->at) {
        datum->failed = true;
        return;
    }
    manifest->totals =
        arena_take(datum->arena, (size_t)count * sizeof *manifest->totals, _Alignof(struct cur_manifest_total));
    manifest->total_count = (size_t)count;
    for (int64_t i = 0; i < count; i++) {
        manifest->totals[i].usage_account_id = take_text(datum);
        manifest->totals[i].product_code = take_text(datum);
        manifest->totals[i].rows = take_long(datum);
        manifest->totals[i].cost = take_sum(datum);
    }
    if (take_long(datum) != 0)
        datum->failed = true;
}

bool cur_manifest_read_avro(struct text bytes, struct cur_manifest *manifest, struct arena *arena, struct error *error)
{
    struct datum datum = { (const uint8_t *)bytes.data, (const uint8_t *)bytes.data + bytes.size, arena, false };
    *manifest = (struct cur_manifest){ 0 };
    manifest->snapshot_id = take_text(&datum);
    manifest->billing_group = take_text(&datum);
    manifest->billing_period = take_text(&datum);
    manifest->revision = take_long(&datum);
    manifest->supersedes = take_optional(&datum);
    manifest->status = take_text(&datum);
    manifest->rows = take_long(&datum);
    manifest->cost = take_sum(&datum);
    manifest->currency = take_text(&datum);
    manifest->checksum = take_text(&datum);
    manifest->conductor_version = take_long(&datum);
    manifest->created_ms = take_long(&datum);
    take_snapshots(&datum, manifest);
    take_totals(&datum, manifest);
    if (take_long(&datum) != 1)
        datum.failed = true;
    manifest->offsets.partition = take_long(&datum);
    manifest->offsets.first = take_long(&datum);
    manifest->offsets.last = take_long(&datum);
    manifest->offsets.rows = take_long(&datum);
    if (take_long(&datum) != 0)
        datum.failed = true;
    manifest->payer_account_id = take_optional(&datum);
    manifest->document_hash = take_optional(&datum);
    return !datum.failed || error_fail(error, ERROR_FAILED, "a manifest of %zu bytes cannot be read", bytes.size);
}

static struct text json_member(json_t *object, const char *name, struct arena *arena)
{
    json_t *value = json_object_get(object, name);
    return json_is_string(value) ? arena_copy(arena, text_of(json_string_value(value))) : TEXT_NONE;
}

static int64_t json_number(json_t *object, const char *name)
{
    i128 value = 0;
    const char *text = json_string_value(json_object_get(object, name));
    return text && decimal_parse(text_of(text), 0, &value) == DECIMAL_EXACT ? (int64_t)value : 0;
}

static struct sum json_cost(json_t *object)
{
    struct sum cost = { 0 };
    const char *text = json_string_value(json_object_get(object, "cost"));
    if (text && sum_parse(text_of(text), COST_SCALE, &cost) != DECIMAL_EXACT)
        cost = (struct sum){ 0 };
    return cost;
}

static void read_json_totals(json_t *array, struct cur_manifest *manifest, struct arena *arena)
{
    size_t index;
    json_t *total;
    manifest->totals =
        arena_take(arena, json_array_size(array) * sizeof *manifest->totals, _Alignof(struct cur_manifest_total));
    json_array_foreach (array, index, total) {
        manifest->totals[index] = (struct cur_manifest_total){ json_member(total, "usage_account_id", arena),
                                                               json_member(total, "product_code", arena),
                                                               json_number(total, "rows"), json_cost(total) };
        manifest->total_count = index + 1;
    }
}

bool cur_manifest_has(const struct cur_manifest *manifest, struct text snapshot)
{
    for (size_t i = 0; i < manifest->snapshot_count; i++)
        if (text_equal(manifest->snapshots[i], snapshot))
            return true;
    return false;
}

bool cur_manifest_read_json(struct text json, struct cur_manifest *manifest, struct arena *arena, struct error *error)
{
    struct buffer scratch = { 0 };
    json_error_t reason;
    json_t *object = json_parse_exact(json, &scratch, &reason);
    buffer_done(&scratch);
    if (!json_is_object(object)) {
        json_decref(object);
        return error_fail(error, ERROR_FAILED, "a manifest of %zu bytes cannot be read", json.size);
    }
    *manifest = (struct cur_manifest){
        .snapshot_id = json_member(object, "snapshot_id", arena),
        .billing_group = json_member(object, "billing_group", arena),
        .billing_period = json_member(object, "billing_period", arena),
        .supersedes = json_member(object, "supersedes", arena),
        .status = json_member(object, "status", arena),
        .currency = json_member(object, "currency", arena),
        .checksum = json_member(object, "checksum", arena),
        .payer_account_id = json_member(object, "payer_account_id", arena),
        .document_hash = json_member(object, "document_hash", arena),
        .revision = json_number(object, "revision"),
        .rows = json_number(object, "rows"),
        .conductor_version = json_number(object, "conductor_version"),
        .cost = json_cost(object),
    };
    bool timed = time_parse(json_member(object, "created", arena), &manifest->created_ms);
    read_json_totals(json_object_get(object, "totals"), manifest, arena);
    json_t *snapshots = json_object_get(object, "snapshots");
    for (size_t i = 0; i < json_array_size(snapshots) && i < CUR_MANIFEST_SNAPSHOTS_MAX; i++)
        manifest->snapshots[manifest->snapshot_count++] =
            arena_copy(arena, text_of(json_string_value(json_array_get(snapshots, i))));
    json_t *offsets = json_array_get(json_object_get(object, "offsets"), 0);
    manifest->offsets = (struct cur_manifest_offsets){ json_number(offsets, "partition"), json_number(offsets, "first"),
                                                       json_number(offsets, "last"), json_number(offsets, "rows") };
    json_decref(object);
    return timed || error_fail(error, ERROR_FAILED, "a manifest has no time of creation");
}
