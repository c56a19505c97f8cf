/* cli/documents.c: one list of problems over all files. */
#include "cli/documents.h"

#include <stdio.h>
#include <stdlib.h>

#include "documents/offer_file.h"

/* All of it, also from a pipe; what is cut off or damaged is told when it is read as a document. */
static bool read_whole(const char *path, struct buffer *bytes, struct error *error)
{
    enum { BLOCK_BYTES = 65536 };
    struct input *input;
    size_t got = 0;
    enum input_status status;
    if (!input_open(path, &input, error))
        return false;
    while ((status = input_read(input, buffer_reserve(bytes, BLOCK_BYTES), BLOCK_BYTES, &got)) == INPUT_OK)
        bytes->size += got;
    bool done = status == INPUT_END || error_fail(error, ERROR_FAILED, "%s: %s", path, input_failure(input));
    input_close(input);
    return done;
}

static bool read_conductor(const char *path, struct documents *documents, struct problems *problems, struct error *error)
{
    if (!read_whole(path, &documents->json, error))
        return false;
    struct input *input = input_from_memory(documents->json.data, documents->json.size, path);
    problems_begin(problems, path);
    bool done = conductor_read_whole(input, &documents->conductor, problems, error);
    input_close(input);
    return done;
}

#define WARNINGS_SHOWN 10

static void print_problems(const struct problems *problems, const char *prefix, size_t shown)
{
    struct buffer line = { 0 };
    if (shown > problems->count)
        shown = problems->count;
    for (size_t i = 0; i < shown; i++) {
        buffer_clear(&line);
        problem_format(&problems->items[i], &line);
        fprintf(stderr, "%s%.*s\n", prefix, (int)line.size, line.data);
    }
    if (problems->total > shown)
        fprintf(stderr, "%sand %llu more\n", prefix, (unsigned long long)(problems->total - shown));
    buffer_done(&line);
}

/* A list without a price for anything is worth a word; under --strict it is a fault. */
static bool judge_empty(const char *path, bool strict, uint64_t *faults)
{
    fprintf(stderr, "%s%s: holds no on-demand price\n", strict ? "" : "warning: ", path);
    *faults += strict;
    return !strict;
}

/* What of a list is at fault is left out as long as something is left. */
static bool judge_price_list(const char *path, const struct problems *found, size_t entries, size_t left_out, bool strict,
                             uint64_t *faults)
{
    if (found->total == 0)
        return entries > 0 || judge_empty(path, strict, faults);
    if (strict || entries == 0) {
        print_problems(found, "", PROBLEMS_KEPT);
        *faults += found->total;
        return false;
    }
    print_problems(found, "warning: ", WARNINGS_SHOWN);
    if (left_out > 0)
        fprintf(stderr,
                "warning: %s: %zu sku%s left out of the price list for what is told above; --strict makes it an error\n",
                path, left_out, left_out == 1 ? " is" : "s are");
    return true;
}

static bool read_price_list(const char *path, struct text currency, bool strict, struct documents *documents,
                            uint64_t *faults, struct error *error)
{
    struct input *input;
    struct problems found = { 0 };
    size_t entries = documents->list.count, left_out = documents->list.left_out;
    if (!input_open(path, &input, error))
        return false;
    bool done = offer_file_read(input, currency, &documents->list, &found, error);
    input_close(input);
    if (done)
        done = judge_price_list(path, &found, documents->list.count - entries, documents->list.left_out - left_out, strict,
                                faults);
    else
        print_problems(&found, "", PROBLEMS_KEPT);
    problems_done(&found);
    return done;
}

/* Reads on after a file with problems, so that all are told at once; a file that is no document ends it. */
static bool read_all(const char *conductor, const char *const *price_lists, size_t count, bool strict,
                     struct documents *documents, struct problems *problems, struct error *error)
{
    uint64_t faults = 0;
    bool valid = read_conductor(conductor, documents, problems, error);
    if (!valid && problems->total == 0)
        return false;
    struct text currency = documents->conductor ? documents->conductor->currency : TEXT("USD");
    for (size_t i = 0; i < count; i++) {
        uint64_t before = faults;
        if (!read_price_list(price_lists[i], currency, strict, documents, &faults, error) && faults == before)
            return false;
    }
    price_list_index(&documents->list);
    if (documents->conductor) {
        problems_begin(problems, conductor);
        conductor_check_prices(documents->conductor, &documents->list, problems);
    }
    faults += problems->total;
    if (faults > 0)
        return error_fail(error, ERROR_INVALID, "%llu problem%s in the documents", (unsigned long long)faults,
                          faults == 1 ? "" : "s");
    return valid;
}

static bool read_documents(const char *conductor, const char *const *price_lists, size_t price_list_count, bool strict,
                           struct documents *documents, struct error *error)
{
    *documents = (struct documents){ 0 };
    struct problems problems = { 0 };
    bool done = read_all(conductor, price_lists, price_list_count, strict, documents, &problems, error);
    print_problems(&problems, "", PROBLEMS_KEPT);
    problems_done(&problems);
    if (!done) {
        documents_done(documents);
        return false;
    }
    documents->conductor->version = 1;
    pricing_init(&documents->pricing, documents->conductor, &documents->list);
    return true;
}

bool documents_read(const char *conductor, const char *const *price_lists, size_t price_list_count,
                    struct documents *documents, struct error *error)
{
    return read_documents(conductor, price_lists, price_list_count, false, documents, error);
}

bool documents_read_strictly(const char *conductor, const char *const *price_lists, size_t price_list_count,
                             struct documents *documents, struct error *error)
{
    return read_documents(conductor, price_lists, price_list_count, true, documents, error);
}

bool documents_of_arguments(const struct arguments *arguments, size_t which, struct documents *documents,
                            struct error *error)
{
    return read_documents(arguments->conductors[which], arguments->price_lists, arguments->price_list_count,
                          arguments->strict, documents, error);
}

void documents_done(struct documents *documents)
{
    pricing_done(&documents->pricing);
    price_list_done(&documents->list);
    if (documents->conductor)
        conductor_done(documents->conductor);
    free(documents->conductor);
    buffer_done(&documents->json);
    *documents = (struct documents){ 0 };
}
