/*
 * cli/serving.h: what a running server is made of, and how it comes to the topics. Private to serve.c and
 * serve_topics.c.
 */
#ifndef CLI_SERVING_H
#define CLI_SERVING_H

#include <pthread.h>

#include "api/api.h"
#include "cli/connection.h"
#include "service/folder.h"
#include "service/topics.h"
#include "store/state_dir.h"

/* Topics are opened on a thread of their own: brokers may be away, and there may be much to read. */
struct opening {
    pthread_t thread;
    bool started;
    pthread_t waiting; /* told by SIGUSR1 that it has failed */
    _Atomic bool stop, failed;
    struct error error; /* of what failed */
};

struct serving {
    struct connection connection; /* for its settings */
    struct folder *folder;        /* --out */
    struct topics *topics;        /* otherwise */
    struct state_dir *state;
    struct schemas_source schemas[2];
    struct wire *wires[2]; /* reading, reports */
    struct buffer directory, report_directory;
    struct credentials credentials;
    struct buffer certificate, key;
    struct opening opening;
    struct api api;
    struct publisher publisher;
    struct http_server *server;
};

/* The address goes to standard output: what it answers with is there, or is known to be waited for. */
void serving_tell_address(const struct serving *serving);

/* What needs no broker; from here on api.awaited says what is waited for. */
MUST_USE bool serving_prepare_topics(struct serving *serving, struct error *error);
/*
 * With a server that listens. Brokers that do not answer are waited for; what is wrong here, or what they tell when they
 * are first asked, ends the opening: `failed`, `error`, and SIGUSR1 to the calling thread.
 */
void serving_open_topics(struct serving *serving);
/* Ends what is still being opened. Where a broker's answer is waited for, the process ends here. */
void serving_stop_opening(struct serving *serving);

#endif
