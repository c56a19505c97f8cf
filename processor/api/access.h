/* api/access.h: who may see what. One table; pure. */
#ifndef API_ACCESS_H
#define API_ACCESS_H

#include "service/document.h"

enum caller_role {
    ROLE_PAYER,
    ROLE_PRIMARY,  /* the primary account of a group, in the month that is asked for */
    ROLE_MEMBER,   /* another account of a group */
    ROLE_STRANGER, /* of no group */
    ROLE_COUNT,
};

/* What a caller may do. */
enum permission {
    MAY_CALL_OPERATIONS, /* Billing Conductor's, all of them */
    MAY_SEE_GROUP,       /* its whole group, totals too */
    MAY_SEE_OWN_ACCOUNT,
    MAY_SEE_BILLABLE, /* billable cost and margin */
    MAY_SEE_ALL,
    PERMISSION_COUNT,
};

struct caller {
    bool is_payer;
    char account[ACCOUNT_TEXT];
};

bool role_may(enum caller_role role, enum permission permission);
/* The role under this document; *ret_group is the group that the caller belongs to, NULL if none. */
enum caller_role caller_role(const struct caller *caller, const struct document *document, const char **ret_group);

#endif
