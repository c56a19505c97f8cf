/*
 * codec/usage_files.h: the files behind the names that a user gives: a manifest stands for the files it names, a zip archive
 * for its members. Everything is looked for before the first is read: a wrong name must not cost an hour.
 */
#ifndef CODEC_USAGE_FILES_H
#define CODEC_USAGE_FILES_H

#include "base/memory.h"
#include "codec/input.h"

struct usage_file {
    const char *path; /* "-": standard input */
    const char *name; /* what messages and dead letters say: the path, for a member of an archive "path/member" */
    bool is_member;
    struct input_part part; /* of a member */
    const char *manifest;   /* that named it; NULL: none */
    struct text assembly;   /* the delivery that it is of, by its manifest or its folder; empty: unknown */
    uint64_t bytes;         /* to read, for progress; 0: unknown */
};

struct usage_files {
    struct arena arena;
    struct usage_file *items;
    size_t count, capacity;
};

/*
 * Fails (ERROR_FAILED): a file that cannot be read, an archive or manifest that cannot be followed, one file by two ways.
 * Then nothing is to be freed.
 */
MUST_USE bool usage_files_find(const char *const *operands, size_t count, struct usage_files *files, struct error *error);
/* Whether they may be of more than one delivery: several, and not all of one assembly. */
bool usage_files_may_mix(const struct usage_files *files);
void usage_files_done(struct usage_files *files);

/* Opens one of them, whatever it is wrapped in. */
MUST_USE bool usage_file_open(const struct usage_file *file, struct input **ret_input, struct error *error);

#endif
