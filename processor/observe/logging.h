/*
 * observe/logging.h: structured logs: one logfmt line an event on standard error. Thread: any; a line is one write.
 */
#ifndef OBSERVE_LOGGING_H
#define OBSERVE_LOGGING_H

#include <stdbool.h>
#include <stdint.h>

enum logging_level { LOGGING_ERROR, LOGGING_WARN, LOGGING_INFO, LOGGING_DEBUG };

/* A pair of a line. Values are texts or numbers; nothing here is a format, so nothing that users send can be one. */
struct logging_field {
    const char *name, *text; /* text NULL: number */
    int64_t number;
};
#define LOG_TEXT(name, text) ((struct logging_field){ (name), (text) ? (text) : "", 0 })
#define LOG_NUMBER(name, number) ((struct logging_field){ (name), 0, (int64_t)(number) })

void logging_set_level(enum logging_level level);
void logging_write(enum logging_level level, const char *event, const struct logging_field *fields, unsigned count);

/* log_event(LOGGING_INFO, "task_restored", LOG_NUMBER("task", 3), LOG_NUMBER("rows", rows)) */
#define log_event(level, event, ...)                                               \
    logging_write((level), (event), (const struct logging_field[]){ __VA_ARGS__ }, \
                  sizeof((const struct logging_field[]){ __VA_ARGS__ }) / sizeof(struct logging_field))

#endif
