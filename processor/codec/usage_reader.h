/*
 * codec/usage_reader.h: usage events from a file of any of the formats: JSON lines, Avro object container, CUR CSV; each
 * compressed with gzip or not (SEMANTICS 6). By the name's ending, else by the content. Thread: one.
 */
#ifndef CODEC_USAGE_READER_H
#define CODEC_USAGE_READER_H

#include "base/memory.h"
#include "codec/usage_files.h"
#include "model/usage_event.h"

/* A CUR's file, as far as it says what delivery it is of. */
struct usage_report {
    const char *name;
    size_t number;        /* of the file in the run */
    struct text assembly; /* empty: unknown */
    struct text archive;  /* that it is a member of; empty: none */
    uint64_t heading;     /* equal for equal columns */
    bool is_legacy;       /* headings as lineItem/UsageAmount, else as line_item_usage_amount */
};

/* Where an entry stands in its input. */
struct usage_place {
    const char *source;
    const struct usage_report *report; /* NULL: no CUR */
    uint64_t line;                     /* from 1; 0: the format has no lines */
    uint64_t offset;                   /* Avro: of the block in the uncompressed file */
    uint64_t block, record;
    struct text raw; /* of a refused record, its beginning */
};

struct usage_entry {
    bool refused;
    struct usage_event event; /* accepted, unless refused */
    struct refusal refusal;
    struct usage_place place;
    /* Of who reads ahead: what it has made of the event, and an entry that will come a little later; NULL: none. */
    const void *prepared;
    const struct usage_entry *soon;
};

struct usage_reader_options {
    size_t event_bytes_max;
    enum excess_decimals excess;
};

struct usage_reader;

/* Opens "-" for standard input. Fails: the file cannot be read, or is none of the formats. */
MUST_USE bool usage_reader_open(const char *path, const struct usage_reader_options *options,
                                struct usage_reader **ret_reader, struct error *error);
/* The same for a file found by usage_files_find. */
MUST_USE bool usage_reader_open_file(const struct usage_file *file, const struct usage_reader_options *options,
                                     struct usage_reader **ret_reader, struct error *error);
/* The number that its report goes by. */
void usage_reader_number(struct usage_reader *reader, size_t number);
/* The same over an input of the caller's, which is closed with the reader, also when this fails. */
MUST_USE bool usage_reader_open_input(struct input *input, const struct usage_reader_options *options,
                                      struct usage_reader **ret_reader, struct error *error);

/* *found is false at the end, which is a failure where the format was guessed and none of the records is usage. The entry's
 * texts live until the next call or until `arena` is reset. */
MUST_USE bool usage_reader_next(struct usage_reader *reader, struct arena *arena, struct usage_entry *entry, bool *found,
                                struct error *error);

/*
 * The same in batches, so that some are decoded by other threads while one is cut from the input and another is used. Each
 * of cut, and of count and close, is one thread's at a time; batches are decoded by as many as there are decoders.
 */
#define USAGE_BATCH_ENTRIES 256

struct usage_batch {
    struct usage_entry entries[USAGE_BATCH_ENTRIES];
    bool is_cut[USAGE_BATCH_ENTRIES]; /* still to be decoded */
    size_t count;
    bool ends;          /* there is nothing behind it */
    struct arena arena; /* what the entries borrow from */
};

/* How many threads decode at most; one, unless this is called before the first batch. */
void usage_reader_set_decoders(struct usage_reader *reader, size_t count);
/* Takes the next records. *error is for what lies behind them. */
MUST_USE bool usage_reader_cut(struct usage_reader *reader, struct usage_batch *batch, struct error *error);
void usage_reader_decode(struct usage_reader *reader, struct usage_batch *batch, size_t decoder);
/* Notes what the batch's entries are; fails at the end as usage_reader_next does. */
MUST_USE bool usage_reader_count(struct usage_reader *reader, const struct usage_batch *batch, struct error *error);
void usage_batch_clear(struct usage_batch *batch); /* keeps little memory */
void usage_batch_done(struct usage_batch *batch);

uint64_t usage_reader_position(const struct usage_reader *reader); /* bytes of the file, for progress */
uint64_t usage_reader_size(const struct usage_reader *reader);
void usage_reader_close(struct usage_reader *reader);

#endif
