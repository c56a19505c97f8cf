/* api/access.c: the table, and how a role follows from a document. */
#include "api/access.h"

static const bool table[ROLE_COUNT][PERMISSION_COUNT] = {
    /* operations, group, own account, billable, all */
    [ROLE_PAYER] = { true, true, true, true, true },
    [ROLE_PRIMARY] = { false, true, true, false, false },
    [ROLE_MEMBER] = { false, false, true, false, false },
    [ROLE_STRANGER] = { false, false, false, false, false },
};

bool role_may(enum caller_role role, enum permission permission)
{
    return table[role][permission];
}

enum caller_role caller_role(const struct caller *caller, const struct document *document, const char **ret_group)
{
    *ret_group = NULL;
    if (caller->is_payer)
        return ROLE_PAYER;
    const char *group = document_group_of(document, caller->account);
    if (!group)
        return ROLE_STRANGER;
    *ret_group = group;
    const char *primary = entity_text(document_find(document, ENTITY_GROUP, group), "PrimaryAccountId");
    return primary && strcmp(primary, caller->account) == 0 ? ROLE_PRIMARY : ROLE_MEMBER;
}
