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
    bool done = conductor_read(input, &documents->conductor, problems, error);
    input_close(input);
    return done;
}

static bool read_price_list(const char *path, struct text currency, struct documents *documents,
                            struct problems *problems, struct error *error)
{
    struct input *input;
    if (!input_open(path, &input, error))
        return false;
    problems_begin(problems, path);
    bool done = offer_file_read(input, currency, &documents->list, problems, error);
    input_close(input);
    return done;
}

static void print_problems(const struct problems *problems)
{
    struct buffer line = { 0 };
    for (size_t i = 0; i < problems->count; i++) {
        buffer_clear(&line);
        problem_format(&problems->items[i], &line);
        fprintf(stderr, "%.*s\n", (int)line.size, line.data);
    }
    if (problems->total > problems->count)
        fprintf(stderr, "and %llu more\n", (unsigned long long)(problems->total - problems->count));
    buffer_done(&line);
}

/* Reads on after a file with problems, so that all are told at once; a file that is no document ends it. */
static bool read_all(const char *conductor, const char *const *price_lists, size_t count, struct documents *documents,
                     struct problems *problems, struct error *error)
{
    bool valid = read_conductor(conductor, documents, problems, error);
    if (!valid && problems->total == 0)
        return false;
    struct text currency = documents->conductor ? documents->conductor->currency : TEXT("USD");
    for (size_t i = 0; i < count; i++) {
        uint64_t before = problems->total;
        if (!read_price_list(price_lists[i], currency, documents, problems, error) && problems->total == before)
            return false;
    }
    price_list_index(&documents->list);
    if (documents->conductor) {
        problems_begin(problems, conductor);
        conductor_check_prices(documents->conductor, &documents->list, problems);
    }
    if (problems->total > 0)
        return error_fail(error, ERROR_INVALID, "%llu problem%s in the documents", (unsigned long long)problems->total,
                          problems->total == 1 ? "" : "s");
    return valid;
}

bool documents_read(const char *conductor, const char *const *price_lists, size_t price_list_count,
                    struct documents *documents, struct error *error)
{
    *documents = (struct documents){ 0 };
    struct problems problems = { 0 };
    bool done = read_all(conductor, price_lists, price_list_count, documents, &problems, error);
    print_problems(&problems);
    problems_done(&problems);
    if (!done) {
        documents_done(documents);
        return false;
    }
    struct hash128 hash = conductor_hash(documents->conductor);
    snprintf(documents->hash, sizeof documents->hash, "%016llx%016llx", (unsigned long long)hash.high,
             (unsigned long long)hash.low);
    documents->conductor->version = 1;
    pricing_init(&documents->pricing, documents->conductor, &documents->list);
    return true;
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
