/* documents/arn.h: Billing Conductor's ARNs and bare ids. Pure. */
#ifndef DOCUMENTS_ARN_H
#define DOCUMENTS_ARN_H

#include "base/text.h"

enum arn_type { ARN_GROUP, ARN_PLAN, ARN_RULE, ARN_ITEM, ARN_TYPE_COUNT };

#define ARN_MASK(type) (1u << (type))

struct arn {
    enum arn_type type;
    bool is_bare;        /* an id alone; the type is then only known if a single one was allowed */
    struct text account; /* 12 digits, or "aws" for a managed plan; empty if bare */
    struct text id;
};

extern const char *const arn_type_names[ARN_TYPE_COUNT]; /* as in the ARN: billinggroup … */

#define MANAGED_PLAN_BASIC TEXT("BasicPricingPlan")
#define MANAGED_PLAN_PASSTHROUGH TEXT("Passthrough")

/*
 * Reads an ARN of one of the allowed types, or a bare id. The texts are borrowed. An id in an ARN is 1 to 64 letters
 * and digits; a bare one may also be a name of the create forms, which have no ids yet.
 */
bool arn_parse(struct text text, unsigned allowed_types, struct arn *ret);

/* True for an ARN of AWS Organizations' billing transfers. */
bool arn_is_responsibility_transfer(struct text text);

#endif
