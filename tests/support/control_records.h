/* support/control_records.h: records put on a conductor topic in memory. */
#ifndef SUPPORT_CONTROL_RECORDS_H
#define SUPPORT_CONTROL_RECORDS_H

#include "control/conductor_topic.h"
#include "support/unit.h"

static inline void control_put(struct conductor_topic *topic, const char *key, const char *value)
{
    struct error error;
    struct stream_record record = { .topic = STREAM_CONDUCTOR, .key = text_of(key), .value = text_of(value) };
    if (!conductor_topic_take(topic, &record, &error))
        fail_msg("%s: %s", key, error.message);
}

/* The close of a month; `tasks` of so many bill tasks have said that they are through. */
static inline void control_close(struct conductor_topic *topic, const char *month, unsigned tasks)
{
    char key[64], value[128];
    snprintf(key, sizeof key, "%s/close/x", month);
    snprintf(value, sizeof value, "{\"period\":\"%s\",\"version\":4,\"offsets\":[1]}", month);
    control_put(topic, key, value);
    snprintf(value, sizeof value, "{\"tasks\":%u}", tasks);
    for (unsigned task = 0; task < tasks; task++) {
        snprintf(key, sizeof key, "%s/closed/%u", month, task);
        control_put(topic, key, value);
    }
}

#endif
