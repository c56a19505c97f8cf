/*
 * audit/entry.h: what several topics say of one key, and whether they say the same (SEMANTICS 1: every way to add up a bill
 * gives the same number). Pure.
 */
#ifndef AUDIT_ENTRY_H
#define AUDIT_ENTRY_H

#include "base/buffer.h"
#include "base/hash.h"
#include "money/sum.h"

/* What a key is of. */
enum audit_kind {
    AUDIT_BILL,         /* group/period/account/service/type */
    AUDIT_SUBTOTAL,     /* task/group/period/account/service/type */
    AUDIT_REPORT,       /* group/period/account: a manifest's key */
    AUDIT_REPORT_TOTAL, /* group/period/account, and a service */
    AUDIT_REPORT_ROW,   /* group/id without its task */
    AUDIT_KIND_COUNT
};

enum audit_source { AUDIT_LINE_ITEMS, AUDIT_SUBTOTALS, AUDIT_BILLS, AUDIT_CUR_ROWS, AUDIT_MANIFESTS, AUDIT_SOURCE_COUNT };

enum audit_figure {
    AUDIT_ROWS,
    AUDIT_USAGE_EVENTS,
    AUDIT_COST,
    AUDIT_PUBLIC_COST,
    AUDIT_BILLABLE_COST,
    AUDIT_TAX,
    AUDIT_CHECKSUM,
    AUDIT_OFFSETS, /* a manifest's hold the rows' */
    AUDIT_FIGURE_COUNT
};

/* What one source says; parts of it add up. Zero is nothing said. */
struct audit_figures {
    bool said;
    int64_t rows, usage_events;
    struct sum amounts[AUDIT_FIGURE_COUNT]; /* AUDIT_COST to AUDIT_TAX */
    struct hash128 checksum;
    bool has_offsets;
    int64_t first_partition, last_partition, first_offset, last_offset;
};

struct audit_entry {
    struct audit_figures of[AUDIT_SOURCE_COUNT];
};

void audit_figures_add(struct audit_figures *figures, const struct audit_figures *part);
void audit_figures_add_offset(struct audit_figures *figures, int64_t partition, int64_t offset);

const char *audit_kind_text(enum audit_kind kind);

/*
 * Appends a line for each figure in which a source differs from the first one of its kind: with the key and every digit.
 * `may_lack`: sources, as bits, that need not speak (subtotals of a closed month are deleted). Returns how many there are.
 */
size_t audit_entry_compare(enum audit_kind kind, struct text key, const struct audit_entry *entry, unsigned may_lack,
                           struct buffer *out);

/* As stored bytes, and back. False: they are none. */
void audit_entry_write(const struct audit_entry *entry, struct buffer *out);
MUST_USE bool audit_entry_add_stored(struct audit_entry *entry, struct text bytes);

#endif
