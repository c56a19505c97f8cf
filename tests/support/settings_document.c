/*
 * support/settings_document.c: writes config/proforma.conf and config/CONFIGURATION.md from the table of properties, or
 * checks that they are what it would write.
 *   settings_document write|check DIR
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "settings/document.h"

static const struct {
    const char *name;
    void (*append)(struct buffer *out);
} documents[] = {
    { "proforma.conf", settings_sample_file },
    { "CONFIGURATION.md", settings_reference },
};

static bool write_document(const char *path, struct text text, struct error *error)
{
    FILE *file;
    if (!file_create(path, &file, error))
        return false;
    bool written = file_write(file, path, text, error);
    struct error closing;
    return file_close(file, path, written ? error : &closing) && written;
}

static bool check_document(const char *path, struct text text, struct error *error)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return error_fail(error, ERROR_FAILED, "%s: cannot read", path);
    char *found = malloc(text.size + 1);
    size_t size = found ? fread(found, 1, text.size + 1, file) : 0;
    bool same = found && text_equal((struct text){ found, size }, text);
    free(found);
    fclose(file);
    return same ||
           error_fail(error, ERROR_FAILED, "%s: not what the table of properties says; run settings_document write", path);
}

int main(int argc, char **argv)
{
    bool writing = argc == 3 && strcmp(argv[1], "write") == 0;
    if (!writing && (argc != 3 || strcmp(argv[1], "check") != 0)) {
        fputs("usage: settings_document write|check DIR\n", stderr);
        return 2;
    }
    int failed = 0;
    for (size_t i = 0; i < ARRAY_COUNT(documents); i++) {
        struct buffer text = { 0 };
        struct error error;
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", argv[2], documents[i].name);
        documents[i].append(&text);
        bool done =
            writing ? write_document(path, buffer_text(&text), &error) : check_document(path, buffer_text(&text), &error);
        if (!done) {
            fprintf(stderr, "%s\n", error.message);
            failed = 1;
        }
        buffer_done(&text);
    }
    return failed;
}
