/*
 * rate/routing.h: which usage runs through tiers and so is priced by a tier task, and by which (SEMANTICS 5). Pure.
 *
 * Every pool lives within one usage type, and an allowance within a family of them: tiered usage is sent to a tier
 * partition by its family.
 */
#ifndef RATE_ROUTING_H
#define RATE_ROUTING_H

#include "base/intern.h"
#include "model/price_list.h"
#include "model/usage_event.h"
#include "rate/rule_match.h"

/* All usage of a service, by either name, and operation. */
struct routed_operation {
    struct text service, operation;
};

struct routing {
    struct intern usage_types; /* tiered in the price list, or by a rule that names them; or kept */
    uint32_t *parents;         /* of each usage type: another of its family, of its least its own */
    size_t parent_capacity;
    struct routed_operation *operations; /* of rules that name an operation only; texts are the document's, or kept */
    size_t operation_count, operation_capacity;
    struct arena kept;
};

/* Borrows the document's texts. */
void routing_init(struct routing *routing, const struct conductor *conductor, const struct price_list *list);
/*
 * Once tiered, a meter stays where its rows are until its month closes, also when a later document gives it a flat price:
 * what an earlier version routed and this one would not.
 */
void routing_keep_usage_type(struct routing *routing, struct text usage_type);
void routing_keep_operation(struct routing *routing, struct text service, struct text operation);

bool routing_is_tiered(const struct routing *routing, const struct meter *meter);
static inline struct meter meter_of_event(const struct usage_event *event)
{
    return (struct meter){ .product_code = event->product_code,
                           .usage_type = event->usage_type,
                           .operation = event->operation,
                           .service_code = event->service_code };
}
/* The least of the usage types that one allowance joins with this one, directly or by others; else the usage type itself. */
struct text routing_family(const struct routing *routing, struct text usage_type);
/* Visits what `before` routes and `after` does not: a usage type, or (without one) a service and operation. */
void routing_each_lost(const struct routing *before, const struct routing *after,
                       void (*visit)(void *context, struct text usage_type, struct text service, struct text operation),
                       void *context);
void routing_done(struct routing *routing);

#endif
