/*
 * Any bytes as a configuration file, after a zero byte as --set arguments: settings or faults, never both or neither;
 * and settings without secrets print as a file that gives them again.
 */
#include <stdlib.h>

#include "settings/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool load(struct text file, const char *const *sets, size_t count, struct settings *settings)
{
    struct buffer problems = { 0 };
    struct error error = { 0 };
    bool done = settings_load_text(file, "fuzz", file.size % 2 == 1, sets, count, settings, &problems, &error);
    CHECK(done == (problems.size == 0) && done == (error.message[0] == '\0'));
    CHECK(text_is_utf8(buffer_text(&problems)));
    buffer_done(&problems);
    return done;
}

static void check_prints_and_loads(const struct settings *settings)
{
    struct buffer first = { 0 }, second = { 0 };
    struct settings again;
    bool hidden = settings->hidden != 0;
    for (size_t i = 0; i < settings->kafka_count; i++)
        hidden = hidden || settings->kafka[i].secret;
    settings_print(settings, &first);
    if (!hidden) {
        CHECK(load(buffer_text(&first), NULL, 0, &again));
        settings_print(&again, &second);
        CHECK(text_equal(buffer_text(&first), buffer_text(&second)));
        settings_done(&again);
    }
    buffer_done(&first);
    buffer_done(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = memory_new(size + 1);
    struct settings settings;
    if (size > 0)
        memcpy(copy, data, size);
    size_t file_size = strlen(copy);
    const char *sets[4];
    size_t count = 0;
    for (size_t i = file_size; i < size && count < ARRAY_COUNT(sets); i += strlen(copy + i))
        sets[count++] = copy + ++i;
    if (load((struct text){ copy, file_size }, sets, count, &settings)) {
        check_prints_and_loads(&settings);
        settings_done(&settings);
    }
    free(copy);
    return 0;
}
