/*
 * control/kept_routing.h: meters that had tiers in an earlier version and have none in this one: their usage stays with the
 * tier tasks until its month closes (SEMANTICS 3.5). Who publishes a version notes them beside it, so that whoever reads the
 * topic, whenever and however compacted, sends usage the same way.
 */
#ifndef CONTROL_KEPT_ROUTING_H
#define CONTROL_KEPT_ROUTING_H

#include "control/conductor_topic.h"
#include "rate/routing.h"

/* Adds to the routing of the newest version's document what earlier ones routed. */
void kept_routing_read(const struct conductor_topic *topic, struct routing *routing);

/*
 * `changes` make a version that follows the topic's: adds what has to be kept, before the last of them, its version record.
 * Nothing where the topic's document cannot be read. Fails: the new one cannot.
 */
MUST_USE bool kept_routing_add(const struct conductor_topic *topic, struct conductor_changes *changes, struct error *error);

#endif
