/*
 * audit/tally.h: what topics say, gathered by key and compared key by key. So many keys are in memory, the others are on
 * disk, whatever their number. Thread: one.
 */
#ifndef AUDIT_TALLY_H
#define AUDIT_TALLY_H

#include "audit/entry.h"
#include "store/rocks.h"

struct tally;

/* Borrows the store, which is empty. */
struct tally *tally_new(struct rocks *rocks, size_t keys_in_memory);
void tally_free(struct tally *tally);

/* Adds a part of what a source says of a key. Fails: the disk. */
MUST_USE bool tally_add(struct tally *tally, enum audit_kind kind, struct text key, enum audit_source source,
                        const struct audit_figures *part, struct error *error);

struct tally_result {
    uint64_t keys[AUDIT_KIND_COUNT];
    uint64_t differences;
};

/* Holds all against each other, in the order of keys; lines go to `tell`. `may_lack` as in audit_entry_compare, by kind. */
MUST_USE bool tally_compare(struct tally *tally, const unsigned may_lack[AUDIT_KIND_COUNT],
                            void (*tell)(void *context, struct text lines), void *context, struct tally_result *result,
                            struct error *error);

#endif
