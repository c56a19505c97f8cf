/* control/kept_routing.c: both versions' routings side by side; what the old one has alone is kept, in the new one's month.
 */
#include "control/kept_routing.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "codec/json_write.h"

static const char kept_kind[] = "Tiered";

/* ---- reading ---- */

struct reading {
    struct routing *routing;
    char period[TIME_TEXT_MAX];
};

static void take_kept(void *context, struct text period, struct text kind, struct text id, struct text value)
{
    struct reading *reading = context;
    json_error_t reason;
    (void)id;
    if (!text_equal(kind, text_of(kept_kind)) || !text_equal(period, text_of(reading->period)))
        return;
    json_t *object = json_loadb(value.data, value.size, 0, &reason);
    const char *usage_type = json_string_value(json_object_get(object, "usage_type"));
    const char *service = json_string_value(json_object_get(object, "service"));
    const char *operation = json_string_value(json_object_get(object, "operation"));
    if (usage_type)
        routing_keep_usage_type(reading->routing, text_of(usage_type));
    else if (service && operation)
        routing_keep_operation(reading->routing, text_of(service), text_of(operation));
    json_decref(object);
}

void kept_routing_read(const struct conductor_topic *topic, billing_period month, struct routing *routing)
{
    struct reading reading = { .routing = routing };
    period_format(month, reading.period);
    conductor_topic_each(topic, take_kept, &reading);
}

/* ---- a version and where it sends usage ---- */

struct routed {
    struct conductor *conductor; /* NULL: none */
    struct price_list list;
    struct routing routing;
};

static bool route(const struct conductor_topic *topic, billing_period period, struct routed *routed, struct error *error)
{
    if (!conductor_topic_document(topic, period, &routed->conductor, &routed->list, error)) {
        routed->conductor = NULL;
        return false;
    }
    routing_init(&routed->routing, routed->conductor, &routed->list);
    kept_routing_read(topic, conductor_topic_month_of(topic, period), &routed->routing);
    return true;
}

static void routed_done(struct routed *routed)
{
    if (!routed->conductor)
        return;
    routing_done(&routed->routing);
    price_list_done(&routed->list);
    conductor_done(routed->conductor);
    free(routed->conductor);
}

/* ---- what is lost is kept ---- */

struct keeping {
    struct conductor_changes *changes;
    char period[TIME_TEXT_MAX];
    struct buffer key, value;
};

static void keep(void *context, struct text usage_type, struct text service, struct text operation)
{
    struct keeping *keeping = context;
    buffer_clear(&keeping->key);
    buffer_clear(&keeping->value);
    if (usage_type.size) {
        buffer_printf(&keeping->key, "%s/%s/%.*s", keeping->period, kept_kind, TEXT_ARGS(usage_type));
        buffer_append_text(&keeping->value, TEXT("{\"usage_type\":"));
        json_write_text(&keeping->value, usage_type);
    } else {
        buffer_printf(&keeping->key, "%s/%s/%.*s %.*s", keeping->period, kept_kind, TEXT_ARGS(service),
                      TEXT_ARGS(operation));
        buffer_append_text(&keeping->value, TEXT("{\"service\":"));
        json_write_text(&keeping->value, service);
        buffer_append_text(&keeping->value, TEXT(",\"operation\":"));
        json_write_text(&keeping->value, operation);
    }
    buffer_append_byte(&keeping->value, '}');
    conductor_changes_add(keeping->changes, buffer_text(&keeping->key), buffer_text(&keeping->value));
}

static bool has_kind(struct text key, const char *kind)
{
    return memmem(key.data, key.size, kind, strlen(kind)) != NULL;
}

/* Anything else leaves the routing as it is. */
static bool may_lose(const struct conductor_topic *topic, billing_period month, const struct conductor_changes *changes)
{
    bool may = conductor_topic_month_of(topic, month) != month;
    for (size_t i = 0; i < changes->count && !may; i++)
        may = has_kind(changes->items[i].key, "/Price/") || has_kind(changes->items[i].key, "/PricingRules");
    return may;
}

static bool keep_lost(const struct conductor_topic *topic, const struct conductor_topic *with, billing_period month,
                      struct conductor_changes *changes, struct error *error)
{
    struct routed now = { 0 }, then = { 0 };
    struct keeping keeping = { .changes = changes };
    struct error ignored;
    bool is_readable = route(topic, month, &now, &ignored); /* a topic whose document cannot be read is mended by any */
    bool done = !is_readable || route(with, month, &then, error);
    if (is_readable && done) {
        struct conductor_change version = changes->items[--changes->count];
        period_format(month, keeping.period);
        routing_each_lost(&now.routing, &then.routing, keep, &keeping);
        conductor_changes_add(changes, version.key, version.value);
    }
    buffer_done(&keeping.key);
    buffer_done(&keeping.value);
    routed_done(&now);
    routed_done(&then);
    return done;
}

bool kept_routing_add(const struct conductor_topic *topic, billing_period month, struct conductor_changes *changes,
                      struct error *error)
{
    if (conductor_topic_version(topic) == 0 || changes->count == 0)
        return true;
    struct conductor_topic *with = conductor_topic_copy(topic);
    bool done = conductor_topic_take_changes(with, changes, error) &&
                (!may_lose(topic, month, changes) || keep_lost(topic, with, month, changes, error));
    conductor_topic_free(with);
    return done;
}
