/* rate/line_item_class.c: the set of types is open; what is not named here is left out. */
#include "rate/line_item_class.h"

static const struct {
    const char *type;
    enum line_item_class class;
} classes[] = {
    { "Usage", CLASS_USAGE },
    { "DiscountedUsage", CLASS_COVERED },
    { "SavingsPlanCoveredUsage", CLASS_COVERED },
    { "SavingsPlanNegation", CLASS_NEGATION },
    { "RIFee", CLASS_FEE },
    { "SavingsPlanRecurringFee", CLASS_FEE },
    { "SavingsPlanUpfrontFee", CLASS_FEE },
    { "Fee", CLASS_FEE },
    { "Tax", CLASS_TAX },
};

enum line_item_class line_item_class(const struct facts *facts)
{
    enum line_item_class class = CLASS_LEFT_OUT;
    for (size_t i = 0; i < ARRAY_COUNT(classes); i++)
        if (text_equal(facts->line_item_type, text_of(classes[i].type)))
            class = classes[i].class;
    if (class != CLASS_TAX && text_contains(facts->product_code, TEXT("Support")))
        return CLASS_LEFT_OUT;
    return class;
}

/* The operations are AWS's; a rate of 0 is what such rows have, and what a report's shares are given when they are read. */
bool is_share_of_instance(const struct facts *facts)
{
    bool is_split = text_equal(facts->operation, TEXT("EKSPod-EC2")) || text_equal(facts->operation, TEXT("ECSTask-EC2"));
    return is_split && facts->has_own_rate && facts->own_rate == 0;
}
