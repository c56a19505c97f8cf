/*
 * registry/registry.h: ids and schemas from a Confluent Schema Registry (REST over libcurl), as wire_schemas.
 *
 * Registers the shipped schemas under "<topic>-value" at the first write to the topic, fetches writers' schemas by id. Ids
 * never change their schema, so what is known is known for ever, and an outage only concerns what is new: WIRE_LATER.
 * Thread: one registry per worker.
 */
#ifndef REGISTRY_REGISTRY_H
#define REGISTRY_REGISTRY_H

#include "codec/wire.h"

struct registry;

/* `url` may carry user:password@. `topic_prefix` is put before topics' names in subjects. */
MUST_USE bool registry_open(const char *url, const char *topic_prefix, struct registry **ret_registry, struct error *error);
struct wire_schemas registry_port(struct registry *registry);
void registry_close(struct registry *registry);

#endif
