/* settings/checks.h: what must hold between properties that are each sound by themselves. */
#ifndef SETTINGS_CHECKS_H
#define SETTINGS_CHECKS_H

#include "settings/faults.h"
#include "settings/property.h"

struct source {
    struct origin origin;
    bool given;  /* else its default is in force */
    bool faulty; /* told already; nothing more is said about it */
};

struct sources {
    struct source of_property[PROPERTIES_MAX];
};

void settings_check(const struct settings *settings, const struct sources *sources, struct faults *faults);

#endif
