/* documents/arn.c: strict about type and account, liberal about the length of ids. */
#include "documents/arn.h"

#include "documents/json_node.h"

#define ID_BYTES_MAX 64
#define NAME_BYTES_MAX 128

const char *const arn_type_names[ARN_TYPE_COUNT] = {
    [ARN_GROUP] = "billinggroup",
    [ARN_PLAN] = "pricingplan",
    [ARN_RULE] = "pricingrule",
    [ARN_ITEM] = "customlineitem",
};

/* Cuts off what stands before the separator; false if there is none. */
static bool cut(struct text *rest, char separator, struct text *ret_part)
{
    const char *at = rest->size ? memchr(rest->data, separator, rest->size) : NULL;
    if (!at)
        return false;
    *ret_part = (struct text){ rest->data, (size_t)(at - rest->data) };
    *rest = (struct text){ at + 1, rest->size - ret_part->size - 1 };
    return true;
}

static bool is_managed_plan(struct text id)
{
    return text_equal(id, MANAGED_PLAN_BASIC) || text_equal(id, MANAGED_PLAN_PASSTHROUGH);
}

static bool parse_bare(struct text text, unsigned allowed_types, struct arn *ret)
{
    if (text.size == 0 || text.size > NAME_BYTES_MAX || !text_is_class(text, TEXT_NAME))
        return false;
    enum arn_type type = 0;
    while (type < ARN_TYPE_COUNT - 1 && !(allowed_types & ARN_MASK(type)))
        type++;
    *ret = (struct arn){ .type = type, .is_bare = true, .id = text };
    return true;
}

bool arn_parse(struct text text, unsigned allowed_types, struct arn *ret)
{
    struct text rest = text, part, account, type_name;
    if (!text_starts_with(text, TEXT("arn:aws:")) && !text_starts_with(text, TEXT("arn:aws-cn:")))
        return parse_bare(text, allowed_types, ret);
    cut(&rest, ':', &part);
    cut(&rest, ':', &part);
    if (!cut(&rest, ':', &part) || !text_equal(part, TEXT("billingconductor")) || !cut(&rest, ':', &part) || part.size)
        return false;
    if (!cut(&rest, ':', &account) || !cut(&rest, '/', &type_name))
        return false;
    enum arn_type type = 0;
    while (type < ARN_TYPE_COUNT && !text_equal(type_name, text_of(arn_type_names[type])))
        type++;
    if (type == ARN_TYPE_COUNT || !(allowed_types & ARN_MASK(type)))
        return false;
    if (rest.size == 0 || rest.size > ID_BYTES_MAX || !text_is_class(rest, TEXT_ALPHANUMERIC))
        return false;
    bool is_aws = type == ARN_PLAN && text_equal(account, TEXT("aws")) && is_managed_plan(rest);
    if (!is_aws && !text_is_digits(account, 12))
        return false;
    *ret = (struct arn){ .type = type, .account = account, .id = rest };
    return true;
}

bool arn_is_responsibility_transfer(struct text text)
{
    struct text rest = text, part, account, kind;
    if (!cut(&rest, ':', &part) || !text_equal(part, TEXT("arn")) || !cut(&rest, ':', &part) || part.size == 0)
        return false;
    if (!cut(&rest, ':', &part) || !text_equal(part, TEXT("organizations")) || !cut(&rest, ':', &part) || part.size)
        return false;
    if (!cut(&rest, ':', &account) || !text_is_digits(account, 12))
        return false;
    if (!cut(&rest, '/', &kind) || !text_equal(kind, TEXT("transfer")) || !cut(&rest, '/', &part) ||
        !text_starts_with(part, TEXT("o-")))
        return false;
    if (!cut(&rest, '/', &part) || !text_equal(part, TEXT("billing")) || !cut(&rest, '/', &part))
        return false;
    bool has_direction = text_equal(part, TEXT("inbound")) || text_equal(part, TEXT("outbound"));
    return has_direction && text_starts_with(rest, TEXT("rt-"));
}
