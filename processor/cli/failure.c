/* cli/failure.c: from an error to an exit code. */
#include "cli/failure.h"

#include <stdio.h>

#include "cli/arguments.h"

int print_failure(const char *command, const struct error *error)
{
    fprintf(stderr, "proforma %s: %s\n", command, error->message);
    return error->kind == ERROR_INVALID ? EXIT_INVALID : EXIT_FAILED;
}
