/*
 * api/model.h: the operations of Billing Conductor's API and what their requests may hold, as tables. One table drives
 * routing, validation and the tests.
 */
#ifndef API_MODEL_H
#define API_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum shape_type {
    SHAPE_STRUCTURE,
    SHAPE_LIST,
    SHAPE_MAP, /* of strings: key and element */
    SHAPE_STRING,
    SHAPE_DOUBLE,
    SHAPE_INTEGER,
    SHAPE_BOOLEAN,
};

#define SHAPE_NO_LIMIT INT64_MAX

struct member;

struct shape {
    enum shape_type type;
    int64_t min, max;         /* characters, elements, or the number itself; max may be SHAPE_NO_LIMIT */
    const char *pattern;      /* POSIX, of the whole text; NULL: any */
    const char *const *words; /* an enumeration, NULL behind the last */
    const struct shape *key, *element;
    const struct member *members;
    size_t member_count;
};

enum location { IN_BODY, IN_CLIENT_TOKEN, IN_PATH, IN_TAG_KEYS };

struct member {
    const char *name;
    const struct shape *shape;
    bool required;
    enum location location;
};

/* clang-format off */
#define OPERATIONS(X)                                                                                                  \
    X(AssociateAccounts) X(AssociatePricingRules) X(BatchAssociateResourcesToCustomLineItem)                           \
    X(BatchDisassociateResourcesFromCustomLineItem) X(CreateBillingGroup) X(CreateCustomLineItem)                      \
    X(CreatePricingPlan) X(CreatePricingRule) X(DeleteBillingGroup) X(DeleteCustomLineItem) X(DeletePricingPlan)       \
    X(DeletePricingRule) X(DisassociateAccounts) X(DisassociatePricingRules) X(GetBillingGroupCostReport)              \
    X(GetBillingTransferPreference) X(ListAccountAssociations) X(ListBillingGroupCostReports) X(ListBillingGroups)     \
    X(ListCustomLineItemVersions) X(ListCustomLineItems) X(ListPricingPlans)                                           \
    X(ListPricingPlansAssociatedWithPricingRule) X(ListPricingRules) X(ListPricingRulesAssociatedToPricingPlan)        \
    X(ListResourcesAssociatedToCustomLineItem) X(ListTagsForResource) X(TagResource) X(UntagResource)                  \
    X(UpdateBillingGroup) X(UpdateBillingTransferPreference) X(UpdateCustomLineItem) X(UpdatePricingPlan)              \
    X(UpdatePricingRule)
/* clang-format on */

enum operation {
#define X(name) OPERATION_##name,
    OPERATIONS(X)
#undef X
        OPERATION_COUNT
};

struct operation_model {
    const char *name, *method, *path; /* "/tags/" stands for all that follows it */
    const struct shape *input;
};

extern const struct operation_model operation_models[OPERATION_COUNT];

#endif
