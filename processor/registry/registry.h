/*
 * registry/registry.h: ids and schemas from a Confluent Schema Registry (REST over libcurl), as wire_schemas.
 *
 * Registers the shipped schemas under "<topic>-value" at the first write to the topic, fetches writers' schemas by id. Ids
 * never change their schema, so what is known is known for ever, and an outage only concerns what is new: WIRE_LATER. An id
 * that the registry does not know is asked for once more before it is refused (absent_ids.h).
 * Thread: one registry per worker.
 */
#ifndef REGISTRY_REGISTRY_H
#define REGISTRY_REGISTRY_H

#include "codec/wire.h"

struct registry;

/* `url` may carry user:password@. `topic_prefix` is put before topics' names in subjects. */
MUST_USE bool registry_open(const char *url, const char *topic_prefix, struct registry **ret_registry,
                            struct error *error);
/* How to log in; texts are borrowed for as long as the registry lives, but for the user. Empty or NULL: not that way. */
struct registry_login {
    struct text username, password;
    const char *bearer_token;
    const char *ca_location; /* file or folder (PEM) of who signs the registry's certificate */
    const char *certificate_location, *key_location, *key_password; /* of ours (PEM) */
};

void registry_set_login(struct registry *registry, const struct registry_login *login);

struct wire_schemas registry_port(struct registry *registry);
void registry_close(struct registry *registry);

#endif
