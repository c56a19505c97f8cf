/*
 * base/error.h: how a room says that it failed.
 *
 * A function that can fail returns bool (true: done) and fills *error when it returns false. Rooms return errors;
 * only the command line prints them, once. Bad data is no error but a refusal (model/refusal.h).
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>

#define MUST_USE __attribute__((warn_unused_result))
/* A release clears all variables. This one is large, on a path that every event takes, and filled before it is read. */
#if defined(__has_attribute) && __has_attribute(uninitialized)
#define NOT_CLEARED __attribute__((uninitialized))
#else
#define NOT_CLEARED
#endif
#define PRINTF_LIKE(format_index, first_index) __attribute__((format(printf, format_index, first_index)))

/* By consequence: what the process does about it. */
enum error_kind {
    ERROR_NONE,
    ERROR_FAILED,  /* exit 1: the world did not do its part (disk, file, limit) */
    ERROR_INVALID, /* exit 2: wrong usage or an invalid document */
    ERROR_LATER,   /* exit 1 for a command; what runs on tries again: held by somebody else, full, away */
    ERROR_REFUSED, /* exit 1: a right is denied, and waiting does not help */
    ERROR_DAMAGED, /* exit 1 for a command; what can be made anew is: what is stored cannot be believed */
};

struct error {
    enum error_kind kind;
    char message[1024];
};

/* Fills *error and returns false, so that a caller can `return error_fail(…)`. */
bool error_fail(struct error *error, enum error_kind kind, const char *format, ...) PRINTF_LIKE(3, 4);

/* A broken invariant: prints the claim and aborts, in release too. */
#define CHECK(claim) ((claim) ? (void)0 : check_failed(#claim, __FILE__, __LINE__))
void check_failed(const char *claim, const char *file, int line) __attribute__((noreturn));

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
