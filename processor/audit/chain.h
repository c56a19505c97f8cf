/*
 * audit/chain.h: the versions of one line item, in their order: what each adds must be what it has more than the one before,
 * and revisions only grow (SEMANTICS 3.3). Pure.
 */
#ifndef AUDIT_CHAIN_H
#define AUDIT_CHAIN_H

#include "base/buffer.h"
#include "money/sum.h"

struct audit_version {
    int64_t offset, revision;
    bool is_null;                /* deleted; has no revision and no cost */
    struct sum cost, cost_delta; /* COST_SCALE */
};

struct audit_chain {
    bool is_whole; /* nothing has been compacted: the first version is the first there was */
    bool begun;
    struct audit_version last;
    int64_t revision; /* the highest */
    size_t faults;
    bool beginning_lost; /* its first versions have been compacted away */
};

void audit_chain_begin(struct audit_chain *chain, bool is_whole);
/* Appends a line for each fault: "line item ID at offset 7: …". */
void audit_chain_take(struct audit_chain *chain, struct text id, const struct audit_version *version, struct buffer *out);

#endif
