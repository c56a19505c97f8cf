/*
 * documents/offer_file.c: joins the products of an offer file with their on-demand terms.
 *
 * Products and terms may come in either order. An entry goes to the list as soon as both halves are known; what waits
 * is small: numbers of interned texts for a product, tiers for a term. Half a million skus are common.
 */
#include "documents/offer_file.h"

#include <stdlib.h>

#include "documents/json_node.h"
#include "documents/json_walk.h"
#include "documents/offer_term.h"

enum { TARGET_OFFER_CODE, TARGET_PRODUCTS, TARGET_ON_DEMAND, TARGET_COUNT };

static const struct json_target targets[TARGET_COUNT] = {
    [TARGET_OFFER_CODE] = { "/offerCode", JSON_WHOLE },
    [TARGET_PRODUCTS] = { "/products", JSON_MEMBERS },
    [TARGET_ON_DEMAND] = { "/terms/OnDemand", JSON_MEMBERS },
};

/* What is known of a sku. Texts are numbers in `texts`; INTERN_NONE: not known, or not given. */
struct offer {
    uint32_t service, usage_type, operation, unit;
    uint32_t pending; /* of its term, when that came before the product; INDEX_NONE */
    bool has_product, has_term;
};
#define PENDING_NONE UINT32_MAX

struct reader {
    struct price_list *list;
    struct problems *problems;
    struct text currency;
    struct intern skus, texts;
    struct offer *offers; /* by number of the sku */
    size_t offer_capacity;
    struct schedule *pending; /* tiers in `arena` */
    size_t pending_count, pending_capacity;
    struct arena arena;
    uint32_t offer_code; /* in `texts` */
    struct offer_term term; /* scratch */
};

static struct offer *offer_of(struct reader *reader, struct text sku)
{
    size_t known = reader->skus.count;
    uint32_t number = intern_add(&reader->skus, sku);
    if (number == known) {
        reader->offers = memory_reserve_one(reader->offers, known, &reader->offer_capacity, sizeof *reader->offers);
        reader->offers[number] = (struct offer){ INTERN_NONE, INTERN_NONE, INTERN_NONE, INTERN_NONE, PENDING_NONE,
                                                 false, false };
    }
    return &reader->offers[number];
}

static struct text text_of_number(const struct reader *reader, uint32_t number)
{
    return number == INTERN_NONE ? TEXT_NONE : intern_text(&reader->texts, number);
}

static void add_entry(struct reader *reader, struct text sku, const struct offer *offer, struct schedule schedule)
{
    struct price_list_entry entry = {
        .sku = sku,
        .service = text_of_number(reader, offer->service),
        .usage_type = text_of_number(reader, offer->usage_type),
        .operation = text_of_number(reader, offer->operation),
        .unit = text_of_number(reader, offer->unit),
        .schedule = schedule,
    };
    price_list_add(reader->list, &entry);
}

/* A product without servicecode belongs to the file's offerCode, which may come after it. */
static bool is_complete(const struct offer *offer)
{
    return offer->has_product && offer->has_term && offer->usage_type != INTERN_NONE && offer->service != INTERN_NONE;
}

static void add_pending(struct reader *reader, uint32_t number)
{
    struct offer *offer = &reader->offers[number];
    if (offer->pending == PENDING_NONE || !is_complete(offer))
        return;
    add_entry(reader, intern_text(&reader->skus, number), offer, reader->pending[offer->pending]);
    offer->pending = PENDING_NONE;
}

static uint32_t read_attribute(struct reader *reader, const struct node *attributes, const char *name)
{
    struct node node = node_member(attributes, name);
    struct text text;
    return node_text(&node, &text) && text.size ? intern_add(&reader->texts, text) : INTERN_NONE;
}

static void read_product(struct reader *reader, struct text sku, const struct node *node)
{
    struct offer *offer = offer_of(reader, sku);
    if (!node_is_object(node))
        return;
    if (offer->has_product) {
        problem_add(reader->problems, &node->place, PROBLEM_FIELD_VALIDATION_FAILED, sku, "each sku once");
        return;
    }
    struct node attributes = node_member(node, "attributes");
    if (!node_is_object(&attributes))
        return;
    offer->has_product = true;
    offer->service = read_attribute(reader, &attributes, "servicecode");
    if (offer->service == INTERN_NONE)
        offer->service = reader->offer_code;
    offer->usage_type = read_attribute(reader, &attributes, "usagetype");
    offer->operation = read_attribute(reader, &attributes, "operation");
    add_pending(reader, (uint32_t)(offer - reader->offers));
}

static struct schedule copy_schedule(struct reader *reader, struct schedule schedule)
{
    struct tier *tiers = arena_take(&reader->arena, schedule.count * sizeof *tiers, _Alignof(struct tier));
    memcpy(tiers, schedule.tiers, schedule.count * sizeof *tiers);
    return (struct schedule){ tiers, schedule.count };
}

static void read_terms(struct reader *reader, struct text sku, const struct node *node)
{
    struct offer *offer = offer_of(reader, sku);
    if (offer->has_term) {
        problem_add(reader->problems, &node->place, PROBLEM_FIELD_VALIDATION_FAILED, sku, "each sku once");
        return;
    }
    if (!offer_term_read(node, sku, reader->currency, &reader->term))
        return;
    offer->has_term = true;
    offer->unit = reader->term.unit.size ? intern_add(&reader->texts, reader->term.unit) : INTERN_NONE;
    struct schedule schedule = { reader->term.tiers, (uint32_t)reader->term.count };
    if (is_complete(offer)) {
        add_entry(reader, sku, offer, schedule);
        return;
    }
    /* Not for a product that will never have an entry. */
    if (offer->has_product && offer->usage_type == INTERN_NONE)
        return;
    reader->pending = memory_reserve_one(reader->pending, reader->pending_count, &reader->pending_capacity,
                                         sizeof *reader->pending);
    offer->pending = (uint32_t)reader->pending_count;
    reader->pending[reader->pending_count++] = copy_schedule(reader, schedule);
}

static void read_offer_code(struct reader *reader, const struct node *node)
{
    struct text code;
    if (node_text(node, &code) && code.size)
        reader->offer_code = intern_add(&reader->texts, code);
}

static bool visit(void *context, const struct json_item *item, struct error *error)
{
    struct reader *reader = context;
    struct place terms = { NULL, TEXT("terms"), 0 };
    struct place container = { NULL, TEXT("products"), 0 };
    (void)error;
    if (item->target == TARGET_OFFER_CODE)
        container.member = TEXT("offerCode");
    else if (item->target == TARGET_ON_DEMAND)
        container = (struct place){ &terms, TEXT("OnDemand"), 0 };
    if (!item->value) {
        problem_add(reader->problems, &container, PROBLEM_FIELD_VALIDATION_FAILED, text_of(item->found), "an object");
        return true;
    }
    struct node node = { container, item->value, reader->problems };
    if (item->target == TARGET_OFFER_CODE) {
        read_offer_code(reader, &node);
        return true;
    }
    /* An empty name is a member all the same. */
    node.place = (struct place){ &container, item->name.data ? item->name : TEXT(""), 0 };
    if (item->target == TARGET_PRODUCTS)
        read_product(reader, item->name, &node);
    else
        read_terms(reader, item->name, &node);
    return true;
}

/* At the end of the file: entries that waited for the file's offerCode. Terms without a product have no meter. */
static void finish(struct reader *reader)
{
    for (uint32_t i = 0; i < reader->skus.count; i++) {
        if (reader->offers[i].service == INTERN_NONE)
            reader->offers[i].service = reader->offer_code;
        add_pending(reader, i);
    }
    if (reader->term.dimensions_seen && !reader->term.currency_seen) {
        struct place terms = { NULL, TEXT("terms"), 0 }, on_demand = { &terms, TEXT("OnDemand"), 0 };
        problem_add(reader->problems, &on_demand, PROBLEM_FIELD_VALIDATION_FAILED, TEXT_NONE,
                    "a price in %.*s in any dimension", TEXT_ARGS(reader->currency));
    }
}

bool offer_file_read(struct input *input, struct text currency, struct price_list *list, struct problems *problems,
                     struct error *error)
{
    struct reader reader = { .list = list, .problems = problems, .currency = currency, .offer_code = INTERN_NONE };
    problems_begin(problems, input_name(input));
    bool done = json_walk(input, targets, TARGET_COUNT, visit, &reader, NULL, error);
    if (done)
        finish(&reader);
    intern_done(&reader.skus);
    intern_done(&reader.texts);
    arena_done(&reader.arena);
    free(reader.offers);
    free(reader.pending);
    offer_term_done(&reader.term);
    return done;
}
