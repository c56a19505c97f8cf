/*
 * model/conductor.h: one version of the conductor document, validated, as plain structs.
 *
 * Owns everything in its arena and arrays; never changes once built. Thread: any number of readers.
 * Ids are short (the last part of an ARN). Indexes are positions in the arrays of the same document.
 */
#ifndef MODEL_CONDUCTOR_H
#define MODEL_CONDUCTOR_H

#include "base/memory.h"
#include "model/calendar.h"
#include "money/decimal.h"

#define GROUP_NONE UINT32_MAX
#define RULE_NONE UINT32_MAX

/* Half-open [begin, end) in the meter's unit; the last tier of a schedule has no end. Scales: QUANTITY, RATE. */
struct tier {
    i128 begin;
    i128 end;
    i128 rate;
};
#define TIER_NO_END ((i128)(~(u128)0 >> 1))

/* Graduated tiers: contiguous, the first begins at 0, the last has TIER_NO_END. One tier: a flat rate. */
struct schedule {
    const struct tier *tiers;
    uint32_t count;
};

enum rule_scope { SCOPE_GLOBAL, SCOPE_BILLING_ENTITY, SCOPE_SERVICE, SCOPE_SKU };
enum rule_type { RULE_MARKUP, RULE_DISCOUNT, RULE_TIERING };

struct pricing_rule {
    struct text id, name;
    enum rule_scope scope;
    enum rule_type type;
    struct text service, usage_type, operation, billing_entity; /* the scope's selector; empty: any */
    i128 modifier;       /* percent at scale 2, + for MARKUP, − for DISCOUNT, 0 for TIERING */
    bool sets_free_tier; /* TIERING with FreeTier */
    bool free_tier_activated;
    struct schedule custom; /* TIERING with CustomTiers; count 0 if none */
};

enum plan_kind { PLAN_CUSTOM, PLAN_BASIC, PLAN_PASSTHROUGH };

struct pricing_plan {
    struct text id, name;
    enum plan_kind kind;
    const uint32_t *rules; /* indexes of pricing rules */
    uint32_t rule_count;
};

enum group_status { GROUP_ACTIVE, GROUP_PRIMARY_ACCOUNT_MISSING, GROUP_PENDING };

struct billing_group {
    struct text id, name, primary_account;
    struct text payer; /* from its ARN; empty for a bare id */
    enum group_status status;
    bool is_transfer, auto_associate;
    uint32_t plan;
};

struct linked_account {
    uint64_t account; /* its 12 digits as a number */
    uint32_t group;   /* GROUP_NONE: listed, in no group */
};

enum filter_attribute { FILTER_NONE, FILTER_SERVICE_EQUAL, FILTER_SERVICE_NOT_EQUAL, FILTER_NO_SAVINGS_PLAN_NEGATION };

struct custom_line_item {
    struct text id, name, description;
    uint32_t group;
    struct text account; /* who bears it: the named member or the group's primary account */
    bool is_credit, is_percentage, is_itemized;
    i128 value;          /* flat: amount at AMOUNT_SCALE; percentage: at PERCENT_SCALE. Never negative */
    struct text service; /* shown under; AWSBillingConductor by default. Empty, itemized: as the row it stands beside */
    enum filter_attribute filter;
    struct text filter_service;
    billing_period start, end;  /* [start, end); PERIOD_NONE: no such bound */
    bool own_period_only;       /* no range given: only the document's own period */
    bool of_group;              /* percentage: the group's total is in the base */
    const uint32_t *flat_items; /* percentage: indexes of flat items in the base */
    uint32_t flat_item_count;
};

struct conductor {
    struct arena arena;
    billing_period period; /* BillingPeriod; PERIOD_NONE if the document names none */
    struct text currency;  /* CurrencyCode, default USD */
    int64_t version;
    char hash[33]; /* of the content, hexadecimal: conductor_hash */
    struct billing_group *groups;
    size_t group_count;
    struct pricing_plan *plans; /* the managed plans that groups use are among them */
    size_t plan_count;
    struct pricing_rule *rules;
    size_t rule_count;
    struct custom_line_item *custom_line_items;
    size_t custom_line_item_count;
    struct linked_account *accounts; /* sorted by account, each once */
    size_t account_count;
    uint32_t auto_associate_group; /* GROUP_NONE if none */
};

void conductor_done(struct conductor *conductor);

#endif
