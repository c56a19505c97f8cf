/* pipeline/deliveries.c: what reports say of themselves, and a sample of their rows by hash. */
#include "pipeline/deliveries.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/intern.h"

#define SAMPLE_ROWS ((size_t)1 << 17)
#define SAMPLE_SLOTS (SAMPLE_ROWS * 2)
#define FILE_NONE UINT32_MAX
/* Files that somebody packed together are one delivery, unless they share more rows than stand twice in one. */
#define SHARED_IN_ARCHIVE_MAX 64

/* A report, as long as the run lives. */
struct file {
    const char *name;
    struct text assembly, archive;
    uint64_t heading;
    bool is_legacy;
    size_t number; /* the run's number of it */
};

/* A payer's month, and the first report that had rows of it. */
struct month {
    billing_period period;
    uint32_t payer, file;
};

/* A sampled row: the file that had it first, and the last other one. */
struct sampled {
    uint64_t hash; /* 0: free slot */
    uint32_t file, other;
};

struct deliveries {
    struct arena arena;
    struct intern payers;
    struct file *files;
    size_t file_count, file_capacity;
    struct month *months;
    size_t month_count, month_capacity;
    struct month last; /* that was looked up */
    struct sampled *slots;
    size_t sampled;
    uint64_t threshold; /* hashes above it are not sampled */
};

struct deliveries *deliveries_new(void)
{
    struct deliveries *deliveries = memory_new(sizeof *deliveries);
    deliveries->last.file = FILE_NONE;
    deliveries->threshold = UINT64_MAX;
    deliveries->slots = memory_new_array(SAMPLE_SLOTS, sizeof *deliveries->slots);
    return deliveries;
}

static uint32_t file_of(struct deliveries *deliveries, const struct usage_report *report)
{
    if (deliveries->file_count > 0 && deliveries->files[deliveries->file_count - 1].number == report->number)
        return (uint32_t)deliveries->file_count - 1;
    deliveries->files =
        memory_reserve_one(deliveries->files, deliveries->file_count, &deliveries->file_capacity, sizeof *deliveries->files);
    deliveries->files[deliveries->file_count] = (struct file){
        .name = arena_copy_string(&deliveries->arena, text_of(report->name)),
        .assembly = arena_copy(&deliveries->arena, report->assembly),
        .archive = arena_copy(&deliveries->arena, report->archive),
        .heading = report->heading,
        .is_legacy = report->is_legacy,
        .number = report->number,
    };
    return (uint32_t)deliveries->file_count++;
}

/* ---- what reports say ---- */

static bool fail_two(const struct month *month, const struct intern *payers, const struct file *a, const struct file *b,
                     const char *why, struct error *error)
{
    char period[TIME_TEXT_MAX];
    struct text payer = intern_text(payers, month->payer);
    period_format(month->period, period);
    return error_fail(
        error, ERROR_FAILED,
        "%s of payer %.*s comes in two deliveries, and would be billed twice: %.150s and %.150s %s; name the files of "
        "one delivery",
        period, TEXT_ARGS(payer.size ? payer : TEXT("(not named)")), a->name, b->name, why);
}

static bool check_alike(const struct deliveries *deliveries, const struct month *month, const struct file *a,
                        const struct file *b, struct error *error)
{
    bool both_named = a->assembly.size > 0 && b->assembly.size > 0;
    char why[200];
    if (both_named && text_equal(a->assembly, b->assembly))
        return true;
    if (both_named) {
        snprintf(why, sizeof why, "are of the assemblies %.*s and %.*s", TEXT_ARGS(a->assembly), TEXT_ARGS(b->assembly));
        return fail_two(month, &deliveries->payers, a, b, why, error);
    }
    if (a->is_legacy != b->is_legacy)
        return fail_two(month, &deliveries->payers, a, b,
                        "have headings of two styles (lineItem/UsageAmount and line_item_usage_amount)", error);
    if (a->heading != b->heading)
        return fail_two(month, &deliveries->payers, a, b, "have different columns", error);
    return true;
}

static bool check_month(struct deliveries *deliveries, uint32_t file, const struct usage_event *event, struct error *error)
{
    struct month month = { usage_event_period(event), intern_add(&deliveries->payers, event->payer_account_id), file };
    struct month *last = &deliveries->last;
    if (last->file == file && last->period == month.period && last->payer == month.payer)
        return true;
    *last = month;
    for (size_t i = 0; i < deliveries->month_count; i++) {
        const struct month *known = &deliveries->months[i];
        if (known->period == month.period && known->payer == month.payer)
            return known->file == file ||
                   check_alike(deliveries, known, &deliveries->files[known->file], &deliveries->files[file], error);
    }
    deliveries->months =
        memory_reserve_one(deliveries->months, deliveries->month_count, &deliveries->month_capacity, sizeof month);
    deliveries->months[deliveries->month_count++] = month;
    return true;
}

/* ---- rows that come again ---- */

/* What stays the same from one delivery to the next: not ids, costs, amounts and tags, which a restatement changes. */
static uint64_t row_hash(const struct usage_event *event)
{
    const struct text texts[] = { event->payer_account_id, event->usage_account_id,  event->line_item_type,
                                  event->product_code,     event->usage_type,        event->operation,
                                  event->resource_id,      event->availability_zone, event->description };
    uint64_t hash = hash_mix((uint64_t)event->usage_start, (uint64_t)event->usage_end);
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
        hash = hash_mix(hash, texts[i].size ? hash64(texts[i].data, texts[i].size) : i);
    return hash ? hash : 1;
}

static struct sampled *slot_of(struct sampled *slots, uint64_t hash)
{
    size_t at = (size_t)(hash_mix(hash, 1) % SAMPLE_SLOTS);
    while (slots[at].hash && slots[at].hash != hash)
        at = (at + 1) % SAMPLE_SLOTS;
    return &slots[at];
}

/* Halves the sample until there is room: rows of large hashes are forgotten, in all files alike. */
static void thin_out(struct deliveries *deliveries)
{
    struct sampled *old = deliveries->slots;
    size_t kept = SAMPLE_ROWS;
    while (kept > SAMPLE_ROWS / 2) {
        deliveries->threshold /= 2;
        kept = 0;
        for (size_t i = 0; i < SAMPLE_SLOTS; i++)
            kept += old[i].hash && old[i].hash <= deliveries->threshold;
    }
    deliveries->slots = memory_new_array(SAMPLE_SLOTS, sizeof *deliveries->slots);
    for (size_t i = 0; i < SAMPLE_SLOTS; i++)
        if (old[i].hash && old[i].hash <= deliveries->threshold)
            *slot_of(deliveries->slots, old[i].hash) = old[i];
    deliveries->sampled = kept;
    free(old);
}

static void sample_row(struct deliveries *deliveries, uint32_t file, const struct usage_event *event)
{
    uint64_t hash = row_hash(event);
    if (hash > deliveries->threshold)
        return;
    if (deliveries->sampled == SAMPLE_ROWS)
        thin_out(deliveries);
    struct sampled *slot = slot_of(deliveries->slots, hash);
    if (slot->hash == 0) {
        *slot = (struct sampled){ hash, file, FILE_NONE };
        deliveries->sampled++;
    } else if (slot->file != file) {
        slot->other = file;
    }
}

static bool are_one_delivery(const struct file *a, const struct file *b, uint64_t shared)
{
    if (a->assembly.size > 0 && text_equal(a->assembly, b->assembly))
        return true;
    return a->archive.size > 0 && text_equal(a->archive, b->archive) && shared <= SHARED_IN_ARCHIVE_MAX;
}

/* Half of the smaller one's rows: deliveries of a month that grows share all but what was restated, chunks nothing but what
 * stands twice in one delivery. */
static bool judge_file(struct deliveries *deliveries, uint32_t file, struct error *error)
{
    uint64_t *rows = memory_new_array(deliveries->file_count, sizeof *rows);
    uint64_t *shared = memory_new_array(deliveries->file_count, sizeof *shared);
    for (size_t i = 0; i < SAMPLE_SLOTS; i++) {
        const struct sampled *slot = &deliveries->slots[i];
        if (!slot->hash)
            continue;
        rows[slot->file]++;
        if (slot->other == file) {
            shared[slot->file]++;
            rows[file]++;
        }
    }
    bool done = true;
    const struct file *this = &deliveries->files[file];
    for (size_t i = 0; i < file && done; i++) {
        uint64_t smaller = rows[i] < rows[file] ? rows[i] : rows[file];
        const struct file *other = &deliveries->files[i];
        if (shared[i] == 0 || shared[i] * 2 < smaller || are_one_delivery(this, other, shared[i]))
            continue;
        struct month month = { deliveries->last.period, deliveries->last.payer, file };
        done = fail_two(&month, &deliveries->payers, other, this, "have the same rows under different LineItemIds", error);
    }
    free(rows);
    free(shared);
    return done;
}

bool deliveries_take(struct deliveries *deliveries, const struct usage_report *report, const struct usage_event *event,
                     struct error *error)
{
    size_t known = deliveries->file_count;
    uint32_t file = file_of(deliveries, report);
    if (file > 0 && deliveries->file_count > known && !judge_file(deliveries, file - 1, error))
        return false;
    if (!check_month(deliveries, file, event, error))
        return false;
    sample_row(deliveries, file, event);
    return true;
}

bool deliveries_end(struct deliveries *deliveries, struct error *error)
{
    return deliveries->file_count < 2 || judge_file(deliveries, (uint32_t)deliveries->file_count - 1, error);
}

void deliveries_free(struct deliveries *deliveries)
{
    if (!deliveries)
        return;
    arena_done(&deliveries->arena);
    intern_done(&deliveries->payers);
    free(deliveries->files);
    free(deliveries->months);
    free(deliveries->slots);
    free(deliveries);
}
