/* cli/failure.c: from an error to an exit code. */
#include "cli/failure.h"

#include <stdio.h>

#include "base/secret.h"
#include "cli/arguments.h"

int print_failure(const char *command, const struct error *error)
{
    struct error shown = *error;
    secret_hide(shown.message);
    fprintf(stderr, "proforma %s: %s\n", command, shown.message);
    return error->kind == ERROR_INVALID ? EXIT_INVALID : EXIT_FAILED;
}
