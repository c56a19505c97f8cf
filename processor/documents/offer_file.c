/*
 * documents/offer_file.c: joins the products of an offer file with their on-demand terms, in whichever form they come.
 *
 * Products and terms may come in either order. An entry goes to the list as soon as both halves are known; what waits
 * is small: numbers of interned texts for a product, tiers for a term. Half a million skus are common.
 */
#include "documents/offer_file.h"

#include <stdlib.h>
#include <strings.h>

#include "codec/json_text.h"
#include "documents/json_node.h"
#include "documents/json_walk.h"
#include "documents/offer_csv.h"
#include "documents/offer_term.h"

/* An offer file; replies of get-products, their items in a list or one behind another; what is neither. */
enum {
    TARGET_OFFER_CODE,
    TARGET_PRODUCTS,
    TARGET_ON_DEMAND,
    TARGET_PRICE_LIST,
    TARGET_NEXT_TOKEN,
    TARGET_PRODUCT,
    TARGET_ARRAY,
    TARGET_OFFERS,
    TARGET_REGIONS,
    TARGET_VERSIONS,
    TARGET_GROUPS,
    TARGET_COUNT
};

static const struct json_target targets[TARGET_COUNT] = {
    [TARGET_OFFER_CODE] = { "/offerCode", JSON_WHOLE },
    [TARGET_PRODUCTS] = { "/products", JSON_MEMBERS },
    [TARGET_ON_DEMAND] = { "/terms/OnDemand", JSON_MEMBERS },
    [TARGET_PRICE_LIST] = { "/PriceList", JSON_ELEMENTS },
    [TARGET_NEXT_TOKEN] = { "/NextToken", JSON_WHOLE },
    [TARGET_PRODUCT] = { "/product", JSON_WHOLE },
    [TARGET_ARRAY] = { "", JSON_ELEMENTS },
    [TARGET_OFFERS] = { "/offers", JSON_MEMBERS },
    [TARGET_REGIONS] = { "/regions", JSON_MEMBERS },
    [TARGET_VERSIONS] = { "/versions", JSON_MEMBERS },
    [TARGET_GROUPS] = { "/BillingGroups", JSON_ELEMENTS },
};

/* What is known of a sku. Texts are numbers in `texts`; INTERN_NONE: not known, or not given. */
struct offer {
    uint32_t service, usage_type, operation, unit;
    uint32_t pending; /* the first of its terms, when they came before the product; PENDING_NONE */
    bool has_product, has_term;
};
#define PENDING_NONE UINT32_MAX

/* A term that waits for its product. Tiers and texts in the reader's arena. */
struct pending {
    struct schedule schedule;
    billing_period since;
    const struct text *applies_to;
    uint32_t applies_to_count;
    bool is_last; /* of its sku */
};

struct reader {
    struct price_list *list;
    struct problems *problems;
    struct text currency;
    struct intern skus, texts;
    struct offer *offers; /* by number of the sku */
    size_t offer_capacity;
    struct pending *pending;
    size_t pending_count, pending_capacity;
    struct arena arena;
    uint32_t offer_code;      /* in `texts` */
    struct offer_term term;   /* scratch */
    uint32_t *other_currency; /* skus without a price in ours */
    size_t other_currency_count, other_currency_capacity;
    json_t *item_terms; /* so far, of a single item; NULL: none */
    size_t next_tokens; /* replies that say that more follow */
    struct buffer scratch;
};

static struct offer *offer_of(struct reader *reader, struct text sku)
{
    size_t known = reader->skus.count;
    uint32_t number = intern_add(&reader->skus, sku);
    if (number == known) {
        reader->offers = memory_reserve_one(reader->offers, known, &reader->offer_capacity, sizeof *reader->offers);
        reader->offers[number] =
            (struct offer){ INTERN_NONE, INTERN_NONE, INTERN_NONE, INTERN_NONE, PENDING_NONE, false, false };
    }
    return &reader->offers[number];
}

static struct text text_of_number(const struct reader *reader, uint32_t number)
{
    return number == INTERN_NONE ? TEXT_NONE : intern_text(&reader->texts, number);
}

static void add_entry(struct reader *reader, struct text sku, const struct offer *offer, const struct pending *term)
{
    struct price_list_entry entry = {
        .sku = sku,
        .service = text_of_number(reader, offer->service),
        .usage_type = text_of_number(reader, offer->usage_type),
        .operation = text_of_number(reader, offer->operation),
        .unit = text_of_number(reader, offer->unit),
        .schedule = term->schedule,
        .since = term->since,
        .applies_to = term->applies_to,
        .applies_to_count = term->applies_to_count,
    };
    /* A range that ends is an allowance's: somebody has to have it. */
    if (price_list_entry_is_allowance(&entry) && entry.applies_to_count == 0 &&
        !text_starts_with(entry.usage_type, TEXT("Global-"))) {
        struct place terms = { NULL, TEXT("terms"), 0 }, on_demand = { &terms, TEXT("OnDemand"), 0 };
        struct place place = { &on_demand, sku, 0 };
        problem_add(reader->problems, &place, PROBLEM_ILLEGAL_TIERING_INPUT, entry.usage_type,
                    "ranges to Inf, or an allowance: a usage type Global-..., or appliesTo");
        return;
    }
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
    uint32_t at = offer->pending;
    do
        add_entry(reader, intern_text(&reader->skus, number), offer, &reader->pending[at]);
    while (!reader->pending[at++].is_last);
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

/* A version of the terms just read; it borrows from them. */
static struct pending version_of(const struct reader *reader, size_t index)
{
    const struct offer_version *version = &reader->term.versions[index];
    return (struct pending){ { reader->term.tiers + version->first, (uint32_t)version->count },
                             version->since,
                             reader->term.applies_to,
                             (uint32_t)reader->term.applies_to_count,
                             index + 1 == reader->term.version_count };
}

static void keep_pending(struct reader *reader, struct pending term)
{
    struct tier *tiers = arena_take(&reader->arena, term.schedule.count * sizeof *tiers, _Alignof(struct tier));
    struct text *applies_to = arena_take(&reader->arena, term.applies_to_count * sizeof *applies_to, _Alignof(struct text));
    memcpy(tiers, term.schedule.tiers, term.schedule.count * sizeof *tiers);
    for (uint32_t i = 0; i < term.applies_to_count; i++)
        applies_to[i] = arena_copy(&reader->arena, term.applies_to[i]);
    term.schedule.tiers = tiers;
    term.applies_to = applies_to;
    reader->pending =
        memory_reserve_one(reader->pending, reader->pending_count, &reader->pending_capacity, sizeof *reader->pending);
    reader->pending[reader->pending_count++] = term;
}

static void note_other_currency(struct reader *reader, uint32_t sku)
{
    reader->other_currency = memory_reserve_one(reader->other_currency, reader->other_currency_count,
                                                &reader->other_currency_capacity, sizeof *reader->other_currency);
    reader->other_currency[reader->other_currency_count++] = sku;
}

static void read_terms(struct reader *reader, struct text sku, const struct node *node)
{
    struct offer *offer = offer_of(reader, sku);
    if (offer->has_term) {
        problem_add(reader->problems, &node->place, PROBLEM_FIELD_VALIDATION_FAILED, sku, "each sku once");
        return;
    }
    if (!offer_term_read(node, sku, reader->currency, &reader->term)) {
        if (reader->term.lacks_currency)
            note_other_currency(reader, (uint32_t)(offer - reader->offers));
        return;
    }
    offer->has_term = true;
    offer->unit = reader->term.unit.size ? intern_add(&reader->texts, reader->term.unit) : INTERN_NONE;
    /* Nothing waits for a product that will never have an entry. */
    if (offer->has_product && offer->usage_type == INTERN_NONE)
        return;
    bool complete = is_complete(offer);
    if (!complete)
        offer->pending = (uint32_t)reader->pending_count;
    for (size_t i = 0; i < reader->term.version_count; i++) {
        struct pending term = version_of(reader, i);
        if (complete)
            add_entry(reader, sku, offer, &term);
        else
            keep_pending(reader, term);
    }
}

static void read_offer_code(struct reader *reader, const struct node *node)
{
    struct text code;
    if (node_text(node, &code) && code.size)
        reader->offer_code = intern_add(&reader->texts, code);
}

/* An item of get-products: {"product": {"sku", "attributes"}, "terms": {"OnDemand": {"<sku>.<term>": …}}}. */
static void read_item_object(struct reader *reader, const struct node *item)
{
    struct node product = node_member(item, "product"), terms = node_member(item, "terms"),
                sku = node_member(&product, "sku");
    struct node on_demand = node_member(&terms, "OnDemand");
    struct text text;
    if (!node_text(&sku, &text) || text.size == 0) {
        node_problem(item, PROBLEM_FIELD_VALIDATION_FAILED, "an item of PriceList, with product.sku");
        return;
    }
    read_product(reader, text, &product);
    if (node_is_present(&on_demand))
        read_terms(reader, text, &on_demand);
}

/* An item is an object or, as the API gives it, its JSON in a string; in a list of replies each has items of its own. */
static void read_item(struct reader *reader, const struct node *item)
{
    json_error_t reason;
    if (json_is_string(item->value)) {
        struct text text = { json_string_value(item->value), json_string_length(item->value) };
        json_t *parsed = json_parse_exact(text, &reader->scratch, &reason);
        struct node inner = { item->place, parsed, reader->problems };
        if (parsed && json_is_object(parsed))
            read_item_object(reader, &inner);
        else
            node_problem(item, PROBLEM_FIELD_VALIDATION_FAILED, "the JSON of an item of PriceList");
        json_decref(parsed);
        return;
    }
    struct node items = node_member(item, "PriceList");
    size_t count = json_is_object(item->value) ? node_count(&items) : 0;
    for (size_t i = 0; i < count; i++) {
        struct node element = node_element(&items, i);
        read_item(reader, &element);
    }
    if (!node_is_present(&items))
        read_item_object(reader, item);
}

/* The terms of a single item have all been seen. */
static void end_item(struct reader *reader)
{
    struct place terms = { NULL, TEXT("terms"), 0 }, on_demand = { &terms, TEXT("OnDemand"), 0 };
    const char *sku =
        json_string_value(json_object_get(json_object_iter_value(json_object_iter(reader->item_terms)), "sku"));
    json_t *all = reader->item_terms;
    reader->item_terms = NULL;
    if (!all)
        return;
    struct node node = { { &on_demand, text_of(sku), 0 }, all, reader->problems };
    read_terms(reader, text_of(sku), &node);
    json_decref(all);
}

/* A member of terms.OnDemand: of an offer file all terms of a sku, of a single item one term, its others beside it. */
static void read_on_demand(struct reader *reader, struct text name, const struct node *node)
{
    const char *sku = json_string_value(json_object_get(node->value, "sku"));
    if (!json_object_get(node->value, "priceDimensions") || !sku) {
        read_terms(reader, name, node);
        return;
    }
    json_t *first = json_object_iter_value(json_object_iter(reader->item_terms));
    if (first && strcmp(json_string_value(json_object_get(first, "sku")), sku) != 0)
        end_item(reader);
    if (!reader->item_terms)
        reader->item_terms = json_object();
    json_object_setn(reader->item_terms, name.data ? name.data : "", name.size, node->value);
}

static void read_target(struct reader *reader, const struct json_item *item, const struct node *node)
{
    switch (item->target) {
    case TARGET_OFFER_CODE:
        read_offer_code(reader, node);
        break;
    case TARGET_PRODUCTS:
        read_product(reader, item->name, node);
        break;
    case TARGET_ON_DEMAND:
        read_on_demand(reader, item->name, node);
        break;
    case TARGET_PRICE_LIST:
    case TARGET_ARRAY:
        read_item(reader, node);
        break;
    case TARGET_NEXT_TOKEN:
        reader->next_tokens++;
        break;
    case TARGET_PRODUCT: {
        const char *sku = json_string_value(json_object_get(node->value, "sku"));
        if (sku)
            read_product(reader, text_of(sku), node);
        break;
    }
    default: /* only whether it is there */
        break;
    }
}

static bool visit(void *context, const struct json_item *item, struct error *error)
{
    static const char *const names[TARGET_COUNT] = {
        [TARGET_OFFER_CODE] = "offerCode",
        [TARGET_PRODUCTS] = "products",
        [TARGET_ON_DEMAND] = "OnDemand",
        [TARGET_PRICE_LIST] = "PriceList",
        [TARGET_NEXT_TOKEN] = "NextToken",
        [TARGET_PRODUCT] = "product",
        [TARGET_ARRAY] = "",
        [TARGET_OFFERS] = "offers",
        [TARGET_REGIONS] = "regions",
        [TARGET_VERSIONS] = "versions",
        [TARGET_GROUPS] = "BillingGroups",
    };
    struct reader *reader = context;
    struct place terms = { NULL, TEXT("terms"), 0 };
    struct place container = { item->target == TARGET_ON_DEMAND ? &terms : NULL, text_of(names[item->target]), 0 };
    (void)error;
    if (!item->value) {
        bool is_list = targets[item->target].kind == JSON_ELEMENTS;
        problem_add(reader->problems, &container, PROBLEM_FIELD_VALIDATION_FAILED, text_of(item->found),
                    is_list ? "an array" : "an object");
        return true;
    }
    struct node node = { container, item->value, reader->problems };
    if (targets[item->target].kind == JSON_MEMBERS) /* an empty name is a member all the same */
        node.place = (struct place){ &container, item->name.data ? item->name : TEXT(""), 0 };
    else if (targets[item->target].kind == JSON_ELEMENTS)
        node.place = (struct place){ &container, TEXT_NONE, item->index };
    uint64_t before = reader->problems->total;
    read_target(reader, item, &node);
    reader->list->left_out += reader->problems->total > before;
    return true;
}

static void check_currency(struct reader *reader)
{
    struct place terms = { NULL, TEXT("terms"), 0 }, on_demand = { &terms, TEXT("OnDemand"), 0 };
    if (reader->term.dimensions_seen && !reader->term.currency_seen) {
        problem_add(reader->problems, &on_demand, PROBLEM_FIELD_VALIDATION_FAILED, TEXT_NONE,
                    "a price in %.*s in any dimension", TEXT_ARGS(reader->currency));
        return;
    }
    for (size_t i = 0; i < reader->other_currency_count; i++) {
        struct place place = { &on_demand, intern_text(&reader->skus, reader->other_currency[i]), 0 };
        problem_add(reader->problems, &place, PROBLEM_FIELD_VALIDATION_FAILED, TEXT_NONE, "prices in %.*s",
                    TEXT_ARGS(reader->currency));
        reader->list->left_out++;
    }
}

/* At the end of the file: entries that waited for the file's offerCode. Terms without a product have no meter. */
static void finish(struct reader *reader)
{
    uint64_t unread = reader->problems->total;
    end_item(reader);
    reader->list->left_out += reader->problems->total > unread;
    for (uint32_t i = 0; i < reader->skus.count; i++) {
        if (reader->offers[i].service == INTERN_NONE)
            reader->offers[i].service = reader->offer_code;
        uint64_t before = reader->problems->total;
        add_pending(reader, i);
        reader->list->left_out += reader->problems->total > before;
    }
    check_currency(reader);
}

/* What a JSON document without products is. */
static bool fail_no_products(const struct input *input, const bool *seen, struct error *error)
{
    const char *is =
        "no offer file: it has no products; expected AWS's offer file of a service, as JSON or CSV, or what aws "
        "pricing get-products prints";
    if (seen[TARGET_OFFERS])
        is = "AWS's index of offer files, without prices; expected the file that an offer's currentVersionUrl names";
    else if (seen[TARGET_REGIONS])
        is = "AWS's index of regions, without prices; expected the file that a region's currentVersionUrl names";
    else if (seen[TARGET_VERSIONS])
        is = "AWS's index of versions, without prices; expected the file that a version's offerVersionUrl names";
    else if (seen[TARGET_GROUPS])
        is = "a conductor document; expected an offer file here, the document belongs behind --conductor";
    return error_fail(error, ERROR_INVALID, "%s: is %s", input_name(input), is);
}

/* An answer to a filter that nothing passed, or a file that was cut down: nothing can be priced by it. */
static bool fail_nothing_in_it(const struct input *input, struct error *error)
{
    return error_fail(error, ERROR_INVALID, "%s: is an offer file without products; expected one at least",
                      input_name(input));
}

static bool read_json(struct input *input, struct reader *reader, struct error *error)
{
    bool seen[TARGET_COUNT];
    size_t documents;
    if (!json_walk_all(input, targets, TARGET_COUNT, visit, reader, &documents, seen, error))
        return false;
    if (!seen[TARGET_PRODUCTS] && !seen[TARGET_PRICE_LIST] && !seen[TARGET_PRODUCT] && !seen[TARGET_ARRAY])
        return fail_no_products(input, seen, error);
    if (reader->next_tokens >= documents) {
        struct place place = { NULL, TEXT("NextToken"), 0 };
        problem_add(reader->problems, &place, PROBLEM_FIELD_VALIDATION_FAILED, TEXT_NONE,
                    "the last page too: aws pricing get-products --starting-token");
    }
    return true;
}

/* A sku's rows of the CSV form, as the JSON form has them. */
static void take_csv_sku(void *context, const struct offer_csv_sku *sku)
{
    struct reader *reader = context;
    struct place terms = { NULL, TEXT("terms"), 0 }, on_demand = { &terms, TEXT("OnDemand"), 0 };
    struct node product = { { &on_demand, sku->sku, 0 }, sku->product, reader->problems };
    struct node node = { { &on_demand, sku->sku, 0 }, sku->terms, reader->problems };
    uint64_t before = reader->problems->total;
    read_product(reader, sku->sku, &product);
    read_terms(reader, sku->sku, &node);
    reader->list->left_out += reader->problems->total > before;
}

static bool names(struct text start, const char *word)
{
    size_t size = strlen(word);
    for (size_t at = 0; at + size <= start.size; at++)
        if (strncasecmp(start.data + at, word, size) == 0)
            return true;
    return false;
}

/* No JSON, and it names skus: the CSV form, whatever lines about the file come first. */
static bool is_csv(struct input *input)
{
    struct text start = input_peek(input);
    if (text_starts_with(start, TEXT("\xef\xbb\xbf")))
        start = (struct text){ start.data + 3, start.size - 3 };
    while (start.size && strchr(" \t\r\n", start.data[0]))
        start = (struct text){ start.data + 1, start.size - 1 };
    if (start.size == 0 || start.data[0] == '{' || start.data[0] == '[')
        return false;
    return names(start, "sku") || names(start, "OfferTermCode");
}

bool offer_file_read(struct input *input, struct text currency, struct price_list *list, struct problems *problems,
                     struct error *error)
{
    struct reader reader = { .list = list, .problems = problems, .currency = currency, .offer_code = INTERN_NONE };
    problems_begin(problems, input_name(input));
    price_list_begin_file(list);
    bool done = is_csv(input) ? offer_csv_read(input, take_csv_sku, &reader, error) : read_json(input, &reader, error);
    if (done)
        finish(&reader);
    done = done && (reader.skus.count > 0 || problems->total > 0 || fail_nothing_in_it(input, error));
    intern_done(&reader.skus);
    intern_done(&reader.texts);
    arena_done(&reader.arena);
    buffer_done(&reader.scratch);
    json_decref(reader.item_terms);
    free(reader.offers);
    free(reader.pending);
    free(reader.other_currency);
    offer_term_done(&reader.term);
    return done;
}
