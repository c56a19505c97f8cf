/* api/tags.c: tags of groups, plans, rules and items. */
#include "api/lookup.h"
#include "documents/arn.h"

#define TAGS_MAX 200

/* A group's ARN may lack its slash; a bare id is an item's. */
static json_t *find_tagged(struct call *call, enum entity_kind *kind, const char **ret_id)
{
    static const struct {
        const char *name;
        enum entity_kind kind;
    } kinds[] = { { ":billinggroup", ENTITY_GROUP },
                  { ":pricingplan", ENTITY_PLAN },
                  { ":pricingrule", ENTITY_RULE },
                  { ":customlineitem", ENTITY_ITEM } };
    const struct document *document = call->draft ? call->draft : call->document;
    const char *arn = input_text(call, "ResourceArn"), *id = arn;
    *kind = ENTITY_ITEM;
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
        const char *at = strstr(arn, kinds[i].name);
        if (!at)
            continue;
        *kind = kinds[i].kind;
        id = at + strlen(kinds[i].name);
        id += *id == '/';
        if (strncmp(at - 12, document->payer, 12) != 0)
            return fail_not_found(call, *kind, arn);
    }
    *ret_id = id;
    json_t *entity = document_find(document, *kind, id);
    return entity ? entity : fail_not_found(call, *kind, arn);
}

json_t *operation_ListTagsForResource(struct call *call)
{
    enum entity_kind kind;
    const char *id;
    json_t *entity = find_tagged(call, &kind, &id);
    if (!entity)
        return NULL;
    json_t *tags = json_object_get(entity, "Tags");
    return json_pack("{s:o}", "Tags", tags ? json_incref(tags) : json_object());
}

json_t *operation_TagResource(struct call *call)
{
    enum entity_kind kind;
    const char *id;
    if (!find_tagged(call, &kind, &id))
        return NULL;
    json_t *entity = document_edit(call->draft, kind, id), *tags = json_object_get(entity, "Tags");
    if (!tags)
        json_object_set_new(entity, "Tags", tags = json_object());
    json_object_update(tags, input_member(call, "Tags"));
    if (json_object_size(tags) > TAGS_MAX)
        return fail_validation(call, "OTHER", "a resource has at most %d tags", TAGS_MAX);
    return json_object();
}

json_t *operation_UntagResource(struct call *call)
{
    enum entity_kind kind;
    const char *id;
    size_t index;
    json_t *key;
    if (!find_tagged(call, &kind, &id))
        return NULL;
    json_t *tags = json_object_get(document_edit(call->draft, kind, id), "Tags");
    json_array_foreach (input_member(call, "TagKeys"), index, key)
        json_object_del(tags, json_string_value(key));
    return json_object();
}
