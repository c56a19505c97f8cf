/*
 * registry/absent_ids.h: ids for which there is no schema yet: when a registry is asked again, and when its "unknown" is
 * believed. A replica that lags does not know a schema that was registered a moment ago, so a first "unknown" is doubted; a
 * second one, some time later, counts for a while without a question. Pure.
 *
 * Who sends ids that nobody knows, a new one each time, must not hold up a partition by a doubt each: doubts are rationed,
 * and behind the ration the second question follows the first at once. As many ids are remembered as there is room for, the
 * one that was not looked at for the longest goes.
 */
#ifndef REGISTRY_ABSENT_IDS_H
#define REGISTRY_ABSENT_IDS_H

#include <stddef.h>
#include <stdint.h>

#define ABSENT_IDS_ROOM 1024
#define ABSENT_AGAIN_MS 1000     /* from one question to the next */
#define ABSENT_BELIEVED_MS 60000 /* what the second one says */
#define ABSENT_DOUBTS 16         /* at once */
#define ABSENT_DOUBT_EVERY_MS 5000

enum absent_answer {
    ABSENT_ASK,     /* nothing is known, or no longer */
    ABSENT_WAIT,    /* it was asked not long ago */
    ABSENT_UNKNOWN, /* the registry does not know it */
};

struct absent_id {
    uint32_t id;
    unsigned misses; /* times that the registry said it knows none */
    int64_t until_ms; /* what is said until then */
    uint64_t looked;
};

struct absent_ids {
    struct absent_id items[ABSENT_IDS_ROOM];
    size_t count;
    uint64_t looks;
    unsigned doubts;
    int64_t doubts_ms; /* when there were that many */
};

void absent_ids_init(struct absent_ids *ids, int64_t now_ms);
enum absent_answer absent_ids_look(struct absent_ids *ids, uint32_t id, int64_t now_ms);
/* What a question came to: the registry knows none; there was no answer; it is there after all. */
void absent_ids_missed(struct absent_ids *ids, uint32_t id, int64_t now_ms);
void absent_ids_unanswered(struct absent_ids *ids, uint32_t id, int64_t now_ms);
void absent_ids_found(struct absent_ids *ids, uint32_t id);

#endif
