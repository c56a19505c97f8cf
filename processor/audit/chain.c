/* audit/chain.c: one version after the other. */
#include "audit/chain.h"

void audit_chain_begin(struct audit_chain *chain, bool is_whole)
{
    *chain = (struct audit_chain){ .is_whole = is_whole };
}

static void tell_place(struct audit_chain *chain, struct text id, const struct audit_version *version, struct buffer *out)
{
    buffer_printf(out, "line item %.*s at offset %lld: ", TEXT_ARGS(id), (long long)version->offset);
    chain->faults++;
}

static void tell_delta(struct audit_chain *chain, struct text id, const struct audit_version *version,
                       const struct sum *before, struct buffer *out)
{
    char from[SUM_TEXT_MAX], delta[SUM_TEXT_MAX], to[SUM_TEXT_MAX];
    sum_format(before, COST_SCALE, from);
    sum_format(&version->cost_delta, COST_SCALE, delta);
    sum_format(&version->cost, COST_SCALE, to);
    tell_place(chain, id, version, out);
    buffer_printf(out, "cost before %s, cost_delta %s, cost %s\n", from, delta, to);
}

static void take_value(struct audit_chain *chain, struct text id, const struct audit_version *version, struct buffer *out)
{
    struct sum before = chain->last.cost, expected = before;
    sum_add_sum(&expected, &version->cost_delta);
    bool adds_up = sum_equal(&expected, &version->cost);
    if (!adds_up && !chain->begun && !chain->is_whole)
        chain->beginning_lost = true;
    else if (!adds_up)
        tell_delta(chain, id, version, &before, out);
    if (version->revision <= chain->revision) {
        tell_place(chain, id, version, out);
        buffer_printf(out, "revision %lld follows revision %lld\n", (long long)version->revision,
                      (long long)chain->revision);
    } else {
        chain->revision = version->revision;
    }
}

void audit_chain_take(struct audit_chain *chain, struct text id, const struct audit_version *version, struct buffer *out)
{
    if (!version->is_null) {
        take_value(chain, id, version, out);
    } else if (!sum_is_zero(&chain->last.cost)) {
        char cost[SUM_TEXT_MAX];
        sum_format(&chain->last.cost, COST_SCALE, cost);
        tell_place(chain, id, version, out);
        buffer_printf(out, "deleted while its cost was %s\n", cost);
    }
    chain->last = *version;
    if (version->is_null)
        chain->last.cost = (struct sum){ 0 };
    chain->begun = true;
}
