/*
 * service/document.h: a conductor document as the API shows and changes it: entities as JSON, by id.
 *
 * Entities keep what rating does not ask for (names, times, tags) beside what it does; numbers are strings of decimal text
 * as they came. Associations stand with their owner: a plan has PricingRuleArns (ids), an item Versions and Inputs. A
 * published document never changes: any thread may read it. A draft shares its entities until they are edited; one thread.
 */
#ifndef SERVICE_DOCUMENT_H
#define SERVICE_DOCUMENT_H

#include <jansson.h>
#include <stdatomic.h>

#include "base/buffer.h"
#include "documents/problem.h"
#include "model/calendar.h"
#include "model/conductor.h"
#include "model/price_list.h"

enum entity_kind {
    ENTITY_GROUP,
    ENTITY_ACCOUNT,
    ENTITY_PLAN,
    ENTITY_RULE,
    ENTITY_ITEM,
    ENTITY_PREFERENCE,
    ENTITY_KIND_COUNT
};

#define ACCOUNT_TEXT 13

struct document {
    atomic_uint references;
    billing_period period; /* PERIOD_NONE: of every month */
    int64_t version;       /* on the topic; 0: of a folder, or none */
    char payer[ACCOUNT_TEXT];
    char partition[8]; /* of ARNs: aws or aws-cn */
    char currency[4];
    json_t *entities[ENTITY_KIND_COUNT]; /* objects: id to entity */
    /* Of a published document; absent in a draft. */
    const char **order[ENTITY_KIND_COUNT]; /* ids in byte order */
    json_t *members;                       /* group id to its accounts, in order */
    json_t *plans_of;                      /* rule id to its plans, in order */
    json_t *items_of;                      /* item id to the percentage items that count it */
    json_t *touched[ENTITY_KIND_COUNT];    /* of a draft: ids that were edited */
    json_t *earlier; /* custom line items that its changes name the month before for: id to group; NULL: none */
};

/* An empty one. `payer` may be empty. */
struct document *document_new(struct text payer);
struct document *document_hold(struct document *document);
void document_release(struct document *document);

/*
 * Reads the JSON of a document that is valid (documents/conductor_json.h). `applied_s` stands for times that it lacks.
 * Fails: no JSON object.
 */
MUST_USE bool document_parse(struct text json, struct text payer, int64_t applied_s, struct document **ret_document,
                             struct error *error);
/* The same of a parsed one, whose numbers are strings. Entities are taken over and changed. */
struct document *document_take(json_t *root, struct text payer, int64_t applied_s);

/* The document as `aws billingconductor list-*` prints its parts, one JSON object. */
void document_print(const struct document *document, struct buffer *out);
/* The same of those entities alone whose ids are in an object of their kind; NULL: of all. */
void document_print_slice(const struct document *document, json_t *const slice[ENTITY_KIND_COUNT], struct buffer *out);
/* As rules and prices see it: the caller's, as conductor_read gives it. Fails: it is not valid. */
MUST_USE bool document_conductor(const struct document *document, struct conductor **ret_conductor, struct error *error);

/* ---- reading ---- */

json_t *document_find(const struct document *document, enum entity_kind kind, const char *id);
size_t document_count(const struct document *document, enum entity_kind kind);
/* Position of the first id behind `id` in order. */
size_t document_after(const struct document *document, enum entity_kind kind, const char *id);

/* "arn:aws:billingconductor::123456789012:billinggroup/…"; valid until the buffer changes. */
const char *document_arn(const struct document *document, enum entity_kind kind, const char *id, struct buffer *out);
const char *entity_text(const json_t *entity, const char *member); /* NULL if it has none */
/* The last part of an ARN. */
const char *arn_id(const char *arn);
/* The group's plan, and an account's or item's group, as ids; NULL if none. */
const char *group_plan(const json_t *group);
const char *entity_group(const json_t *entity);
bool group_is_transfer(const json_t *group);
bool item_covers(const json_t *item, billing_period period);
/* The last version that covers the month; NULL: none. It has values of its own where the item has got others since. */
json_t *item_version_at(const json_t *item, billing_period period);
/* The group that an account is in, NULL if none: its own, or the one with AutoAssociate if the document does not list it. */
const char *document_group_of(const struct document *document, const char *account);

/* ---- changing ---- */

struct document *document_draft(const struct document *document, billing_period period);
/* A copy of the entity that may be changed; NULL if there is none. Owned by the draft. */
json_t *document_edit(struct document *draft, enum entity_kind kind, const char *id);
/* Takes the entity over. */
void document_add(struct document *draft, enum entity_kind kind, const char *id, json_t *entity);
void document_remove(struct document *draft, enum entity_kind kind, const char *id);
/* Removes a custom line item; percentages no longer count it. */
void document_drop_item(struct document *draft, const char *gone);
/* A custom line item of a group was changed for the month before, too. */
void document_note_earlier(struct document *draft, const char *item, const char *group);
/*
 * Holds what was edited, and all that it stands in relation to, against the rules of documents/conductor_check.c, and
 * custom tiers against the prices (may be NULL).
 */
MUST_USE bool document_check(struct document *draft, const struct price_list *prices, struct problems *problems);
/* The draft is a document now. */
void document_publish(struct document *draft);

#endif
