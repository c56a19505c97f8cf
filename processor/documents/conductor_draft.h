/*
 * documents/conductor_draft.h: a conductor document while it is being read. Private to the conductor_*.c files here.
 *
 * The keys of a document come in any order, so references stay numbers of interned ids until all is read
 * (conductor_read*.c); then they become indexes (conductor_resolve.c) and the rules between entities are checked
 * (conductor_check.c). Every element gets an entry, broken or not: an index is also its place in the JSON array.
 */
#ifndef DOCUMENTS_CONDUCTOR_DRAFT_H
#define DOCUMENTS_CONDUCTOR_DRAFT_H

#include "base/intern.h"
#include "documents/arn.h"
#include "documents/json_node.h"
#include "model/conductor.h"

/* Top-level keys, in the order of the walk's targets. */
enum section {
    SECTION_GROUPS,
    SECTION_ACCOUNTS,
    SECTION_PLANS,
    SECTION_PLAN_RULES,
    SECTION_RULES,
    SECTION_ITEMS,
    SECTION_VERSIONS,
    SECTION_INPUTS,
    SECTION_PERIOD,
    SECTION_CURRENCY,
    SECTION_NEXT_TOKEN,
    SECTION_COUNT
};
extern const char *const section_names[SECTION_COUNT];

#define INDEX_NONE UINT32_MAX

/* Where a reference stands: an element of a section, and of the list inside it (INDEX_NONE: not in a list). */
struct origin {
    uint32_t index, element;
    enum section section;
};

/* An id and the account of its ARN, as numbers of the draft's interned texts. INTERN_NONE: none given. */
struct reference {
    uint32_t id, account;
};

struct group_draft {
    struct reference self, plan;
    bool is_complete; /* has a usable primary account */
};

struct member_draft {
    uint64_t account;
    struct reference group; /* of LinkedAccounts */
    uint32_t group_index;   /* of LinkedAccountIds; else INDEX_NONE until resolved */
    struct origin origin;
};

struct plan_draft {
    struct reference self;
};

struct plan_rule_draft {
    struct reference plan, rule;
    uint32_t plan_index; /* of PricingRuleArns in a plan; else INDEX_NONE until resolved */
    struct origin origin;
};

struct rule_draft {
    struct reference self;
    bool is_sound; /* scope, type and selectors hold: it can be compared with others */
};

struct item_draft {
    struct reference self, group;
    bool names_account, has_charge;
    uint64_t account;     /* the named one; 0 if none or broken */
    const char *currency; /* static, or NULL */
};

struct version_draft {
    struct reference item;
    uint32_t item_index; /* of BillingPeriodRange in an item; else INDEX_NONE until resolved */
    billing_period start, end;
    struct origin origin;
};

struct input_draft {
    struct reference item;
    uint32_t item_index; /* of AssociatedValues in an item; else INDEX_NONE until resolved */
    struct reference resource;
    bool is_bare, is_group; /* bare: the resource's type is not known yet */
    billing_period end;
    struct origin origin;
};

/* How many others an entity says that it has: AWS's own count, of which a reply cut short gives fewer. */
struct claim {
    enum section section;
    uint32_t index;
    uint64_t count;
};

/* Replies of one list, paged: as many as say that more follow are not the last. */
struct pages {
    uint32_t index; /* of the first reply */
    size_t replies, tokens;
};

struct draft {
    struct conductor *conductor;
    struct problems *problems;
    struct intern ids, accounts; /* of ARNs; one space for all types */
    size_t group_capacity, plan_capacity, rule_capacity, item_capacity;
    struct group_draft *groups;
    struct plan_draft *plans;
    struct rule_draft *rules;
    struct item_draft *items;
    size_t group_draft_capacity, plan_draft_capacity, rule_draft_capacity, item_draft_capacity;
    struct member_draft *members;
    size_t member_count, member_capacity;
    struct plan_rule_draft *plan_rules;
    size_t plan_rule_count, plan_rule_capacity;
    struct version_draft *versions;
    size_t version_count, version_capacity;
    struct input_draft *inputs;
    size_t input_count, input_capacity;
    uint32_t *index_of[ARN_TYPE_COUNT]; /* by number of the id; INDEX_NONE if not declared */
    bool has_groups;
    bool must_be_whole; /* counts and tokens are held against what is there */
    struct claim *claims;
    size_t claim_count, claim_capacity;
    struct intern paged; /* plans and items that replies are of, by section and ARN */
    struct pages *pages; /* by number in `paged` */
    size_t pages_capacity;
};

/* conductor_draft.c */
struct text draft_copy(struct draft *draft, struct text text);
/* A reference of one of the allowed types, with its parsed ARN. False: absent or a problem. */
bool draft_read_arn(struct draft *draft, const struct node *node, unsigned allowed_types, struct reference *ret,
                    struct arn *ret_arn);
bool draft_read_reference(struct draft *draft, const struct node *node, enum arn_type type, struct reference *ret);
/* The id of an entity: its Arn or, in the create forms, `otherwise`. Sets *ret_id to a copy. */
struct reference draft_read_self(struct draft *draft, const struct node *entity, enum arn_type type, struct text otherwise,
                                 struct text *ret_id);
struct text draft_read_name(struct draft *draft, const struct node *entity);
bool draft_read_period(const struct node *node, billing_period *ret);
/* Requires a member to be there. */
bool draft_require(const struct node *node, enum problem_reason reason, const char *expected);

/* The problem of a reference or entity after reading; `member` may be NULL. */
void draft_problem(struct draft *draft, struct origin origin, const char *member, enum problem_reason reason,
                   struct text value, const char *expected);
const struct linked_account *conductor_find_account(const struct conductor *conductor, uint64_t account);

/* conductor_read_group.c, conductor_read_rule.c, conductor_read_item.c: one element each */
void draft_read_group(struct draft *draft, const struct node *node);
void draft_read_linked_account(struct draft *draft, const struct node *node);
void draft_read_plan(struct draft *draft, const struct node *node);
void draft_read_plan_rules(struct draft *draft, const struct node *node);
void draft_read_rule(struct draft *draft, const struct node *node);
void draft_read_item(struct draft *draft, const struct node *node);
void draft_read_version(struct draft *draft, const struct node *node);
void draft_read_inputs(struct draft *draft, const struct node *node);

/* conductor_resolve.c */
void draft_resolve(struct draft *draft);
/* conductor_resolve_item.c */
void draft_resolve_items(struct draft *draft);
/* Finds what a reference means; reports a missing entity or one declared under another account. */
uint32_t draft_find(struct draft *draft, struct reference reference, enum arn_type type, struct origin origin,
                    const char *member);
/* conductor_whole.c */
void draft_note_claims(struct draft *draft, enum section section, const struct node *node);
void draft_check_whole(struct draft *draft);
void draft_whole_done(struct draft *draft);
/* conductor_check.c */
void draft_check(struct draft *draft);

#endif
