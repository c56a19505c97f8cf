/* api/operations.c: the functions behind the names. */
#include "api/call.h"

operation_function *const operation_functions[OPERATION_COUNT] = {
#define X(name) [OPERATION_##name] = operation_##name,
    OPERATIONS(X)
#undef X
};

bool operation_changes(enum operation operation)
{
    const char *name = operation_models[operation].name;
    return strncmp(name, "List", 4) != 0 && strncmp(name, "Get", 3) != 0;
}
