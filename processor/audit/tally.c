/* audit/tally.c: a table of entries; a full one goes to the store, where parts of a key lie side by side. */
#include "audit/tally.h"

#include <stdlib.h>

#include "base/intern.h"
#include "store/bytes.h"

#define BATCH_BYTES ((size_t)1024 * 1024)
#define SPILL_BYTES 8

struct tally {
    struct rocks *rocks;
    struct rocks_batch *batch;
    struct intern keys; /* a byte for the kind, then the key */
    struct audit_entry *entries;
    size_t capacity, keys_max;
    uint64_t spills;
    struct buffer key, value;
};

struct tally *tally_new(struct rocks *rocks, size_t keys_in_memory)
{
    struct tally *tally = memory_new(sizeof *tally);
    tally->rocks = rocks;
    tally->batch = rocks_batch_new();
    tally->keys_max = keys_in_memory;
    return tally;
}

void tally_free(struct tally *tally)
{
    if (!tally)
        return;
    rocks_batch_free(tally->batch);
    intern_done(&tally->keys);
    free(tally->entries);
    buffer_done(&tally->key);
    buffer_done(&tally->value);
    free(tally);
}

/* A key is its kind, its bytes, a zero byte and the number of the spill: no key is the beginning of another. */
static bool spill(struct tally *tally, struct error *error)
{
    for (uint32_t i = 0; i < tally->keys.count; i++) {
        buffer_clear(&tally->key);
        buffer_clear(&tally->value);
        buffer_append_text(&tally->key, intern_text(&tally->keys, i));
        buffer_append_byte(&tally->key, '\0');
        bytes_put_big_endian(&tally->key, tally->spills, SPILL_BYTES);
        audit_entry_write(&tally->entries[i], &tally->value);
        rocks_batch_put(tally->batch, buffer_text(&tally->key), buffer_text(&tally->value));
        if (rocks_batch_bytes(tally->batch) >= BATCH_BYTES && !rocks_write(tally->rocks, tally->batch, error))
            return false;
    }
    intern_done(&tally->keys);
    tally->spills++;
    return rocks_write(tally->rocks, tally->batch, error);
}

bool tally_add(struct tally *tally, enum audit_kind kind, struct text key, enum audit_source source,
               const struct audit_figures *part, struct error *error)
{
    if (tally->keys.count >= tally->keys_max && !spill(tally, error))
        return false;
    buffer_clear(&tally->key);
    buffer_append_byte(&tally->key, (char)kind);
    buffer_append_text(&tally->key, key);
    size_t before = tally->keys.count;
    uint32_t at = intern_add(&tally->keys, buffer_text(&tally->key));
    if (tally->keys.count > before) {
        tally->entries = memory_reserve_one(tally->entries, at, &tally->capacity, sizeof *tally->entries);
        tally->entries[at] = (struct audit_entry){ 0 };
    }
    struct audit_figures said = *part;
    said.said = true;
    audit_figures_add(&tally->entries[at].of[source], &said);
    return true;
}

/* ---- comparing ---- */

struct comparison {
    const unsigned *may_lack;
    void (*tell)(void *context, struct text lines);
    void *context;
    struct tally_result *result;
    struct buffer key, lines; /* the key at hand, empty before the first */
    struct audit_entry entry;
};

static void compare_entry(struct comparison *comparison)
{
    if (comparison->key.size == 0)
        return;
    enum audit_kind kind = (enum audit_kind)comparison->key.data[0];
    struct text key = { comparison->key.data + 1, comparison->key.size - 1 };
    buffer_clear(&comparison->lines);
    comparison->result->keys[kind]++;
    size_t found = audit_entry_compare(kind, key, &comparison->entry, comparison->may_lack[kind], &comparison->lines);
    comparison->result->differences += found;
    if (found > 0)
        comparison->tell(comparison->context, buffer_text(&comparison->lines));
}

static bool take_part(struct comparison *comparison, struct text stored, struct text value, struct error *error)
{
    struct text key = { stored.data, stored.size - SPILL_BYTES - 1 };
    if (!text_equal(key, buffer_text(&comparison->key))) {
        compare_entry(comparison);
        buffer_clear(&comparison->key);
        buffer_append_text(&comparison->key, key);
        comparison->entry = (struct audit_entry){ 0 };
    }
    return audit_entry_add_stored(&comparison->entry, value) ||
           error_fail(error, ERROR_FAILED, "verify: what was written to disk cannot be read back");
}

bool tally_compare(struct tally *tally, const unsigned may_lack[AUDIT_KIND_COUNT],
                   void (*tell)(void *context, struct text lines), void *context, struct tally_result *result,
                   struct error *error)
{
    struct comparison comparison = { .may_lack = may_lack, .tell = tell, .context = context, .result = result };
    struct text key, value;
    if (!spill(tally, error))
        return false;
    struct rocks_iterator *iterator = rocks_iterate(tally->rocks, TEXT_NONE);
    bool done = true;
    while (done && rocks_iterator_next(iterator, &key, &value))
        done = take_part(&comparison, key, value, error);
    done = done && rocks_iterator_check(iterator, error);
    rocks_iterator_close(iterator);
    if (done)
        compare_entry(&comparison);
    buffer_done(&comparison.key);
    buffer_done(&comparison.lines);
    return done;
}
