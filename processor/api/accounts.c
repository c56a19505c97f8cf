/* api/accounts.c: which account is in which group. */
#include "api/lookup.h"

/* AWS lets the server choose; readers in the wild look at the first page only. */
#define ACCOUNTS_A_PAGE 1000

static bool passes(struct call *call, const char *id, const json_t *account)
{
    const json_t *filters = input_member(call, "Filters");
    const char *association = entity_text(filters, "Association"), *group = entity_group(account);
    const char *only = entity_text(filters, "AccountId");
    if (only && strcmp(only, id) != 0)
        return false;
    if (!filter_has_text(json_object_get(filters, "AccountIds"), id))
        return false;
    if (!association)
        return true;
    if (strcmp(association, "MONITORED") == 0)
        return group != NULL;
    if (strcmp(association, "UNMONITORED") == 0)
        return group == NULL;
    const char *wanted = input_id(call, association);
    failure_done(&call->failure);
    return wanted && group && strcmp(wanted, group) == 0;
}

json_t *operation_ListAccountAssociations(struct call *call)
{
    static const char *const copied[] = { "AccountId", "AccountName", "AccountEmail" };
    const struct document *document = call->document;
    struct list_page page;
    if (!list_begin(call, ACCOUNTS_A_PAGE, &page))
        return NULL;
    size_t at = page.after ? document_after(document, ENTITY_ACCOUNT, page.after) : 0;
    for (; at < document_count(document, ENTITY_ACCOUNT); at++) {
        const char *id = document->order[ENTITY_ACCOUNT][at];
        json_t *account = document_find(document, ENTITY_ACCOUNT, id), *element;
        if (!passes(call, id, account))
            continue;
        element = json_object();
        copy_members(element, account, copied, ARRAY_COUNT(copied));
        if (entity_group(account))
            json_object_set_new(element, "BillingGroupArn", arn_value(call, document, ENTITY_GROUP, entity_group(account)));
        if (!list_add(&page, id, element))
            break;
    }
    json_t *reply = json_object();
    list_end(call, &page, "LinkedAccounts", reply);
    return reply;
}
