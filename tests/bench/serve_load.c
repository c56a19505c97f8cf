/*
 * bench/serve_load: GET over kept connections on loopback, each waiting for its answer before it asks again.
 *     serve_load PORT SECONDS CONNECTIONS PATH…
 * Prints requests, requests/s, answers' bytes and the times of answers at 50, 99 and 99.9 percent. Ends with 1 if an answer
 * is not 200 or not whole. PATHs are asked for in turn.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 1024
#define ANSWER_BYTES_MAX ((size_t)32 * 1024 * 1024)
#define TIMES_MAX ((size_t)4 * 1024 * 1024)

struct asker {
    pthread_t thread;
    int port;
    double until;
    char **paths;
    int path_count, first;
    uint64_t requests, bytes, failures;
    uint32_t *micros; /* of each answer */
    size_t time_count, time_max;
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static int connect_to(int port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int on = 1, client = socket(AF_INET, SOCK_STREAM, 0);
    if (client >= 0 && connect(client, (struct sockaddr *)&address, sizeof address) == 0 &&
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0)
        return client;
    perror("serve_load: connect");
    exit(1);
}

/* The size of a whole answer, 0 if it is none. */
static size_t read_answer(int client, char *buffer)
{
    size_t got = 0, whole = 0;
    while (whole == 0 || got < whole) {
        ssize_t part = recv(client, buffer + got, ANSWER_BYTES_MAX - got - 1, 0);
        if (part <= 0)
            return 0;
        got += (size_t)part;
        buffer[got] = '\0';
        char *end = whole ? NULL : strstr(buffer, "\r\n\r\n"), *length = end ? strcasestr(buffer, "content-length: ") : NULL;
        if (end && (!length || length > end || strncmp(buffer, "HTTP/1.1 200", 12) != 0))
            return 0;
        if (end)
            whole = (size_t)(end + 4 - buffer) + strtoull(length + 16, NULL, 10);
    }
    return got == whole ? got : 0;
}

static void *run(void *context)
{
    struct asker *asker = context;
    int client = connect_to(asker->port);
    char *buffer = malloc(ANSWER_BYTES_MAX), request[1024];
    for (int i = asker->first; now() < asker->until; i++) {
        double begun = now();
        int size = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n",
                            asker->paths[i % asker->path_count]);
        size_t got = send(client, request, (size_t)size, MSG_NOSIGNAL) == size ? read_answer(client, buffer) : 0;
        asker->requests++;
        asker->bytes += got;
        if (asker->time_count < asker->time_max)
            asker->micros[asker->time_count++] = (uint32_t)((now() - begun) * 1e6);
        if (got)
            continue;
        asker->failures++;
        close(client);
        client = connect_to(asker->port);
    }
    close(client);
    free(buffer);
    return NULL;
}

static int compare(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static void print(const struct asker *all, int count, double seconds)
{
    uint64_t requests = 0, bytes = 0, failures = 0;
    size_t times = 0, at = 0;
    for (int i = 0; i < count; i++) {
        requests += all[i].requests;
        bytes += all[i].bytes;
        failures += all[i].failures;
        times += all[i].time_count;
    }
    uint32_t *sorted = malloc((times + 1) * sizeof *sorted);
    for (int i = 0; i < count; i++) {
        memcpy(sorted + at, all[i].micros, all[i].time_count * sizeof *sorted);
        at += all[i].time_count;
    }
    qsort(sorted, times, sizeof *sorted, compare);
    printf("%llu requests, %.0f/s, %llu bytes, p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms, %llu failures\n",
           (unsigned long long)requests, (double)requests / seconds, (unsigned long long)bytes,
           times ? sorted[times / 2] / 1e3 : 0, times ? sorted[times * 99 / 100] / 1e3 : 0,
           times ? sorted[times * 999 / 1000] / 1e3 : 0, (unsigned long long)failures);
    free(sorted);
    if (failures || !requests)
        exit(1);
}

int main(int argc, char **argv)
{
    static struct asker askers[CONNECTIONS_MAX];
    int count = argc > 4 ? atoi(argv[3]) : 0;
    double seconds = argc > 4 ? atof(argv[2]) : 0;
    if (count < 1 || count > CONNECTIONS_MAX || seconds <= 0) {
        fprintf(stderr, "usage: serve_load PORT SECONDS CONNECTIONS PATH...\n");
        return 2;
    }
    double begun = now();
    for (int i = 0; i < count; i++) {
        askers[i] = (struct asker){ .port = atoi(argv[1]),
                                    .until = begun + seconds,
                                    .paths = argv + 4,
                                    .path_count = argc - 4,
                                    .first = i,
                                    .time_max = TIMES_MAX / (size_t)count,
                                    .micros = malloc(TIMES_MAX / (size_t)count * sizeof(uint32_t)) };
        if (pthread_create(&askers[i].thread, NULL, run, &askers[i]) != 0)
            return 1;
    }
    for (int i = 0; i < count; i++)
        pthread_join(askers[i].thread, NULL);
    print(askers, count, now() - begun);
    return 0;
}
