/* service/document.c: the maps of entities, their ids and relations. */
#include "service/document.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "documents/arn.h"

struct document *document_new(struct text payer)
{
    struct document *document = memory_new(sizeof *document);
    atomic_init(&document->references, 1);
    document->period = PERIOD_NONE;
    snprintf(document->payer, sizeof document->payer, "%.*s", TEXT_ARGS(payer.size ? payer : TEXT("000000000000")));
    memcpy(document->partition, "aws", sizeof "aws");
    memcpy(document->currency, "USD", sizeof "USD");
    for (enum entity_kind kind = 0; kind < ENTITY_KIND_COUNT; kind++)
        document->entities[kind] = json_object();
    return document;
}

struct document *document_hold(struct document *document)
{
    if (document)
        atomic_fetch_add(&document->references, 1);
    return document;
}

void document_release(struct document *document)
{
    if (!document || atomic_fetch_sub(&document->references, 1) != 1)
        return;
    for (enum entity_kind kind = 0; kind < ENTITY_KIND_COUNT; kind++) {
        json_decref(document->entities[kind]);
        json_decref(document->touched[kind]);
        free(document->order[kind]);
    }
    json_decref(document->members);
    json_decref(document->plans_of);
    json_decref(document->items_of);
    json_decref(document->earlier);
    free(document);
}

/* ---- reading ---- */

json_t *document_find(const struct document *document, enum entity_kind kind, const char *id)
{
    return id ? json_object_get(document->entities[kind], id) : NULL;
}

size_t document_count(const struct document *document, enum entity_kind kind)
{
    return json_object_size(document->entities[kind]);
}

size_t document_after(const struct document *document, enum entity_kind kind, const char *id)
{
    size_t low = 0, high = document_count(document, kind);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(document->order[kind][middle], id) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const char *document_arn(const struct document *document, enum entity_kind kind, const char *id, struct buffer *out)
{
    static const enum arn_type types[ENTITY_KIND_COUNT] = {
        [ENTITY_GROUP] = ARN_GROUP,
        [ENTITY_PLAN] = ARN_PLAN,
        [ENTITY_RULE] = ARN_RULE,
        [ENTITY_ITEM] = ARN_ITEM,
    };
    struct text text = text_of(id);
    bool managed =
        kind == ENTITY_PLAN && (text_equal(text, MANAGED_PLAN_BASIC) || text_equal(text, MANAGED_PLAN_PASSTHROUGH));
    buffer_clear(out);
    buffer_printf(out, "arn:%s:billingconductor::%s:%s/%s", document->partition, managed ? "aws" : document->payer,
                  arn_type_names[types[kind]], id);
    buffer_append_byte(out, '\0');
    return out->data;
}

const char *entity_text(const json_t *entity, const char *member)
{
    return json_string_value(json_object_get(entity, member));
}

const char *arn_id(const char *arn)
{
    const char *slash = arn ? strrchr(arn, '/') : NULL;
    return slash ? slash + 1 : arn;
}

const char *group_plan(const json_t *group)
{
    return arn_id(entity_text(json_object_get(group, "ComputationPreference"), "PricingPlanArn"));
}

const char *entity_group(const json_t *entity)
{
    return arn_id(entity_text(entity, "BillingGroupArn"));
}

bool group_is_transfer(const json_t *group)
{
    const char *type = entity_text(group, "BillingGroupType");
    return (type && strcmp(type, "TRANSFER_BILLING") == 0) ||
           entity_text(json_object_get(group, "AccountGrouping"), "ResponsibilityTransferArn");
}

static bool version_covers(const json_t *version, billing_period period)
{
    billing_period start, end;
    const char *start_text = entity_text(version, "StartBillingPeriod"),
               *end_text = entity_text(version, "EndBillingPeriod");
    return start_text && period_parse(text_of(start_text), &start) && start <= period &&
           (!end_text || (period_parse(text_of(end_text), &end) && period < end));
}

json_t *item_version_at(const json_t *item, billing_period period)
{
    size_t index;
    json_t *version, *found = NULL;
    json_array_foreach (json_object_get(item, "Versions"), index, version)
        if (version_covers(version, period))
            found = version;
    return found;
}

bool item_covers(const json_t *item, billing_period period)
{
    return json_array_size(json_object_get(item, "Versions")) == 0 || item_version_at(item, period);
}

static const char *auto_group(const struct document *document)
{
    const char *id;
    json_t *group;
    json_object_foreach (document->entities[ENTITY_GROUP], id, group)
        if (json_is_true(json_object_get(json_object_get(group, "AccountGrouping"), "AutoAssociate")))
            return id;
    return NULL;
}

const char *document_group_of(const struct document *document, const char *account)
{
    json_t *entity = document_find(document, ENTITY_ACCOUNT, account);
    return entity ? entity_group(entity) : auto_group(document);
}

/* ---- changing ---- */

struct document *document_draft(const struct document *document, billing_period period)
{
    struct document *draft = memory_new(sizeof *draft);
    atomic_init(&draft->references, 1);
    draft->period = period;
    memcpy(draft->payer, document->payer, sizeof draft->payer);
    memcpy(draft->partition, document->partition, sizeof draft->partition);
    memcpy(draft->currency, document->currency, sizeof draft->currency);
    for (enum entity_kind kind = 0; kind < ENTITY_KIND_COUNT; kind++) {
        draft->entities[kind] = json_copy(document->entities[kind]);
        draft->touched[kind] = json_object();
    }
    /* Of one change after the other; what is published has had its effect. */
    draft->earlier = document->touched[0] ? json_deep_copy(document->earlier) : NULL;
    return draft;
}

static void touch(struct document *draft, enum entity_kind kind, const char *id)
{
    json_object_set_new(draft->touched[kind], id, json_true());
}

json_t *document_edit(struct document *draft, enum entity_kind kind, const char *id)
{
    json_t *entity = document_find(draft, kind, id);
    if (!entity)
        return NULL;
    entity = json_deep_copy(entity);
    json_object_set_new(draft->entities[kind], id, entity);
    touch(draft, kind, id);
    return entity;
}

void document_add(struct document *draft, enum entity_kind kind, const char *id, json_t *entity)
{
    json_object_set_new(draft->entities[kind], id, entity);
    touch(draft, kind, id);
}

void document_remove(struct document *draft, enum entity_kind kind, const char *id)
{
    touch(draft, kind, id);
    json_object_del(draft->entities[kind], id);
}

void document_drop_item(struct document *draft, const char *gone)
{
    const char *id;
    json_t *item, *holders = json_array(), *holder, *input;
    size_t index, at;
    json_object_foreach (draft->entities[ENTITY_ITEM], id, item)
        json_array_foreach (json_object_get(item, "Inputs"), at, input)
            if (text_equal(text_of(arn_id(entity_text(input, "Arn"))), text_of(gone)))
                json_array_append_new(holders, json_string(id));
    json_array_foreach (holders, index, holder) {
        json_t *inputs = json_object_get(document_edit(draft, ENTITY_ITEM, json_string_value(holder)), "Inputs");
        for (at = json_array_size(inputs); at-- > 0;)
            if (text_equal(text_of(arn_id(entity_text(json_array_get(inputs, at), "Arn"))), text_of(gone)))
                json_array_remove(inputs, at);
    }
    json_decref(holders);
    document_remove(draft, ENTITY_ITEM, gone);
}

void document_note_earlier(struct document *draft, const char *item, const char *group)
{
    if (!draft->earlier)
        draft->earlier = json_object();
    json_object_set_new(draft->earlier, item, json_string(group));
}

/* ---- publishing ---- */

static int compare_ids(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void sort_ids(struct document *document, enum entity_kind kind)
{
    const char *id;
    json_t *entity;
    size_t count = 0;
    const char **order = memory_new_array(document_count(document, kind), sizeof *order);
    json_object_foreach (document->entities[kind], id, entity)
        order[count++] = id;
    if (count)
        qsort(order, count, sizeof *order, compare_ids);
    free(document->order[kind]);
    document->order[kind] = order;
}

static void relate(json_t *relation, const char *from, const char *to)
{
    json_t *list = from ? json_object_get(relation, from) : NULL;
    if (!from)
        return;
    if (!list)
        json_object_set_new(relation, from, list = json_array());
    json_array_append_new(list, json_string(to));
}

void document_publish(struct document *document)
{
    size_t index;
    json_t *element;
    for (enum entity_kind kind = 0; kind < ENTITY_KIND_COUNT; kind++) {
        sort_ids(document, kind);
        json_decref(document->touched[kind]);
        document->touched[kind] = NULL;
    }
    document->members = json_object();
    document->plans_of = json_object();
    document->items_of = json_object();
    for (size_t i = 0; i < document_count(document, ENTITY_ACCOUNT); i++) {
        const char *id = document->order[ENTITY_ACCOUNT][i];
        relate(document->members, entity_group(document_find(document, ENTITY_ACCOUNT, id)), id);
    }
    for (size_t i = 0; i < document_count(document, ENTITY_PLAN); i++) {
        const char *id = document->order[ENTITY_PLAN][i];
        json_array_foreach (json_object_get(document_find(document, ENTITY_PLAN, id), "PricingRuleArns"), index, element)
            relate(document->plans_of, json_string_value(element), id);
    }
    for (size_t i = 0; i < document_count(document, ENTITY_ITEM); i++) {
        const char *id = document->order[ENTITY_ITEM][i];
        json_array_foreach (json_object_get(document_find(document, ENTITY_ITEM, id), "Inputs"), index, element)
            relate(document->items_of, arn_id(entity_text(element, "Arn")), id);
    }
}
