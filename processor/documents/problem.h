/*
 * documents/problem.h: what is wrong with a document, all of it, each with its place and Billing Conductor's own code.
 *
 * Owns its texts in an arena. Only the first PROBLEMS_KEPT are kept, all are counted. Thread: one.
 */
#ifndef DOCUMENTS_PROBLEM_H
#define DOCUMENTS_PROBLEM_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"

#define PROBLEMS_KEPT 1000

/* Values of ValidationExceptionReason and ConflictExceptionReason. */
#define PROBLEM_REASONS(X)                                   \
    X(FIELD_VALIDATION_FAILED)                               \
    X(INVALID_ARN)                                           \
    X(RESOURCE_NAME_CONFLICT)                                \
    X(ACCOUNTS_ALREADY_ASSOCIATED)                           \
    X(ACCOUNTS_NOT_ASSOCIATED)                               \
    X(DUPLICATE_ACCOUNT)                                     \
    X(ILLEGAL_ACCOUNT_ID)                                    \
    X(ILLEGAL_PRIMARY_ACCOUNT)                               \
    X(PRIMARY_NOT_ASSOCIATED)                                \
    X(TOO_MANY_AUTO_ASSOCIATE_BILLING_GROUPS)                \
    X(INVALID_BILLING_GROUP_STATUS)                          \
    X(ILLEGAL_BILLING_GROUP_TYPE)                            \
    X(ILLEGAL_BILLING_GROUP_PRICING_PLAN)                    \
    X(BILLING_GROUP_ALREADY_EXIST_IN_CURRENT_BILLING_PERIOD) \
    X(MISSING_BILLINGGROUP)                                  \
    X(MISMATCHED_BILLINGGROUP_ARN)                           \
    X(MISSING_PRICING_PLAN_ARN)                              \
    X(MISSING_PRICINGPLAN)                                   \
    X(MISMATCHED_PRICINGPLAN_ARN)                            \
    X(PRICINGRULES_NOT_EXIST)                                \
    X(MISMATCHED_PRICINGRULE_ARN)                            \
    X(DUPLICATE_PRICINGRULE_ARNS)                            \
    X(PRICING_RULE_IN_PRICING_PLAN_CONFLICT)                 \
    X(ILLEGAL_SCOPE)                                         \
    X(ILLEGAL_TYPE)                                          \
    X(ILLEGAL_SERVICE)                                       \
    X(ILLEGAL_USAGE_TYPE)                                    \
    X(ILLEGAL_OPERATION)                                     \
    X(ILLEGAL_BILLING_ENTITY)                                \
    X(INVALID_SKU_COMBO)                                     \
    X(ILLEGAL_MODIFIER_PERCENTAGE)                           \
    X(ILLEGAL_TIERING_INPUT)                                 \
    X(ILLEGAL_CHARGE_DETAILS)                                \
    X(ILLEGAL_LINE_ITEM_FILTER)                              \
    X(ILLEGAL_COMPUTATION_RULE)                              \
    X(ILLEGAL_CUSTOMLINEITEM)                                \
    X(ILLEGAL_CHILD_ASSOCIATE_RESOURCE)                      \
    X(CUSTOM_LINE_ITEM_ASSOCIATION_EXISTS)                   \
    X(MISSING_CUSTOMLINEITEM)                                \
    X(MISMATCHED_CUSTOMLINEITEM_ARN)                         \
    X(ILLEGAL_BILLING_PERIOD)                                \
    X(ILLEGAL_BILLING_PERIOD_RANGE)

enum problem_reason {
#define X(name) PROBLEM_##name,
    PROBLEM_REASONS(X)
#undef X
        PROBLEM_REASON_COUNT
};

/* A place in a document: a chain from the value up to the top, on the caller's stack. No member name: an element. */
struct place {
    const struct place *parent;
    struct text member;
    size_t index;
};

struct problem {
    enum problem_reason reason;
    struct text document; /* its file */
    struct text path;     /* BillingGroups[3].ComputationPreference.PricingPlanArn */
    struct text value;    /* what was found; empty: nothing */
    struct text expected;
};

struct problems {
    struct arena arena;
    struct problem *items;
    size_t count, capacity;
    uint64_t total;       /* also those that are not kept */
    struct text document; /* of problems to come */
};

/* Names the document that following problems belong to. */
void problems_begin(struct problems *problems, const char *document);
void problem_add(struct problems *problems, const struct place *place, enum problem_reason reason, struct text value,
                 const char *expected_format, ...) PRINTF_LIKE(5, 6);
const char *problem_reason_text(enum problem_reason reason);
/* Appends "file: path: CODE: found \"value\", expected …", without a newline. */
void problem_format(const struct problem *problem, struct buffer *out);
/* The same of the first one, cut where it is long, with a final NUL; empty: there is none. */
#define PROBLEM_TEXT_MAX 401
void problems_first(const struct problems *problems, char out[PROBLEM_TEXT_MAX]);
void problems_done(struct problems *problems);

#endif
