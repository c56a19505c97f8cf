/* api/failure.c: AWS's error shapes. */
#include "api/call.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/json_write.h"

static const char *const type_names[ENTITY_KIND_COUNT] = {
    [ENTITY_GROUP] = "billing group",   [ENTITY_ACCOUNT] = "account",
    [ENTITY_PLAN] = "pricing plan",     [ENTITY_RULE] = "pricing rule",
    [ENTITY_ITEM] = "custom line item", [ENTITY_PREFERENCE] = "billing transfer preference",
};

static void begin(struct call *call, enum failure_kind kind, const char *reason, const char *format, va_list args)
{
    failure_done(&call->failure);
    call->failure.kind = kind;
    call->failure.reason = reason;
    vsnprintf(call->failure.message, sizeof call->failure.message, format, args);
}

json_t *fail_validation(struct call *call, const char *reason, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    begin(call, FAILURE_VALIDATION, reason, format, args);
    va_end(args);
    return NULL;
}

static void name_resource(struct failure *failure, enum entity_kind kind, const char *id)
{
    failure->resource_type = type_names[kind];
    snprintf(failure->resource_id, sizeof failure->resource_id, "%s", id);
}

json_t *fail_conflict(struct call *call, const char *reason, enum entity_kind kind, const char *id, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    begin(call, FAILURE_CONFLICT, reason, format, args);
    va_end(args);
    name_resource(&call->failure, kind, id);
    return NULL;
}

json_t *fail_not_found(struct call *call, enum entity_kind kind, const char *id)
{
    failure_done(&call->failure);
    call->failure.kind = FAILURE_NOT_FOUND;
    snprintf(call->failure.message, sizeof call->failure.message, "no %s %.200s", type_names[kind], id);
    name_resource(&call->failure, kind, id);
    return NULL;
}

json_t *fail_internal(struct call *call, const struct error *error)
{
    failure_done(&call->failure);
    call->failure.kind = FAILURE_INTERNAL;
    snprintf(call->failure.message, sizeof call->failure.message, "%.500s", error->message);
    return NULL;
}

void failure_field(struct failure *failure, const char *name, const char *format, ...)
{
    char message[256];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    failure->kind = FAILURE_VALIDATION;
    failure->reason = "FIELD_VALIDATION_FAILED";
    if (!failure->fields) {
        failure->fields = json_array();
        snprintf(failure->message, sizeof failure->message, "%.200s: %s", name, message);
    }
    json_array_append_new(failure->fields, json_pack("{s:s,s:s}", "Name", name, "Message", message));
}

void failure_done(struct failure *failure)
{
    json_decref(failure->fields);
    *failure = (struct failure){ 0 };
}

static const struct {
    unsigned status;
    const char *name;
} answers[] = {
    [FAILURE_NONE] = { 200, "" },
    [FAILURE_VALIDATION] = { 400, "ValidationException" },
    [FAILURE_SERVICE_LIMIT] = { 402, "ServiceLimitExceededException" },
    [FAILURE_ACCESS_DENIED] = { 403, "AccessDeniedException" },
    [FAILURE_NOT_FOUND] = { 404, "ResourceNotFoundException" },
    [FAILURE_CONFLICT] = { 409, "ConflictException" },
    [FAILURE_INTERNAL] = { 500, "InternalServerException" },
    [FAILURE_UNAVAILABLE] = { 503, "ServiceUnavailable" },
    [FAILURE_UNKNOWN_OPERATION] = { 404, "UnknownOperationException" },
    [FAILURE_METHOD] = { 405, "UnknownOperationException" },
    [FAILURE_TOO_LARGE] = { 413, "ValidationException" },
    [FAILURE_MEDIA_TYPE] = { 415, "ValidationException" },
};

static void write_member(struct buffer *body, const char *name, const char *value)
{
    buffer_printf(body, ",\"%s\":", name);
    json_write_text(body, text_of(value));
}

unsigned failure_write(const struct failure *failure, const char **ret_name, struct buffer *body)
{
    *ret_name = answers[failure->kind].name;
    buffer_printf(body, "{\"__type\":\"%s\"", *ret_name);
    write_member(body, "Message", failure->message);
    if (failure->reason)
        write_member(body, "Reason", failure->reason);
    if (failure->resource_type) {
        write_member(body, "ResourceId", failure->resource_id);
        write_member(body, "ResourceType", failure->resource_type);
    }
    if (failure->fields) {
        char *fields = json_dumps(failure->fields, JSON_COMPACT);
        buffer_printf(body, ",\"Fields\":%s", fields);
        free(fields);
    }
    buffer_append_byte(body, '}');
    return answers[failure->kind].status;
}
