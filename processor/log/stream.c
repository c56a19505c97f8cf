/* log/stream.c: names. */
#include "log/stream.h"

const char *stream_topic_name(enum stream_topic topic)
{
    static const char *const names[STREAM_TOPIC_COUNT] = {
        [STREAM_USAGE] = "usage",
        [STREAM_CONDUCTOR] = "conductor",
        [STREAM_TIERED] = "tiered",
        [STREAM_LINE_ITEMS] = "line-items",
        [STREAM_SUBTOTALS] = "subtotals",
        [STREAM_BILLS] = "bills",
        [STREAM_CUR] = "cur",
        [STREAM_CUR_MANIFESTS] = "cur-manifests",
        [STREAM_DEAD_LETTERS] = "dead-letters",
    };
    return names[topic];
}
