/* cli/failure.h: the one place where an error is printed. */
#ifndef CLI_FAILURE_H
#define CLI_FAILURE_H

#include "base/error.h"

/* Prints "proforma COMMAND: message" to standard error and returns the exit code of its kind. */
int print_failure(const char *command, const struct error *error);

#endif
