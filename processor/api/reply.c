/* api/reply.c: replies as JSON text, and what all operations share of input and output. */
#include "api/call.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/json_write.h"
#include "documents/arn.h"
#include "money/decimal.h"

/* Members that are numbers on the wire and strings of digits in a document. */
static bool is_number_member(const char *name)
{
    static const char *const names[] = {
        "ModifierPercentage",
        "BeginRangeInclusive",
        "EndRangeExclusive",
        "RateValue",
        "ChargeValue",
        "PercentageValue",
        "Size",
        "AssociationSize",
        "AssociatedPricingPlanCount",
        "CreationTime",
        "LastModifiedTime",
        "StartTime",
    };
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static size_t digits_at(struct text text, size_t at)
{
    size_t count = 0;
    while (at + count < text.size && text.data[at + count] >= '0' && text.data[at + count] <= '9')
        count++;
    return count;
}

/* As JSON writes numbers: a document's may have come in quotes, with less care. */
static bool is_json_number(struct text text)
{
    size_t at = text.size && text.data[0] == '-', whole = digits_at(text, at), part;
    if (whole == 0 || (whole > 1 && text.data[at] == '0'))
        return false;
    at += whole;
    if (at < text.size && text.data[at] == '.') {
        if ((part = digits_at(text, at + 1)) == 0)
            return false;
        at += 1 + part;
    }
    if (at < text.size && (text.data[at] == 'e' || text.data[at] == 'E')) {
        at++;
        at += at < text.size && (text.data[at] == '+' || text.data[at] == '-');
        if ((part = digits_at(text, at)) == 0)
            return false;
        at += part;
    }
    return at == text.size;
}

static void write_number(struct text text, struct buffer *out)
{
    i128 value = 0;
    char normal[DECIMAL_TEXT_MAX];
    if (is_json_number(text)) {
        buffer_append_text(out, text);
    } else if (decimal_parse(text, AMOUNT_SCALE, &value) == DECIMAL_EXACT) {
        decimal_format(value, AMOUNT_SCALE, normal);
        buffer_append_text(out, text_of(normal));
    } else {
        json_write_text(out, text);
    }
}

static void write_value(const json_t *value, const char *name, bool numbers, struct buffer *out);

static void write_object(const json_t *object, bool numbers, struct buffer *out)
{
    const char *name, *between = "";
    json_t *value;
    buffer_append_byte(out, '{');
    json_object_foreach ((json_t *)(uintptr_t)object, name, value) {
        buffer_append_text(out, text_of(between));
        between = ",";
        json_write_text(out, text_of(name));
        buffer_append_byte(out, ':');
        write_value(value, name, numbers && strcmp(name, "Tags") != 0, out);
    }
    buffer_append_byte(out, '}');
}

static void write_value(const json_t *value, const char *name, bool numbers, struct buffer *out)
{
    if (json_is_object(value)) {
        write_object(value, numbers, out);
    } else if (json_is_array(value)) {
        buffer_append_byte(out, '[');
        for (size_t i = 0; i < json_array_size(value); i++) {
            buffer_append_text(out, i ? TEXT(",") : TEXT_NONE);
            write_value(json_array_get(value, i), "", numbers, out);
        }
        buffer_append_byte(out, ']');
    } else if (json_is_string(value)) {
        struct text text = { json_string_value(value), json_string_length(value) };
        if (numbers && is_number_member(name))
            write_number(text, out);
        else
            json_write_text(out, text);
    } else if (json_is_integer(value)) {
        buffer_printf(out, "%lld", (long long)json_integer_value(value));
    } else {
        buffer_append_text(out, json_is_true(value) ? TEXT("true") : json_is_false(value) ? TEXT("false") : TEXT("null"));
    }
}

void reply_write(const json_t *reply, struct buffer *out)
{
    write_value(reply, "", true, out);
}

/* ---- input ---- */

json_t *input_member(const struct call *call, const char *member)
{
    return json_object_get(call->input, member);
}

const char *input_text(const struct call *call, const char *member)
{
    return entity_text(call->input, member);
}

billing_period input_month(const char *text)
{
    unsigned year = 0, month = 1;
    CHECK(sscanf(text, "%4u-%2u", &year, &month) == 2);
    return (billing_period)(year * 12 + month - 1);
}

static const char *const mismatches[ARN_TYPE_COUNT] = {
    [ARN_GROUP] = "MISMATCHED_BILLINGGROUP_ARN",
    [ARN_PLAN] = "MISMATCHED_PRICINGPLAN_ARN",
    [ARN_RULE] = "MISMATCHED_PRICINGRULE_ARN",
    [ARN_ITEM] = "MISMATCHED_CUSTOMLINEITEM_ARN",
};

/* An ARN's partition and account are the payer's, or AWS's: of a managed plan. */
static bool is_own(const struct document *document, const char *arn, const struct arn *parsed)
{
    struct text prefix = TEXT("arn:"), partition = text_of(document->partition), text = text_of(arn);
    struct text rest = { text.data + prefix.size, text.size - prefix.size };
    return text_starts_with(rest, partition) && rest.size > partition.size && rest.data[partition.size] == ':' &&
           (text_equal(parsed->account, text_of(document->payer)) || text_equal(parsed->account, TEXT("aws")));
}

const char *input_id(struct call *call, const char *arn)
{
    const struct document *document = call->draft ? call->draft : call->document;
    struct arn parsed;
    unsigned all = ARN_MASK(ARN_GROUP) | ARN_MASK(ARN_PLAN) | ARN_MASK(ARN_RULE) | ARN_MASK(ARN_ITEM);
    bool sound = arn_parse(text_of(arn), all, &parsed);
    if (!text_starts_with(text_of(arn), TEXT("arn:")) || (sound && is_own(document, arn, &parsed)))
        return arn_id(arn);
    /* What the model lets through and is none is a plan that AWS does not have. */
    fail_validation(call, mismatches[sound ? parsed.type : ARN_PLAN], "%.200s: expected an ARN of the payer %s", arn,
                    document->payer);
    return NULL;
}

/* ---- output ---- */

json_t *arn_value(struct call *call, const struct document *document, enum entity_kind kind, const char *id)
{
    return json_string(document_arn(document, kind, id, &call->arn));
}

void copy_members(json_t *to, const json_t *from, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        json_t *value = json_object_get(from, names[i]);
        if (value && !json_is_null(value))
            json_object_set(to, names[i], value);
    }
}

json_t *epoch_value(int64_t seconds)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)seconds);
    return json_string(text);
}
