/* service/document_check.c: a document, or what a draft has changed of it, as the rules and prices see it. */
#include <stdlib.h>

#include "documents/conductor_json.h"
#include "service/document.h"

static bool read_slice(const struct document *document, json_t *const slice[ENTITY_KIND_COUNT], const char *name,
                       struct conductor **ret_conductor, struct problems *problems, struct error *error)
{
    struct buffer json = { 0 };
    document_print_slice(document, slice, &json);
    struct input *input = input_from_memory(json.data, json.size, name);
    bool done = conductor_read(input, ret_conductor, problems, error);
    input_close(input);
    buffer_done(&json);
    return done;
}

bool document_conductor(const struct document *document, struct conductor **ret_conductor, struct error *error)
{
    struct problems problems = { 0 };
    bool done = read_slice(document, NULL, "document", ret_conductor, &problems, error);
    problems_done(&problems);
    return done;
}

/* ---- what an edit stands in relation to ---- */

static void add(json_t *set, const char *id)
{
    if (id)
        json_object_set_new(set, id, json_true());
}

static void relate_rules(const struct document *draft, json_t *slice[ENTITY_KIND_COUNT])
{
    const char *id;
    json_t *plan, *rule;
    size_t index;
    json_object_foreach (draft->entities[ENTITY_PLAN], id, plan)
        json_array_foreach (json_object_get(plan, "PricingRuleArns"), index, rule)
            if (json_object_get(slice[ENTITY_RULE], json_string_value(rule)))
                add(slice[ENTITY_PLAN], id);
}

static void relate_items(const struct document *draft, json_t *slice[ENTITY_KIND_COUNT])
{
    const char *id;
    json_t *item, *input;
    size_t index;
    json_object_foreach (draft->entities[ENTITY_ITEM], id, item) {
        bool near = json_object_get(slice[ENTITY_ITEM], id) || json_object_get(slice[ENTITY_GROUP], entity_group(item));
        json_array_foreach (json_object_get(item, "Inputs"), index, input)
            near = near || json_object_get(slice[ENTITY_ITEM], arn_id(entity_text(input, "Arn")));
        if (!near)
            continue;
        add(slice[ENTITY_ITEM], id);
        add(slice[ENTITY_GROUP], entity_group(item));
        json_array_foreach (json_object_get(item, "Inputs"), index, input)
            if (document_find(draft, ENTITY_ITEM, arn_id(entity_text(input, "Arn"))))
                add(slice[ENTITY_ITEM], arn_id(entity_text(input, "Arn")));
    }
}

static void relate_groups(const struct document *draft, json_t *slice[ENTITY_KIND_COUNT])
{
    const char *id;
    json_t *entity, *rule;
    size_t index;
    json_object_foreach (draft->entities[ENTITY_ACCOUNT], id, entity) {
        const char *group = entity_group(entity);
        if (group && json_object_get(slice[ENTITY_ACCOUNT], id))
            add(slice[ENTITY_GROUP], group);
    }
    json_object_foreach (draft->entities[ENTITY_ACCOUNT], id, entity) {
        const char *group = entity_group(entity);
        if (group && json_object_get(slice[ENTITY_GROUP], group))
            add(slice[ENTITY_ACCOUNT], id);
    }
    json_object_foreach (draft->entities[ENTITY_GROUP], id, entity)
        if (json_object_get(slice[ENTITY_GROUP], id))
            add(slice[ENTITY_PLAN], group_plan(entity));
    json_object_foreach (draft->entities[ENTITY_PLAN], id, entity)
        if (json_object_get(slice[ENTITY_PLAN], id))
            json_array_foreach (json_object_get(entity, "PricingRuleArns"), index, rule)
                add(slice[ENTITY_RULE], json_string_value(rule));
}

bool document_check(struct document *draft, const struct price_list *prices, struct problems *problems)
{
    json_t *slice[ENTITY_KIND_COUNT];
    struct conductor *conductor = NULL;
    struct error error = { 0 };
    for (enum entity_kind kind = 0; kind < ENTITY_KIND_COUNT; kind++)
        slice[kind] = json_copy(draft->touched[kind]);
    relate_rules(draft, slice);
    relate_items(draft, slice);
    relate_items(draft, slice); /* of the groups that the first walk has found */
    relate_groups(draft, slice);
    bool sound = read_slice(draft, slice, "request", &conductor, problems, &error);
    if (sound) {
        if (prices)
            conductor_check_prices(conductor, prices, problems);
        sound = problems->total == 0;
        conductor_done(conductor);
        free(conductor);
    }
    for (enum entity_kind kind = 0; kind < ENTITY_KIND_COUNT; kind++)
        json_decref(slice[kind]);
    return sound;
}
