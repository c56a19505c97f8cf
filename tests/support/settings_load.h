/* support/settings_load.h: settings from a text, and what was said about them. */
#ifndef SUPPORT_SETTINGS_LOAD_H
#define SUPPORT_SETTINGS_LOAD_H

#include "support/scratch.h"
#include "support/unit.h"

#include "settings/load.h"

struct loaded {
    bool done;
    struct settings settings;
    struct buffer problems, printed;
    struct error error;
};

static inline struct loaded load_with(const char *file, bool is_public, const char *const *sets, size_t set_count)
{
    struct loaded loaded = { 0 };
    loaded.done = settings_load_text(text_of(file), "t.conf", is_public, sets, set_count, &loaded.settings, &loaded.problems,
                                     &loaded.error);
    if (loaded.done)
        settings_print(&loaded.settings, &loaded.printed);
    return loaded;
}

static inline struct loaded load(const char *file)
{
    return load_with(file, false, NULL, 0);
}

static inline void unload(struct loaded *loaded)
{
    settings_done(&loaded->settings);
    buffer_done(&loaded->problems);
    buffer_done(&loaded->printed);
}

/* Expected NULL: loads. */
static inline void expect_fault(const char *file, const char *expected)
{
    struct loaded loaded = load(file);
    expect_text(file, buffer_text(&loaded.problems), expected ? expected : "");
    expect(file, loaded.done, expected == NULL);
    unload(&loaded);
}

static inline void expect_line(const char *row, const struct buffer *printed, const char *line)
{
    if (!text_contains(buffer_text(printed), text_of(line)))
        fail_msg("%s: '%s' is not in:\n%.*s", row, line, TEXT_ARGS(buffer_text(printed)));
}

#endif
