/* cli/check.c: proforma check. */
#include <stdio.h>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/documents.h"
#include "cli/failure.h"

static const char check_help[] = "usage: proforma check --conductor DOC [--price-list FILE]... [--strict]\n"
                                 "\n"
                                 "Validates a conductor document and price lists. Prints every problem with its\n"
                                 "JSON path, Billing Conductor's reason code, and what was expected. Skus of a price\n"
                                 "list that are at fault are left out with a warning; --strict makes it an error.\n";

static void print_contents(const struct arguments *arguments, const struct documents *documents)
{
    const struct conductor *conductor = documents->conductor;
    printf("%s: valid: %zu billing groups, %zu accounts, %zu pricing plans, %zu pricing rules, %zu custom line items\n",
           arguments->conductors[0], conductor->group_count, conductor->account_count, conductor->plan_count,
           conductor->rule_count, conductor->custom_line_item_count);
    if (arguments->price_list_count > 0)
        printf("price lists: valid: %zu entries\n", documents->list.count);
}

/* Codes that most bills have, for documents that come without price lists. */
static struct text common_service_like(struct text service)
{
    static const char *const common[] = {
        "AmazonEC2",      "AmazonS3",      "AmazonRDS",       "AmazonVPC",        "AmazonCloudWatch",  "AmazonCloudFront",
        "AmazonDynamoDB", "AmazonECS",     "AmazonEKS",       "AmazonECR",        "AmazonEFS",         "AmazonElastiCache",
        "AmazonRedshift", "AmazonRoute53", "AmazonSNS",       "AmazonApiGateway", "AmazonAthena",      "AWSDataTransfer",
        "AWSLambda",      "AWSELB",        "AWSQueueService", "AWSCloudTrail",    "AWSSecretsManager", "AWSGlue",
        "awskms",         "awswaf"
    };
    struct name_set codes = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(common); i++)
        name_set_add(&codes, text_of(common[i]));
    struct text like = name_set_like(&codes, service);
    for (size_t i = 0; i < ARRAY_COUNT(common); i++)
        if (text_equal(like, text_of(common[i])))
            like = text_of(common[i]);
    name_set_done(&codes);
    return like;
}

/* Names that no list has, while one has them in another case: AWS would know no such service. */
static void print_hints(const struct documents *documents)
{
    struct name_set services = { 0 }, usage_types = { 0 };
    for (size_t i = 0; i < documents->list.count; i++) {
        name_set_add(&services, documents->list.entries[i].service);
        name_set_add(&usage_types, documents->list.entries[i].usage_type);
    }
    for (size_t i = 0; i < documents->conductor->rule_count; i++) {
        const struct pricing_rule *rule = &documents->conductor->rules[i];
        struct text service = name_set_like(&services, rule->service);
        struct text usage_type = name_set_like(&usage_types, rule->usage_type);
        if (service.size)
            fprintf(stderr, "hint: PricingRules[%zu].Service: \"%.*s\" will match nothing: the price lists have \"%.*s\"\n",
                    i, TEXT_ARGS(rule->service), TEXT_ARGS(service));
        struct text common = documents->list.count ? TEXT_NONE : common_service_like(rule->service);
        if (common.size)
            fprintf(stderr, "hint: PricingRules[%zu].Service: \"%.*s\" will match nothing: AWS has \"%.*s\"\n", i,
                    TEXT_ARGS(rule->service), TEXT_ARGS(common));
        if (usage_type.size)
            fprintf(stderr,
                    "hint: PricingRules[%zu].UsageType: \"%.*s\" will match nothing: the price lists have \"%.*s\"\n", i,
                    TEXT_ARGS(rule->usage_type), TEXT_ARGS(usage_type));
    }
    name_set_done(&services);
    name_set_done(&usage_types);
}

int command_check(int argc, char **argv)
{
    struct arguments arguments;
    struct documents documents = { 0 };
    struct error error = { 0 };
    int code = EXIT_DONE;
    bool done = arguments_parse(argc, argv, OPTION_CONDUCTOR | OPTION_PRICE_LIST | OPTION_STRICT, &arguments, &error);
    if (done && arguments.help) {
        fputs(check_help, stdout);
        arguments_done(&arguments);
        return EXIT_DONE;
    }
    if (done && arguments.conductor_count == 0)
        done = error_fail(&error, ERROR_INVALID, "--conductor DOC is needed");
    if (done && arguments.operand_count > 0)
        done = error_fail(&error, ERROR_INVALID, "%s: nothing is expected here", arguments.operands[0]);
    done = done && documents_of_arguments(&arguments, 0, &documents, &error);
    if (done) {
        print_contents(&arguments, &documents);
        print_hints(&documents);
    } else {
        code = print_failure("check", &error);
    }
    documents_done(&documents);
    arguments_done(&arguments);
    return code;
}
