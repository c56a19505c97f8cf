/* pipeline/fold.c: the stages that know no document. */
#include "pipeline/fold.h"

#include <stdlib.h>

#include "base/memory.h"

struct payer_period {
    billing_period period;
    uint32_t payer; /* interned; empty text: none named */
};

struct fold {
    struct fold_options options;
    struct fold_counts counts;
    struct row_table *table;
    struct row_store *rows;
    bool spills_beside;
    struct rocks *rocks;
    struct seen *seen; /* opened with the first event */
    struct buffer facts;
    struct intern payers;
    struct payer_period *payer_periods; /* few: payers × months */
    size_t payer_period_count, payer_period_capacity;
    struct payer_period last;
};

struct fold *fold_new(const struct fold_options *options, struct rocks *rocks)
{
    struct fold *fold = memory_new(sizeof *fold);
    fold->options = *options;
    fold->counts.first_period = PERIOD_NONE;
    fold->table = row_table_new(options->granularity, options->resource_ids);
    fold->rows = row_store_new(rocks, fold->table);
    fold->rocks = rocks;
    fold->last.period = PERIOD_NONE;
    return fold;
}

void fold_spill_beside(struct fold *fold)
{
    fold->spills_beside = true;
}

static void note_payer(struct fold *fold, billing_period period, struct text payer)
{
    if (fold->counts.first_period == PERIOD_NONE || period < fold->counts.first_period)
        fold->counts.first_period = period;
    struct payer_period noted = { period, intern_add(&fold->payers, payer) };
    if (noted.period == fold->last.period && noted.payer == fold->last.payer)
        return;
    fold->last = noted;
    for (size_t i = 0; i < fold->payer_period_count; i++)
        if (fold->payer_periods[i].period == noted.period && fold->payer_periods[i].payer == noted.payer)
            return;
    fold->payer_periods = memory_reserve_one(fold->payer_periods, fold->payer_period_count, &fold->payer_period_capacity,
                                             sizeof *fold->payer_periods);
    fold->payer_periods[fold->payer_period_count++] = noted;
}

bool fold_has_usage(const struct fold *fold, billing_period period, struct text payer)
{
    for (size_t i = 0; i < fold->payer_period_count; i++) {
        struct text named = intern_text(&fold->payers, fold->payer_periods[i].payer);
        if (fold->payer_periods[i].period == period && (payer.size == 0 || named.size == 0 || text_equal(named, payer)))
            return true;
    }
    return false;
}

static bool spill_if_full(struct fold *fold, struct error *error)
{
    size_t budget = fold->options.memory_bytes - fold->options.memory_bytes / 3;
    /* What fits is never written. What does not: one half fills while the other is written. */
    if (!fold->spills_beside || row_store_runs(fold->rows) == 0)
        return row_table_bytes(fold->table) < budget || row_store_spill(fold->rows, error);
    return row_table_bytes(fold->table) < budget / 2 || row_store_spill_beside(fold->rows, error);
}

bool fold_take_row(struct fold *fold, const struct row_view *row, struct error *error)
{
    struct row_identity identity = { row->period, row->bucket_ms, row->account, row->resource, row->facts };
    struct row_view known;
    struct facts facts;
    facts_decode(row->facts, &facts);
    note_payer(fold, row->period, facts.payer);
    uint32_t handle = row_table_take(fold->table, &identity);
    row_table_read(fold->table, handle, &known);
    row_view_fold(&known, row);
    row_table_set(fold->table, handle, &known.values, known.description);
    return spill_if_full(fold, error);
}

/* What fold_take needs to know of an event besides its sums. */
struct prepared {
    struct text facts;
    struct row_hashes hashes;
    struct id_entry id;
    billing_period period;
};

static struct prepared prepared_of(const struct usage_event *event, struct text facts)
{
    struct row_hashes hashes = row_hashes_of(facts, event->resource_id);
    return (struct prepared){ facts, hashes, id_entry_of(event, &hashes, 0), usage_event_period(event) };
}

void fold_prepare(struct usage_entry *entry, struct arena *arena)
{
    struct prepared *prepared = arena_take(arena, sizeof *prepared, _Alignof(struct prepared));
    char *facts = arena_take(arena, facts_bound(&entry->event), 1);
    *prepared = prepared_of(&entry->event, (struct text){ facts, facts_write(&entry->event, facts) });
    entry->prepared = prepared;
}

static bool fold_event(struct fold *fold, const struct usage_event *event, const struct prepared *prepared,
                       struct error *error)
{
    struct row_identity identity = row_table_identity(fold->table, event, prepared->facts, prepared->period);
    fold->counts.excess_decimals += event->excess_decimals;
    note_payer(fold, prepared->period, event->payer_account_id);
    row_table_add_event(fold->table, row_table_take_hashed(fold->table, &identity, &prepared->hashes), event);
    return spill_if_full(fold, error);
}

static void expect(const struct fold *fold, const struct usage_entry *soon)
{
    const struct prepared *prepared = soon->prepared;
    struct row_identity identity = row_table_identity(fold->table, &soon->event, prepared->facts, prepared->period);
    seen_expect(fold->seen, prepared->id.id);
    row_table_expect(fold->table, &identity, &prepared->hashes, 0);
}

static bool take_id(struct fold *fold, const struct usage_entry *entry, const struct prepared *prepared,
                    enum seen_answer *answer, struct error *error)
{
    struct seen_options options = { SEEN_FOR_EVER, fold->options.memory_bytes / 3 };
    if (!fold->seen && !seen_open(&options, fold->rocks, &fold->seen, error))
        return false;
    if (entry->soon)
        expect(fold, entry->soon);
    return seen_take_id(fold->seen, &prepared->id, answer, error) &&
           (!seen_is_full(fold->seen) || seen_save_and_work(fold->seen, 0, error));
}

bool fold_take(struct fold *fold, const struct usage_entry *entry, struct refusal *refusal, struct error *error)
{
    const struct prepared *prepared = entry->prepared;
    struct prepared own;
    enum seen_answer answer;
    fold->counts.events_in++;
    refusal->reason = REFUSAL_NONE;
    if (entry->refused) {
        fold->counts.dead++;
        *refusal = entry->refusal;
        return true;
    }
    if (!prepared) {
        buffer_clear(&fold->facts);
        facts_encode(&entry->event, &fold->facts);
        own = prepared_of(&entry->event, buffer_text(&fold->facts));
        prepared = &own;
    }
    if (!take_id(fold, entry, prepared, &answer, error))
        return false;
    switch (answer) {
    case SEEN_NEW:
        return fold_event(fold, &entry->event, prepared, error);
    case SEEN_DUPLICATE:
        fold->counts.duplicate++;
        return true;
    case SEEN_REUSED:
        fold->counts.dead++;
        refuse(refusal, REFUSAL_EVENT_ID_REUSED, "event_id", entry->event.event_id,
               "event_id came before in account %.*s with other content", TEXT_ARGS(entry->event.usage_account_id));
        return true;
    }
    return true;
}

const struct fold_counts *fold_counts(const struct fold *fold)
{
    return &fold->counts;
}

struct row_store *fold_rows(struct fold *fold)
{
    return fold->rows;
}

void fold_drop_ids(struct fold *fold)
{
    seen_close(fold->seen);
    fold->seen = NULL;
}

void fold_free(struct fold *fold)
{
    if (!fold)
        return;
    seen_close(fold->seen);
    row_store_free(fold->rows);
    row_table_free(fold->table);
    buffer_done(&fold->facts);
    intern_done(&fold->payers);
    free(fold->payer_periods);
    free(fold);
}
