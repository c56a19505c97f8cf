/* main.c: finds the command. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/commands.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *text;
} commands[] = {
    { "price", command_price, "price usage files under a conductor document" },
    { "check", command_check, "validate a conductor document and price lists" },
    { "compare", command_compare, "what each group would pay under another document" },
    { "explain", command_explain, "how a line item came to its cost" },
    { "run", command_run, "the processor" },
    { "topics", command_topics, "make or describe the topics" },
    { "apply", command_apply, "publish a conductor document and price lists" },
    { "export", command_export, "the document in force" },
    { "import", command_import, "publish usage from files" },
    { "close", command_close, "close a month" },
    { "status", command_status, "months, closes, how far every task is" },
    { "cur", command_cur, "a closed month's report from the topic" },
    { "replay", command_replay, "dead letters back to usage" },
    { "verify", command_verify, "audit a month on the topics" },
    { "serve", command_serve, "the Billing Conductor API and the bills page" },
};

static void print_help(FILE *out)
{
    fputs("usage: proforma COMMAND ...\n\n", out);
    for (size_t i = 0; i < ARRAY_COUNT(commands); i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].text);
    fputs("\nproforma COMMAND --help tells more.\n", out);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EXIT_INVALID;
    }
    if (strcmp(argv[1], "--help") == 0) {
        print_help(stdout);
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("proforma " PROFORMA_VERSION);
        return EXIT_DONE;
    }
    for (size_t i = 0; i < ARRAY_COUNT(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "proforma: %s: no such command; proforma --help lists them\n", argv[1]);
    return EXIT_INVALID;
}
