/*
 * settings/property.h: the table of all properties. Loading, printing, --help, config/proforma.conf and
 * config/CONFIGURATION.md all come from it, so that they cannot differ.
 */
#ifndef SETTINGS_PROPERTY_H
#define SETTINGS_PROPERTY_H

#include "settings/settings.h"

enum property_kind {
    PROPERTY_TEXT,     /* const char *; min and max count bytes */
    PROPERTY_PATH,     /* const char *, never empty */
    PROPERTY_INTEGER,  /* int32_t */
    PROPERTY_BOOLEAN,  /* bool */
    PROPERTY_SIZE,     /* size_t */
    PROPERTY_DURATION, /* int64_t milliseconds */
    PROPERTY_ENUM,     /* the place of its word among `words` */
    PROPERTY_KAFKA,    /* no member: goes to settings->kafka unless empty */
};

struct property {
    const char *section; /* on the first property of each */
    const char *name;
    enum property_kind kind;
    size_t offset;
    const char *standard; /* the default, as an operator would write it */
    int64_t min, max;
    const char *const *words;          /* of an ENUM, NULL behind the last */
    bool (*accepts)(struct text text); /* of a TEXT that is not free; an empty one is not asked */
    const char *form;                  /* what `accepts` wants, for people */
    bool secret;
    const char *text; /* one sentence or two for operators */
};

/* Bits of settings.hidden. */
#define PROPERTIES_MAX 64

extern const struct property properties[];
extern const size_t property_count;

/* NULL: there is none of that name. */
const struct property *property_find(struct text name);
/* The one an operator may have meant; NULL if nothing is near. */
const struct property *property_nearest(struct text name);
size_t property_index(const struct property *property);

/* Sets the member from text, copying it; not for KAFKA. False: no such value; *settings is then untouched. */
MUST_USE bool property_set(const struct property *property, struct text value, struct settings *settings);
/* Appends the member as text that property_set reads; not for KAFKA. */
void property_get(const struct property *property, const struct settings *settings, struct buffer *out);
/* Appends what a value may be: "a duration from 10ms to 3m, as 100ms". */
void property_expected(const struct property *property, struct buffer *out);

/* Of any host, name or number, and a port. */
bool address_is_sound(struct text address);
bool address_is_loopback(struct text address);

#endif
