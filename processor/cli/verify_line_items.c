/* cli/verify_line_items.c: a partition goes to disk by id and offset, then comes back row by row. */
#include "cli/verify_line_items.h"

#include <stdio.h>

#include "assign/assign.h"
#include "audit/chain.h"
#include "model/account.h"
#include "model/line_item.h"
#include "model/usage_event.h"
#include "store/bytes.h"

#define OFFSET_BYTES 8

/* What is kept of a version. */
struct stored_item {
    struct audit_version version;
    bool charged, in_sums, is_tax, is_custom;
    int64_t usage_events;
    struct sum public_cost, billable_cost; /* AMOUNT_SCALE */
    struct text group, account, service, type;
};

struct partition_read {
    struct verify_run *run;
    int32_t partition;
    int64_t first_offset, first_revision, last_revision; /* of markers; 0: none */
    int64_t newest_row;                                  /* revision */
    char newest_id[LINE_ITEM_ID_LETTERS + 1];
};

/* ---- bytes ---- */

static void write_item(const struct stored_item *item, struct buffer *out)
{
    bytes_put_varint(out, (uint64_t)item->version.is_null | (uint64_t)item->charged << 1 | (uint64_t)item->in_sums << 2 |
                              (uint64_t)item->is_tax << 3 | (uint64_t)item->is_custom << 4);
    bytes_put_signed(out, item->version.revision);
    bytes_put_sum(out, &item->version.cost);
    bytes_put_sum(out, &item->version.cost_delta);
    bytes_put_signed(out, item->usage_events);
    bytes_put_sum(out, &item->public_cost);
    bytes_put_sum(out, &item->billable_cost);
    bytes_put_text(out, item->group);
    bytes_put_text(out, item->account);
    bytes_put_text(out, item->service);
    bytes_put_text(out, item->type);
}

static bool read_item(struct text bytes, struct stored_item *item)
{
    struct byte_reader reader = bytes_reader(bytes);
    uint64_t flags = bytes_take_varint(&reader);
    *item = (struct stored_item){
        .charged = flags >> 1 & 1, .in_sums = flags >> 2 & 1, .is_tax = flags >> 3 & 1, .is_custom = flags >> 4 & 1
    };
    item->version.is_null = flags & 1;
    item->version.revision = bytes_take_signed(&reader);
    item->version.cost = bytes_take_sum(&reader);
    item->version.cost_delta = bytes_take_sum(&reader);
    item->usage_events = bytes_take_signed(&reader);
    item->public_cost = bytes_take_sum(&reader);
    item->billable_cost = bytes_take_sum(&reader);
    item->group = bytes_take_text(&reader);
    item->account = bytes_take_text(&reader);
    item->service = bytes_take_text(&reader);
    item->type = bytes_take_text(&reader);
    return !reader.failed;
}

/* ---- from the topic to disk ---- */

/* The type under which bills and reports show a row: covered by a commitment that is not the group's own it is plain usage.
 */
static struct text shown_type(const struct verify_run *run, const struct line_item *item)
{
    const struct conductor *conductor = run->pass->conductor;
    bool reserved = text_equal(item->line_item_type, TEXT("DiscountedUsage"));
    bool covered = (reserved || text_equal(item->line_item_type, TEXT("SavingsPlanCoveredUsage"))) &&
                   !text_contains(item->product_code, TEXT("Support"));
    if (!covered || item->billing_group.size == 0 || text_equal(item->pricing_plan, TEXT("Passthrough")))
        return item->line_item_type;
    bool charged = text_equal(item->status, line_item_status_text(STATUS_CHARGED));
    if (charged && !text_equal(item->base, price_base_text(BASE_UNBLENDED_COST)))
        return TEXT("Usage");
    struct text owner = arn_account(reserved ? item->reservation_arn : item->savings_plan_arn);
    uint32_t group = owner.size ? assign_group(conductor, account_parse(owner), run->pass->period) : GROUP_NONE;
    bool owned = group != GROUP_NONE && text_equal(conductor->groups[group].id, item->billing_group);
    return owned ? item->line_item_type : TEXT("Usage");
}

static void item_of(const struct verify_run *run, const struct line_item *from, struct stored_item *item)
{
    bool foreign = text_equal(from->reason, unpriced_reason_text(UNPRICED_CURRENCY));
    *item = (struct stored_item){
        .version = { .revision = from->revision, .cost = sum_of(from->cost), .cost_delta = from->cost_delta },
        .charged = text_equal(from->status, line_item_status_text(STATUS_CHARGED)),
        .in_sums = !foreign,
        .is_tax = text_equal(from->line_item_type, TEXT("Tax")),
        .is_custom = from->custom_line_item.size > 0,
        .usage_events = from->usage_events,
        .public_cost = sum_of(from->public_cost),
        .billable_cost = from->billable_cost,
        .group = from->billing_group,
        .account = from->usage_account_id,
        .service = from->product_code,
        .type = shown_type(run, from),
    };
}

static bool keep_item(struct verify_run *run, const struct stream_record *record, const struct stored_item *item,
                      struct error *error)
{
    buffer_clear(&run->key);
    buffer_clear(&run->value);
    buffer_append_text(&run->key, record->key);
    bytes_put_big_endian(&run->key, (uint64_t)record->offset, OFFSET_BYTES);
    write_item(item, &run->value);
    return verify_put(run, buffer_text(&run->key), buffer_text(&run->value), error);
}

static bool take_marker(struct partition_read *read, const struct stream_record *record, const struct line_item *item,
                        struct error *error)
{
    struct verify_run *run = read->run;
    struct marker *marker = &run->markers[read->partition];
    if (!marker_read(item->marker, marker, error))
        return false;
    run->pass->counts.markers++;
    if (read->first_revision == 0)
        read->first_revision = item->revision;
    if (item->revision <= read->last_revision)
        verify_tell(run, "marker of task %d at offset %lld: revision %lld follows revision %lld", read->partition,
                    (long long)record->offset, (long long)item->revision, (long long)read->last_revision);
    if (marker->revision != item->revision || marker->task != (uint32_t)read->partition)
        verify_tell(run, "marker of task %d at offset %lld: it says task %u, revision %lld, its record revision %lld",
                    read->partition, (long long)record->offset, marker->task, (long long)marker->revision,
                    (long long)item->revision);
    read->last_revision = item->revision;
    return true;
}

static bool take_item(struct partition_read *read, const struct stream_record *record, const struct line_item *from,
                      struct error *error)
{
    struct verify_run *run = read->run;
    struct stored_item item;
    if (!text_equal(record->key, from->line_item_id))
        verify_tell(run, "line-items partition %d, offset %lld: the key is %.*s, the line item's id %.*s", read->partition,
                    (long long)record->offset, TEXT_ARGS(record->key), TEXT_ARGS(from->line_item_id));
    if (from->revision > read->newest_row) {
        read->newest_row = from->revision;
        snprintf(read->newest_id, sizeof read->newest_id, "%.*s", TEXT_ARGS(record->key));
    }
    if (!text_equal(from->billing_period, text_of(run->period)))
        return true;
    run->pass->counts.versions++;
    item_of(run, from, &item);
    return keep_item(run, record, &item, error);
}

static bool take_record(void *context, const struct stream_record *record, struct error *error)
{
    struct partition_read *read = context;
    struct line_item item;
    struct refusal refusal;
    verify_progress(read->run, "line items");
    if (record->is_null)
        return keep_item(read->run, record, &(struct stored_item){ .version.is_null = true }, error);
    arena_reset(&read->run->arena);
    enum wire_answer answer = wire_decode(read->run->pass->connection->wire, &line_item_type, record->value, &item,
                                          &read->run->arena, &refusal, error);
    if (answer == WIRE_LATER)
        return false;
    if (answer == WIRE_REFUSED) {
        verify_tell(read->run, "line-items partition %d, offset %lld: no line item: %s", read->partition,
                    (long long)record->offset, refusal.detail);
        return true;
    }
    if (record->key.size > 0 && record->key.data[0] == '#')
        return take_marker(read, record, &item, error);
    return take_item(read, record, &item, error);
}

/* ---- from disk to what a row counts for ---- */

static struct audit_figures figures_of(const struct stored_item *item)
{
    struct audit_figures figures = { .said = true, .rows = 1, .usage_events = item->usage_events };
    if (item->charged) {
        sum_add_sum(&figures.amounts[AUDIT_COST], &item->version.cost);
        sum_add_sum(&figures.amounts[AUDIT_PUBLIC_COST], &item->public_cost);
    }
    sum_add_sum(&figures.amounts[item->is_tax ? AUDIT_TAX : AUDIT_BILLABLE_COST], &item->billable_cost);
    return figures;
}

/* In the bill of its account, of its service and of its group. */
static bool add_to_bills(struct verify_run *run, int32_t task, const struct stored_item *item,
                         const struct audit_figures *figures, struct error *error)
{
    const char *period = run->period;
    return verify_add(run, AUDIT_BILL, AUDIT_LINE_ITEMS, figures, error, "%.*s/%s/%.*s/%.*s/%.*s", TEXT_ARGS(item->group),
                      period, TEXT_ARGS(item->account), TEXT_ARGS(item->service), TEXT_ARGS(item->type)) &&
           verify_add(run, AUDIT_BILL, AUDIT_LINE_ITEMS, figures, error, "%.*s/%s//%.*s/", TEXT_ARGS(item->group), period,
                      TEXT_ARGS(item->service)) &&
           verify_add(run, AUDIT_BILL, AUDIT_LINE_ITEMS, figures, error, "%.*s/%s///", TEXT_ARGS(item->group), period) &&
           (item->is_custom || verify_add(run, AUDIT_SUBTOTAL, AUDIT_LINE_ITEMS, figures, error, "%d/%.*s/%s/%.*s/%.*s/%.*s",
                                          task, TEXT_ARGS(item->group), period, TEXT_ARGS(item->account),
                                          TEXT_ARGS(item->service), TEXT_ARGS(item->type)));
}

static bool add_to_reports(struct verify_run *run, struct text id, const struct stored_item *item,
                           const struct audit_figures *figures, struct error *error)
{
    struct text own = { id.data + LINE_ITEM_TASK_LETTERS, id.size - LINE_ITEM_TASK_LETTERS };
    return verify_add(run, AUDIT_REPORT, AUDIT_LINE_ITEMS, figures, error, "%.*s/%s/", TEXT_ARGS(item->group),
                      run->period) &&
           verify_add(run, AUDIT_REPORT, AUDIT_LINE_ITEMS, figures, error, "%.*s/%s/%.*s", TEXT_ARGS(item->group),
                      run->period, TEXT_ARGS(item->account)) &&
           verify_add(run, AUDIT_REPORT_ROW, AUDIT_LINE_ITEMS, figures, error, "%.*s/%.*s", TEXT_ARGS(item->group),
                      TEXT_ARGS(own));
}

/* The last version of a row. */
static bool end_row(struct partition_read *read, struct text id, const struct audit_chain *chain,
                    const struct stored_item *item, struct error *error)
{
    struct verify_run *run = read->run;
    run->pass->counts.begun_late += chain->beginning_lost;
    if (item->version.is_null)
        return true;
    struct audit_figures figures = figures_of(item);
    run->pass->counts.line_items++;
    if (item->in_sums && !add_to_bills(run, read->partition, item, &figures, error))
        return false;
    return !item->charged || id.size != LINE_ITEM_ID_LETTERS || add_to_reports(run, id, item, &figures, error);
}

struct row_walk {
    struct audit_chain chain;
    struct buffer id, bytes; /* the row at hand, its last version */
};

static bool finish_row(struct partition_read *read, struct row_walk *walk, struct error *error)
{
    struct stored_item item;
    if (walk->id.size == 0)
        return true;
    if (!read_item(buffer_text(&walk->bytes), &item))
        return error_fail(error, ERROR_FAILED, "verify: what was written to disk cannot be read back");
    return end_row(read, buffer_text(&walk->id), &walk->chain, &item, error);
}

static bool take_version(struct partition_read *read, struct row_walk *walk, struct text key, struct text value,
                         struct error *error)
{
    struct text id = { key.data, key.size - OFFSET_BYTES };
    struct stored_item item;
    if (!text_equal(id, buffer_text(&walk->id)) || walk->id.size == 0) {
        if (!finish_row(read, walk, error))
            return false;
        buffer_clear(&walk->id);
        buffer_append_text(&walk->id, id);
        audit_chain_begin(&walk->chain, read->first_offset == 0 && read->first_revision == 1);
    }
    if (!read_item(value, &item))
        return error_fail(error, ERROR_FAILED, "verify: what was written to disk cannot be read back");
    item.version.offset = (int64_t)bytes_big_endian(key.data + id.size, OFFSET_BYTES);
    buffer_clear(&read->run->lines);
    size_t before = walk->chain.faults;
    audit_chain_take(&walk->chain, id, &item.version, &read->run->lines);
    if (walk->chain.faults > before) {
        read->run->pass->counts.differences += walk->chain.faults - before;
        read->run->pass->tell(read->run->pass->context, buffer_text(&read->run->lines));
    }
    buffer_clear(&walk->bytes);
    buffer_append_text(&walk->bytes, value);
    return true;
}

static bool walk_rows(struct partition_read *read, struct error *error)
{
    struct row_walk walk = { 0 };
    struct text key, value;
    struct rocks_iterator *iterator = rocks_iterate(read->run->rocks, TEXT_NONE);
    bool done = true;
    while (done && rocks_iterator_next(iterator, &key, &value)) {
        verify_progress(read->run, "versions of line items");
        done = take_version(read, &walk, key, value, error);
    }
    done = done && rocks_iterator_check(iterator, error) && finish_row(read, &walk, error);
    rocks_iterator_close(iterator);
    buffer_done(&walk.id);
    buffer_done(&walk.bytes);
    return done;
}

/* A row that is newer than its task's last word came with a transaction whose marker is not there: a torn one. */
static void check_newest(const struct partition_read *read)
{
    if (read->newest_row > read->last_revision)
        verify_tell(read->run, "line item %s: revision %lld is newer than the marker of task %d, which is at %lld",
                    read->newest_id, (long long)read->newest_row, read->partition, (long long)read->last_revision);
}

bool verify_line_items(struct verify_run *run, int32_t partition, struct error *error)
{
    struct partition_read read = { .run = run, .partition = partition };
    struct connection *connection = run->pass->connection;
    int64_t end;
    if (!connection->stream->ops->range(connection->stream, STREAM_LINE_ITEMS, partition, &read.first_offset, &end, error) ||
        !verify_scratch_open(run, "line-items", error))
        return false;
    run->pass->counts.partitions_trimmed += read.first_offset > 0;
    bool done = connection_read(connection, STREAM_LINE_ITEMS, partition, take_record, &read, error) &&
                rocks_write(run->rocks, run->batch, error) && walk_rows(&read, error);
    if (done)
        check_newest(&read);
    verify_scratch_close(run);
    return done;
}
