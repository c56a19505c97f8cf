/*
 * pipeline/ledger_stored.h: what the ledger keeps in its store, as bytes: leaves, a row's parts, totals, pools, the point.
 * Not for others.
 */
#ifndef PIPELINE_LEDGER_STORED_H
#define PIPELINE_LEDGER_STORED_H

#include "pipeline/ledger_parts.h"

void stored_parts_write(const struct entry *entry, struct buffer *out);
/* In place of the parts that the entry has. */
MUST_USE bool stored_parts_read(struct ledger *ledger, struct entry *entry, struct text bytes, struct error *error);

void stored_leaf_write(const struct leaf *leaf, struct buffer *out);
/* Into the directory. */
MUST_USE bool stored_leaf_read(struct ledger *ledger, const struct leaf_key *key, struct text value, struct error *error);

void stored_total_write(const struct ledger *ledger, billing_period period, const struct total *total,
                        const struct totals *totals, struct buffer *key, struct buffer *value);
/* PERIOD_NONE: no such key. */
billing_period stored_total_period(struct text key);
/* `groups`: ids of the billing groups of the month's document, each interned as its place. */
MUST_USE bool stored_total_read(struct ledger *ledger, const struct intern *groups, struct text key, struct text value,
                                struct error *error);

void stored_point_write(const struct ledger *ledger, const struct ledger_point *point, struct buffer *out);
/* *usable: it was written under the same settings. Texts borrow from `bytes`. */
MUST_USE bool stored_point_read(struct ledger *ledger, struct text bytes, struct ledger_point *point, bool *usable,
                                struct error *error);

#endif
