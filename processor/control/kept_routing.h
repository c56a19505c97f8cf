/*
 * control/kept_routing.h: meters that had tiers in an earlier version and have none in this one: their usage stays with the
 * tier tasks until its month closes (SEMANTICS 3.5). Who publishes a version notes them beside it, so that whoever reads the
 * topic, whenever and however compacted, sends usage the same way.
 */
#ifndef CONTROL_KEPT_ROUTING_H
#define CONTROL_KEPT_ROUTING_H

#include "control/conductor_topic.h"
#include "rate/routing.h"

/* Adds to the routing of a month's document (conductor_topic_month) what earlier ones routed. */
void kept_routing_read(const struct conductor_topic *topic, billing_period month, struct routing *routing);

/*
 * `changes` make a version of the month's document that follows the topic's: adds what has to be kept, before the last of
 * them, its version record. Nothing where the document in force there until now cannot be read. Fails: the new one cannot.
 */
MUST_USE bool kept_routing_add(const struct conductor_topic *topic, billing_period month, struct conductor_changes *changes,
                               struct error *error);

#endif
