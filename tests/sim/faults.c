/* sim/faults.c: sets by name. */
#include "sim/faults.h"

#include <stdio.h>
#include <string.h>

const char *const fault_names[FAULT_COUNT] = {
#define X(name, text) text,
    FAULTS(X)
#undef X
};

static bool change(struct fault_set *set, const char *name, bool on)
{
    bool all = strcmp(name, "all") == 0, known = all;
    for (size_t i = 0; i < FAULT_COUNT; i++) {
        if (!all && strcmp(name, fault_names[i]) != 0)
            continue;
        set->has[i] = on;
        known = true;
    }
    return known;
}

bool faults_change(struct fault_set *set, const char *list)
{
    char names[512];
    bool known = true;
    if ((size_t)snprintf(names, sizeof names, "%s", list) >= sizeof names)
        return false;
    for (char *rest = names, *name; known && (name = strsep(&rest, ","));) {
        bool off = name[0] == '-';
        if (strcmp(name, "none") == 0)
            known = change(set, "all", false);
        else
            known = change(set, name + off, !off);
    }
    return known;
}

struct fault_set faults_all(void)
{
    struct fault_set all = { { false } };
    faults_change(&all, "all");
    return all;
}

struct fault_set faults_draw(const struct fault_set *set, struct dice *dice)
{
    struct fault_set drawn;
    for (size_t i = 0; i < FAULT_COUNT; i++)
        drawn.has[i] = dice_percent(dice, 60) && set->has[i];
    return drawn;
}
