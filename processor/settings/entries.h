/*
 * settings/entries.h: the syntax: a line "key = value" each, blank lines, and lines that begin with '#'.
 * A value in double quotes keeps its blanks; in it \" is a quote and \\ a backslash. A '#' inside a line is no comment.
 */
#ifndef SETTINGS_ENTRIES_H
#define SETTINGS_ENTRIES_H

#include "base/intern.h"
#include "settings/faults.h"

struct entry {
    struct text key, value; /* unquoted, references not resolved */
    struct origin origin;
    bool overridden; /* a --set of the same key came later */
};

struct entries {
    struct arena arena; /* holds the values */
    struct intern keys;
    size_t *of_key; /* the entry that a key now has, by its number */
    size_t key_capacity;
    struct entry *items;
    size_t count, capacity;
};

/* A whole file. Faults: lines that are none, a key that comes twice. */
void entries_read(struct entries *entries, struct text file, const char *path, struct faults *faults);
/* One --set; the last one of a key counts. */
void entries_set(struct entries *entries, struct text line, struct faults *faults);
void entries_done(struct entries *entries);

#endif
