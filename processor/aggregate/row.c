/*
 * aggregate/row.c: rows in memory.
 *
 * A row is 56 bytes and 24 for the amount and each cost it carries, in chunks that never move; the hash table holds a row's
 * hash of 32 bits beside its handle, so that a probe seldom touches a row that is not the one, and growing none at all.
 */
#include "aggregate/row.h"

#include <stdlib.h>

#include "aggregate/row_order.h"
#include "base/hash.h"
#include "model/account.h"

#define CHUNK_BYTES ((size_t)512 * 1024)
#define MEMOS_MIN 256
#define MEMOS_MAX 32768
#define MEMOS_OF_FACTS 2
#define HANDLE_UNIT 8u /* handles count 8-byte units: 16 bits of chunk offset, 16 bits and more of chunk number */

struct row {
    uint64_t account;
    int64_t usage_end_ms;
    uint64_t usage_events;
    uint32_t bucket_hour;                  /* hours since 1970 */
    uint32_t facts, resource, description; /* interned numbers; INTERN_NONE */
    int32_t period;
    uint32_t word; /* the owner's */
    uint8_t carried;
    bool has_amount, anew;
    struct sum sums[]; /* amount, then the carried costs in their order */
};

struct row_table {
    enum granularity granularity;
    bool resource_ids;
    struct intern facts, resources, descriptions;
    char **chunks;
    size_t chunk_count, chunk_capacity, chunk_used;
    uint64_t *slots; /* high half: hash, low half: handle + 1; 0 is free */
    size_t slot_count, count;
    uint32_t *order;  /* handles; NULL until sorted */
    uint8_t *carried; /* by facts */
    size_t carried_capacity;
    struct row_memo *memos; /* by account and facts */
    size_t memo_count;
};

int row_identity_compare(const struct row_identity *a, const struct row_identity *b)
{
    if (a->period != b->period)
        return a->period < b->period ? -1 : 1;
    if (a->bucket_ms != b->bucket_ms)
        return a->bucket_ms < b->bucket_ms ? -1 : 1;
    if (a->account != b->account)
        return a->account < b->account ? -1 : 1;
    int order = text_compare(a->resource, b->resource);
    return order ? order : text_compare(a->facts, b->facts);
}

int row_view_compare(const struct row_view *a, const struct row_view *b)
{
    struct row_identity left = row_view_identity(a), right = row_view_identity(b);
    return row_identity_compare(&left, &right);
}

static void keep_smaller_description(struct text *kept, struct text other)
{
    if (other.size && (kept->size == 0 || text_compare(other, *kept) < 0))
        *kept = other;
}

void row_values_settle(struct row_values *values)
{
    bool zero = sum_is_zero(&values->amount);
    if ((int64_t)values->usage_events > 0)
        return;
    for (size_t i = 0; i < CARRIED_COUNT; i++)
        zero = zero && sum_is_zero(&values->costs[i]);
    values->usage_events = !zero;
}

static void begin_anew(struct row_view *row)
{
    row->values.anew = true;
    row->values.usage_end_ms = USAGE_END_NONE;
    row->values.has_amount = false;
    row->description = TEXT_NONE;
}

void row_view_fold(struct row_view *row, const struct row_view *other)
{
    struct row_values *values = &row->values;
    if (other->values.anew)
        begin_anew(row);
    values->usage_events += other->values.usage_events;
    if (other->values.usage_end_ms > values->usage_end_ms)
        values->usage_end_ms = other->values.usage_end_ms;
    values->has_amount = values->has_amount || other->values.has_amount;
    sum_add_sum(&values->amount, &other->values.amount);
    for (size_t i = 0; i < CARRIED_COUNT; i++)
        sum_add_sum(&values->costs[i], &other->values.costs[i]);
    keep_smaller_description(&row->description, other->description);
}

struct row_table *row_table_new(enum granularity granularity, bool resource_ids)
{
    struct row_table *table = memory_new(sizeof *table);
    table->granularity = granularity;
    table->resource_ids = resource_ids;
    return table;
}

static struct row *row_at(const struct row_table *table, uint32_t handle)
{
    size_t units_per_chunk = CHUNK_BYTES / HANDLE_UNIT;
    return (struct row *)(void *)(table->chunks[handle / units_per_chunk] + handle % units_per_chunk * HANDLE_UNIT);
}

static uint32_t add_row(struct row_table *table, size_t size)
{
    if (table->chunk_count == 0 || CHUNK_BYTES - table->chunk_used < size) {
        table->chunks = memory_reserve_one(table->chunks, table->chunk_count, &table->chunk_capacity, sizeof *table->chunks);
        table->chunks[table->chunk_count++] = memory_new(CHUNK_BYTES);
        table->chunk_used = 0;
    }
    size_t units = (table->chunk_count - 1) * (CHUNK_BYTES / HANDLE_UNIT) + table->chunk_used / HANDLE_UNIT;
    CHECK(units < UINT32_MAX);
    table->chunk_used += size;
    return (uint32_t)units;
}

/* Of what an event says, so that it is known before the texts have their numbers. */
static uint32_t identity_hash(const struct row_identity *identity, const struct row_hashes *hashes)
{
    uint32_t bucket_hour = (uint32_t)(identity->bucket_ms / HOUR_MS);
    return (uint32_t)hash_mix(hash_mix(identity->account, bucket_hour) ^ hashes->facts,
                              identity->resource.size ? hashes->resource : 0);
}

static uint32_t slot_hash(uint64_t slot)
{
    return (uint32_t)(slot >> 32);
}

static uint64_t slot_value(uint32_t hash, uint32_t handle)
{
    return (uint64_t)hash << 32 | (handle + 1);
}

/* A walk over all rows as they lie in memory: fast where a walk over the slots would jump. */
struct row_walk {
    size_t chunk, at;
};

/* False behind the last row. The rest of a chunk, too small for the row that came next, is zero: no row has month 0. */
static bool walk_next(const struct row_table *table, struct row_walk *walk, uint32_t *handle)
{
    for (; walk->chunk < table->chunk_count; walk->chunk++, walk->at = 0) {
        size_t end = walk->chunk + 1 == table->chunk_count ? table->chunk_used : CHUNK_BYTES;
        const struct row *row = (const void *)(table->chunks[walk->chunk] + walk->at);
        if (end - walk->at < sizeof *row || row->period == 0)
            continue;
        *handle = (uint32_t)(walk->chunk * (CHUNK_BYTES / HANDLE_UNIT) + walk->at / HANDLE_UNIT);
        walk->at += sizeof *row + (1 + (size_t)__builtin_popcount(row->carried)) * sizeof(struct sum);
        return true;
    }
    return false;
}

static void rehash(struct row_table *table, size_t slot_count)
{
    uint64_t *old = table->slots;
    size_t old_count = table->slot_count;
    table->slots = memory_new_table(slot_count, sizeof *table->slots);
    table->slot_count = slot_count;
    for (size_t i = 0; i < old_count; i++) {
        size_t slot = slot_hash(old[i]) & (slot_count - 1);
        if (old[i] == 0)
            continue;
        while (table->slots[slot] != 0)
            slot = (slot + 1) & (slot_count - 1);
        table->slots[slot] = old[i];
    }
    free(old);
}

static bool same_row(const struct row *a, const struct row *b)
{
    return a->account == b->account && a->bucket_hour == b->bucket_hour && a->facts == b->facts &&
           a->resource == b->resource && a->period == b->period;
}

static uint32_t find_or_add(struct row_table *table, const struct row *wanted, uint32_t hash)
{
    if (table->count * 10 >= table->slot_count * 6)
        rehash(table, table->slot_count ? table->slot_count * 2 : 1024);
    size_t mask = table->slot_count - 1;
    size_t slot = hash & mask;
    for (; table->slots[slot] != 0; slot = (slot + 1) & mask) {
        if (slot_hash(table->slots[slot]) != hash)
            continue;
        uint32_t found = (uint32_t)table->slots[slot] - 1;
        if (same_row(row_at(table, found), wanted))
            return found;
    }
    size_t sums = 1 + (size_t)__builtin_popcount(wanted->carried);
    uint32_t handle = add_row(table, sizeof *wanted + sums * sizeof(struct sum));
    table->slots[slot] = slot_value(hash, handle);
    table->count++;
    *row_at(table, handle) = *wanted;
    return handle;
}

static void fold_costs(struct row *row, const struct usage_event *event)
{
    const struct {
        enum usage_event_field field;
        i128 value;
    } costs[CARRIED_COUNT] = {
        [CARRIED_PUBLIC_COST] = { USAGE_EVENT_public_on_demand_cost, event->public_on_demand_cost },
        [CARRIED_UNBLENDED] = { USAGE_EVENT_unblended_cost, event->unblended_cost },
        [CARRIED_NET_UNBLENDED] = { USAGE_EVENT_net_unblended_cost, event->net_unblended_cost },
        [CARRIED_RESERVATION] = { USAGE_EVENT_reservation_effective_cost, event->reservation_effective_cost },
        [CARRIED_SAVINGS_PLAN] = { USAGE_EVENT_savings_plan_effective_cost, event->savings_plan_effective_cost },
    };
    struct sum *sum = &row->sums[1];
    for (size_t i = 0; i < CARRIED_COUNT; i++)
        if (record_has(event, costs[i].field))
            sum_add(sum++, costs[i].value);
}

static void fold_description(struct row_table *table, struct row *row, struct text description)
{
    if (description.size == 0)
        return;
    if (row->description != INTERN_NONE &&
        text_compare(intern_text(&table->descriptions, row->description), description) <= 0)
        return;
    row->description = intern_add(&table->descriptions, description);
}

struct row_identity row_table_identity(const struct row_table *table, const struct usage_event *event, struct text facts,
                                       billing_period period)
{
    return (struct row_identity){
        .period = period,
        .bucket_ms = bucket_start(event->usage_start, table->granularity),
        .account = account_parse(event->usage_account_id),
        .resource = table->resource_ids ? event->resource_id : TEXT_NONE,
        .facts = facts,
    };
}

uint32_t row_table_take(struct row_table *table, const struct row_identity *identity)
{
    struct row_hashes hashes = row_hashes_of(identity->facts, identity->resource);
    return row_table_take_hashed(table, identity, &hashes);
}

void row_table_expect(const struct row_table *table, const struct row_identity *identity, const struct row_hashes *hashes,
                      unsigned step)
{
    intern_expect(&table->facts, hashes->facts, step);
    if (identity->resource.size)
        intern_expect(&table->resources, hashes->resource, step);
    if (table->slot_count == 0 || step == 2)
        return;
    uint32_t hash = identity_hash(identity, hashes);
    const uint64_t *slot = &table->slots[hash & (table->slot_count - 1)];
    if (step == 0)
        __builtin_prefetch(slot, 1);
    else if (*slot != 0 && slot_hash(*slot) == hash)
        __builtin_prefetch(row_at(table, (uint32_t)*slot - 1), 1);
}

uint32_t row_table_take_hashed(struct row_table *table, const struct row_identity *identity, const struct row_hashes *hashes)
{
    size_t known = table->facts.count;
    struct row wanted = {
        .account = identity->account,
        .usage_end_ms = USAGE_END_NONE,
        .period = identity->period,
        .bucket_hour = (uint32_t)(identity->bucket_ms / HOUR_MS),
        .facts = intern_add_hashed(&table->facts, identity->facts, hashes->facts),
        .resource = identity->resource.size ? intern_add_hashed(&table->resources, identity->resource, hashes->resource)
                                            : INTERN_NONE,
        .description = INTERN_NONE,
    };
    /* Taken apart once for all rows that share them. */
    if (table->facts.count > known) {
        table->carried = memory_reserve_one(table->carried, known, &table->carried_capacity, 1);
        table->carried[known] = facts_carried(identity->facts);
    }
    wanted.carried = table->carried[wanted.facts];
    return find_or_add(table, &wanted, identity_hash(identity, hashes));
}

void row_table_add_event(struct row_table *table, uint32_t handle, const struct usage_event *event)
{
    struct row *row = row_at(table, handle);
    row->usage_events += (uint64_t)usage_event_count(event);
    if (event->correction.anew) {
        row->anew = true;
        row->usage_end_ms = USAGE_END_NONE;
        row->has_amount = false;
        row->description = INTERN_NONE;
    }
    if (record_has(event, USAGE_EVENT_usage_end) && event->usage_end > row->usage_end_ms)
        row->usage_end_ms = event->usage_end;
    if (record_has(event, USAGE_EVENT_usage_amount)) {
        row->has_amount = row->has_amount || !event->correction.without_amount;
        sum_add(&row->sums[0], event->usage_amount);
    }
    fold_costs(row, event);
    fold_description(table, row, event->description);
}

void row_table_fold_into(struct row_table *table, const struct usage_event *event, struct text facts, billing_period period)
{
    struct row_identity identity = row_table_identity(table, event, facts, period);
    row_table_add_event(table, row_table_take(table, &identity), event);
}

void row_table_fold(struct row_table *table, const struct usage_event *event, struct text facts)
{
    row_table_fold_into(table, event, facts, usage_event_period(event));
}

void row_table_set(struct row_table *table, uint32_t handle, const struct row_values *values, struct text description)
{
    struct row *row = row_at(table, handle);
    row->usage_events = values->usage_events;
    row->usage_end_ms = values->usage_end_ms;
    row->has_amount = values->has_amount;
    row->anew = values->anew;
    row->sums[0] = values->amount;
    struct sum *sum = &row->sums[1];
    for (size_t i = 0; i < CARRIED_COUNT; i++)
        if ((row->carried >> i) & 1)
            *sum++ = values->costs[i];
    row->description = description.size ? intern_add(&table->descriptions, description) : INTERN_NONE;
}

uint32_t *row_table_word(struct row_table *table, uint32_t handle)
{
    return &row_at(table, handle)->word;
}

uint32_t row_table_handle(const struct row_table *table, size_t position)
{
    CHECK(table->order && position < table->count);
    return table->order[position];
}

/* A memo is lost when another takes its place: the table has room for some for each facts, and a bound. */
struct row_memo *row_table_memo(struct row_table *table, uint32_t handle)
{
    const struct row *row = row_at(table, handle);
    if (table->memo_count < MEMOS_MAX && table->memo_count < table->facts.count * MEMOS_OF_FACTS) {
        table->memo_count = table->memo_count ? table->memo_count * 2 : MEMOS_MIN;
        free(table->memos);
        table->memos = memory_new_table(table->memo_count, sizeof *table->memos);
    }
    struct row_memo *memo = &table->memos[hash_mix(row->account, row->facts) & (table->memo_count - 1)];
    if (memo->account != row->account || memo->facts != row->facts)
        *memo = (struct row_memo){ .account = row->account, .facts = row->facts };
    return memo;
}

size_t row_table_count(const struct row_table *table)
{
    return table->count;
}

size_t row_table_bytes(const struct row_table *table)
{
    /* What sorting takes is counted before it is taken: a table must fit together with its order. */
    return table->chunk_count * CHUNK_BYTES + table->slot_count * sizeof *table->slots +
           table->count * sizeof(struct row_rank) + intern_bytes(&table->facts) + intern_bytes(&table->resources) +
           intern_bytes(&table->descriptions) + table->memo_count * sizeof *table->memos;
}

static struct text account_text(const uint8_t bytes[sizeof(uint64_t)])
{
    return (struct text){ (const char *)bytes, sizeof(uint64_t) };
}

/* Accounts by their big-endian bytes, whose order is theirs. */
static uint32_t account_number(struct intern *accounts, uint64_t account)
{
    uint8_t bytes[sizeof account];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(account >> (56 - 8 * i));
    return intern_add(accounts, account_text(bytes));
}

/* The rank of each row, its account by number yet. */
static struct row_rank *rank_rows(const struct row_table *table, struct intern *accounts)
{
    uint32_t *facts = row_order_rank_texts(&table->facts), *resources = row_order_rank_texts(&table->resources);
    struct row_rank *ranks = memory_new_array(table->count, sizeof *ranks);
    struct row_walk walk = { 0 };
    uint32_t handle;
    size_t count = 0;
    while (walk_next(table, &walk, &handle)) {
        const struct row *row = row_at(table, handle);
        ranks[count++] = (struct row_rank){
            .parts = { [RANK_PERIOD] = (uint32_t)row->period,
                       [RANK_HOUR] = row->bucket_hour,
                       [RANK_ACCOUNT] = account_number(accounts, row->account),
                       [RANK_RESOURCE] = row->resource == INTERN_NONE ? 0 : resources[row->resource] + 1,
                       [RANK_FACTS] = facts[row->facts] },
            .handle = handle,
        };
    }
    CHECK(count == table->count);
    free(facts);
    free(resources);
    return ranks;
}

void row_table_sort(struct row_table *table)
{
    struct intern accounts = { 0 };
    struct row_rank *ranks = rank_rows(table, &accounts);
    uint32_t *places = row_order_rank_texts(&accounts);
    for (size_t i = 0; i < table->count; i++)
        ranks[i].parts[RANK_ACCOUNT] = places[ranks[i].parts[RANK_ACCOUNT]];
    free(table->order);
    table->order = row_order_make(ranks, table->count);
    free(places);
    free(ranks);
    intern_done(&accounts);
}

void row_table_read(const struct row_table *table, uint32_t handle, struct row_view *view)
{
    const struct row *row = row_at(table, handle);
    *view = (struct row_view){
        .period = row->period,
        .bucket_ms = (int64_t)row->bucket_hour * HOUR_MS,
        .account = row->account,
        .resource = row->resource == INTERN_NONE ? TEXT_NONE : intern_text(&table->resources, row->resource),
        .facts = intern_text(&table->facts, row->facts),
        .description = row->description == INTERN_NONE ? TEXT_NONE : intern_text(&table->descriptions, row->description),
        .values = { .usage_events = row->usage_events,
                    .usage_end_ms = row->usage_end_ms,
                    .has_amount = row->has_amount,
                    .anew = row->anew,
                    .amount = row->sums[0] },
    };
    const struct sum *sum = &row->sums[1];
    for (size_t i = 0; i < CARRIED_COUNT; i++)
        if ((row->carried >> i) & 1)
            view->values.costs[i] = *sum++;
}

void row_table_expect_read(const struct row_table *table, uint32_t handle, unsigned step)
{
    const struct row *row = row_at(table, handle);
    if (step == 0) {
        memory_expect(row, sizeof *row + sizeof row->sums[0]);
        return;
    }
    intern_expect_text(&table->facts, row->facts, step);
    if (row->resource != INTERN_NONE)
        intern_expect_text(&table->resources, row->resource, step);
}

uint64_t row_table_events(const struct row_table *table, uint32_t handle)
{
    return row_at(table, handle)->usage_events;
}

struct row_identity row_table_identity_of(const struct row_table *table, uint32_t handle)
{
    const struct row *row = row_at(table, handle);
    return (struct row_identity){
        .period = row->period,
        .bucket_ms = (int64_t)row->bucket_hour * HOUR_MS,
        .account = row->account,
        .resource = row->resource == INTERN_NONE ? TEXT_NONE : intern_text(&table->resources, row->resource),
        .facts = intern_text(&table->facts, row->facts),
    };
}

void row_table_view(const struct row_table *table, size_t position, struct row_view *view)
{
    row_table_read(table, row_table_handle(table, position), view);
}

void row_table_reset(struct row_table *table)
{
    for (size_t i = 0; i < table->chunk_count; i++)
        free(table->chunks[i]);
    free(table->chunks);
    free(table->slots);
    free(table->order);
    free(table->carried);
    free(table->memos);
    table->carried = NULL;
    table->memos = NULL;
    table->carried_capacity = table->memo_count = 0;
    intern_reset(&table->facts);
    intern_reset(&table->resources);
    intern_reset(&table->descriptions);
    table->chunks = NULL;
    table->slots = NULL;
    table->order = NULL;
    table->chunk_count = table->chunk_capacity = table->chunk_used = table->slot_count = table->count = 0;
}

struct row_table *row_table_new_like(const struct row_table *table)
{
    return row_table_new(table->granularity, table->resource_ids);
}

void row_table_swap(struct row_table *table, struct row_table *other)
{
    struct row_table held = *table;
    *table = *other;
    *other = held;
}

void row_table_free(struct row_table *table)
{
    if (!table)
        return;
    row_table_reset(table);
    free(table);
}
