/* api/staging.c: the operation, the document's check, and its complaint in the API's words. */
#include "api/staging.h"

#include <stdio.h>

#include "service/earlier_items.h"

static bool is_conflict(enum problem_reason reason)
{
    return reason == PROBLEM_RESOURCE_NAME_CONFLICT || reason == PROBLEM_PRICING_RULE_IN_PRICING_PLAN_CONFLICT;
}

/* Who bears an item is the item's own fault, unless it is the account that leaves. */
static const char *reason_of(const struct call *call, const struct problem *problem)
{
    bool leaves = call->operation == OPERATION_DisassociateAccounts;
    if (problem->reason == PROBLEM_ACCOUNTS_NOT_ASSOCIATED && !leaves)
        return "ILLEGAL_ACCOUNT_ID";
    return problem_reason_text(problem->reason);
}

/* The document's own complaint, as the API says it: the place without the list and number that it has there. */
static void tell_problem(struct call *call, const struct problem *problem)
{
    const char *reason = reason_of(call, problem);
    struct text path = problem->path;
    const char *end = path.size ? memchr(path.data, ']', path.size) : NULL;
    if (end && end + 2 < path.data + path.size)
        path = (struct text){ end + 2, path.size - (size_t)(end + 2 - path.data) };
    if (is_conflict(problem->reason)) {
        fail_conflict(call, reason, problem->reason == PROBLEM_RESOURCE_NAME_CONFLICT ? ENTITY_ITEM : ENTITY_RULE, "",
                      "%.*s: expected %.*s", TEXT_ARGS(path), TEXT_ARGS(problem->expected));
        snprintf(call->failure.resource_id, sizeof call->failure.resource_id, "%.*s", TEXT_ARGS(problem->value));
    } else if (problem->reason == PROBLEM_FIELD_VALIDATION_FAILED) {
        struct buffer name = { 0 };
        buffer_printf(&name, "%.*s", TEXT_ARGS(path));
        buffer_append_byte(&name, '\0');
        failure_field(&call->failure, name.data, "expected %.*s", TEXT_ARGS(problem->expected));
        buffer_done(&name);
    } else {
        fail_validation(call, reason, "%.*s: found \"%.*s\", expected %.*s", TEXT_ARGS(path), TEXT_ARGS(problem->value),
                        TEXT_ARGS(problem->expected));
    }
}

/* What items change in the month before has to hold there, too. */
static bool check_earlier(struct call *call, struct problems *problems)
{
    if (!call->draft->earlier)
        return true;
    struct document *then = book_at(call->book, call->draft->period - 1);
    bool holds = true;
    if (then->period != PERIOD_NONE) {
        struct document *draft = earlier_items_document(then, call->draft);
        holds = document_check(draft, NULL, problems);
        document_release(draft);
    }
    document_release(then);
    return holds;
}

json_t *stage_operation(struct call *call, const struct price_list *prices)
{
    struct problems problems = { 0 };
    problems_begin(&problems, "request");
    json_t *reply = operation_functions[call->operation](call);
    if (reply && !(document_check(call->draft, prices, &problems) && check_earlier(call, &problems))) {
        json_decref(reply);
        reply = NULL;
        if (problems.count)
            tell_problem(call, &problems.items[0]);
        else
            fail_internal(call, &(struct error){ ERROR_FAILED, "the document cannot be checked" });
    }
    problems_done(&problems);
    return reply;
}
