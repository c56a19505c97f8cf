/* base/secret.c: a short list under a lock. */
#include "base/secret.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"

struct secret {
    char *name, *value;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct secret *secrets;
static size_t count, capacity;

static void wipe(char *value)
{
    if (value)
        explicit_bzero(value, strlen(value));
    free(value);
}

static struct secret *secret_named(const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(secrets[i].name, name) == 0)
            return &secrets[i];
    secrets = memory_reserve_one(secrets, count, &capacity, sizeof *secrets);
    secrets[count] = (struct secret){ .name = memory_copy_string(name) };
    return &secrets[count++];
}

void secret_remember(const char *name, struct text value)
{
    if (value.size < SECRET_BYTES_MIN)
        return;
    char *copy = memory_new(value.size + 1);
    memcpy(copy, value.data, value.size);
    pthread_mutex_lock(&lock);
    struct secret *secret = secret_named(name);
    wipe(secret->value);
    secret->value = copy;
    pthread_mutex_unlock(&lock);
}

static void hide_one(char *string, const char *value)
{
    size_t size = strlen(value), stars = size < sizeof SECRET_HIDDEN - 1 ? size : sizeof SECRET_HIDDEN - 1;
    for (char *at = strstr(string, value); at; at = strstr(at + stars, value)) {
        memset(at, '*', stars);
        memmove(at + stars, at + size, strlen(at + size) + 1);
    }
}

void secret_hide(char *string)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < count; i++)
        hide_one(string, secrets[i].value);
    pthread_mutex_unlock(&lock);
}

void secret_forget(void)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < count; i++) {
        wipe(secrets[i].value);
        free(secrets[i].name);
    }
    free(secrets);
    secrets = NULL;
    count = capacity = 0;
    pthread_mutex_unlock(&lock);
}
