/*
 * cli/arguments.h: the options of every command, and the texts of --help.
 */
#ifndef CLI_ARGUMENTS_H
#define CLI_ARGUMENTS_H

#include "pipeline/price_run.h"

enum exit_code {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_INVALID = 2, /* wrong usage or invalid document */
    EXIT_STRICT = 3,  /* --strict, and some events dead or unpriced */
    EXIT_CHANGES = 4, /* --dry-run, and there is something to change */
    EXIT_FENCED = 5,  /* another process is this worker now */
};

struct arguments {
    const char *conductors[2];
    size_t conductor_count;
    const char **price_lists;
    size_t price_list_count, price_list_capacity;
    enum granularity granularity;
    bool resource_ids, strict, help;
    struct periods closings;
    enum record_format format;
    enum excess_decimals excess;
    const char *out;
    size_t memory_bytes;
    size_t threads;     /* 0: by the machine's cores */
    const char *config; /* settings file; NULL: defaults */
    const char **sets;  /* key=value over it */
    size_t set_count, set_capacity;
    int64_t expect; /* version that must be in force; -1: any */
    int64_t repair; /* task, REPAIR_ALL or REPAIR_NONE */
    bool dry_run, early, again;
    billing_period period;
    const char *group, *reason;
    const char *const *operands; /* what is left: usage files, or a line item id */
    size_t operand_count;
};

/* Which options a command takes. */
enum option_set {
    OPTION_CONDUCTOR = 1,
    OPTION_SECOND_CONDUCTOR = 2,
    OPTION_PRICE_LIST = 4,
    OPTION_PRICING = 8, /* granularity, resource ids, memory, threads, strict, excess decimals */
    OPTION_OUT = 16,
    OPTION_RESULT = 32,   /* close, format */
    OPTION_SETTINGS = 64, /* config, set */
    OPTION_APPLY = 128,   /* expect, dry-run */
    OPTION_IMPORT = 256,  /* again, dry-run */
    OPTION_CLOSE = 512,   /* early */
    OPTION_PERIOD = 1024,
    OPTION_GROUP = 2048,
    OPTION_REASON = 4096,
    OPTION_REPAIR = 8192,
    OPTION_STRICT = 16384,
};

/* Parses argv[1..]. Fails (ERROR_INVALID): the option, its value and what was expected. */
MUST_USE bool arguments_parse(int argc, char **argv, unsigned options, struct arguments *arguments, struct error *error);
void arguments_done(struct arguments *arguments);

/* "512MiB", "1GB", "65536". */
MUST_USE bool size_parse(const char *text, size_t *bytes);

/* By this machine's clock. */
billing_period running_month(void);

#endif
