/* api/lookup.c: entities by what a request says of them. */
#include "api/lookup.h"

#include <unistd.h>

#include "documents/arn.h"

static const struct document *seen(const struct call *call)
{
    return call->draft ? call->draft : call->document;
}

json_t *look_up(struct call *call, enum entity_kind kind, const char *arn, const char **ret_id)
{
    const char *id = input_id(call, arn);
    if (!id)
        return NULL;
    *ret_id = id;
    json_t *entity = document_find(seen(call), kind, id);
    return entity ? entity : fail_not_found(call, kind, arn);
}

json_t *look_up_named(struct call *call, enum entity_kind kind, const char *arn, const char **ret_id)
{
    static const char *const reasons[ENTITY_KIND_COUNT] = {
        [ENTITY_GROUP] = "MISSING_BILLINGGROUP",
        [ENTITY_PLAN] = "MISSING_PRICINGPLAN",
        [ENTITY_RULE] = "PRICINGRULES_NOT_EXIST",
        [ENTITY_ITEM] = "MISSING_CUSTOMLINEITEM",
    };
    json_t *entity = look_up(call, kind, arn, ret_id);
    if (!entity && call->failure.kind == FAILURE_NOT_FOUND)
        return fail_validation(call, reasons[kind], "%.200s does not exist", arn);
    return entity;
}

bool plan_is_managed(const char *id)
{
    return text_equal(text_of(id), MANAGED_PLAN_BASIC) || text_equal(text_of(id), MANAGED_PLAN_PASSTHROUGH);
}

bool name_is_free(struct call *call, enum entity_kind kind, const char *name, const char *group, const char *own_id)
{
    const char *id;
    json_t *entity;
    json_object_foreach (call->draft->entities[kind], id, entity) {
        const char *other = entity_text(entity, "Name");
        bool same_space = !group || text_equal(text_of(group), text_of(entity_group(entity)));
        bool is_self = own_id && strcmp(id, own_id) == 0;
        if (same_space && !is_self && other && strcmp(other, name) == 0) {
            fail_conflict(call, "RESOURCE_NAME_CONFLICT", kind, id, "the name %.130s is taken", name);
            return false;
        }
    }
    return true;
}

void new_id(const struct document *draft, enum entity_kind kind, char out[11])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
    unsigned char random[10];
    do {
        if (getentropy(random, sizeof random) != 0)
            CHECK(!"the system has randomness");
        for (size_t i = 0; i < sizeof random; i++)
            out[i] = letters[random[i] % 32];
        out[sizeof random] = '\0';
    } while (document_find(draft, kind, out));
}

bool filter_has(struct call *call, const json_t *list, const char *id)
{
    size_t index;
    json_t *element;
    if (!list)
        return true;
    json_array_foreach ((json_t *)(uintptr_t)list, index, element) {
        const char *arn = json_string_value(element);
        const char *wanted = input_id(call, arn);
        if (wanted && strcmp(wanted, id) == 0)
            return true;
        failure_done(&call->failure); /* another payer's is none of these */
    }
    return false;
}

bool filter_has_text(const json_t *list, const char *text)
{
    size_t index;
    json_t *element;
    if (!list)
        return true;
    json_array_foreach ((json_t *)(uintptr_t)list, index, element)
        if (text && strcmp(json_string_value(element), text) == 0)
            return true;
    return false;
}

void set_text(struct call *call, json_t *entity, const char *member)
{
    json_t *value = input_member(call, member);
    if (value)
        json_object_set(entity, member, value);
}

void set_description(struct call *call, json_t *entity)
{
    const char *text = input_text(call, "Description");
    if (text && !*text)
        json_object_del(entity, "Description");
    else if (text)
        set_text(call, entity, "Description");
}

void set_modified(struct call *call, json_t *entity)
{
    json_object_set_new(entity, "LastModifiedTime", epoch_value(call->now_s));
}

void set_created(struct call *call, json_t *entity)
{
    json_object_set_new(entity, "CreationTime", epoch_value(call->now_s));
    set_modified(call, entity);
}

json_t *new_entity(struct call *call, enum entity_kind kind, const char *id)
{
    json_t *entity = json_object();
    set_text(call, entity, "Name");
    json_object_set_new(entity, "Arn", arn_value(call, call->draft, kind, id));
    set_description(call, entity);
    set_text(call, entity, "Tags");
    set_created(call, entity);
    return entity;
}

json_t *arn_reply(struct call *call, enum entity_kind kind, const char *id)
{
    return json_pack("{s:o}", "Arn", arn_value(call, seen(call), kind, id));
}

json_t *month_reply(struct call *call)
{
    char month[TIME_TEXT_MAX];
    period_format(call->month, month);
    return json_pack("{s:s}", "BillingPeriod", month);
}
