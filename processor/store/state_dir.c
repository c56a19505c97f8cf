/* store/state_dir.c: folders made where they are missing, and a lock file. */
#include "store/state_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"

#define PROCESSES_MAX 1000

struct state_dir {
    char *path;
    int lock;
};

static char *path_of(const char *parent, const char *name)
{
    struct buffer path = { 0 };
    buffer_printf(&path, "%s/%s", parent, name);
    buffer_append_byte(&path, '\0');
    return path.data;
}

/* What is billed and at what cost is for this user alone; folders above that are missing are as mkdir -p makes them. */
#define FOLDER_MODE 0700
#define ABOVE_MODE 0755

static bool make_one(const char *path, mode_t mode)
{
    struct stat found;
    if (mkdir(path, mode) == 0)
        return true;
    if (errno != EEXIST || stat(path, &found) != 0)
        return false;
    errno = ENOTDIR;
    return S_ISDIR(found.st_mode);
}

bool state_dir_make(const char *path, struct error *error)
{
    char *partial = memory_copy_string(path);
    bool done = true;
    for (char *at = partial + 1; done && *at; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        done = make_one(partial, ABOVE_MODE);
        *at = '/';
    }
    done = done && make_one(partial, FOLDER_MODE);
    free(partial);
    return done || error_fail(error, ERROR_FAILED, "state.dir: cannot make %s: %s", path, strerror(errno));
}

static bool check_name(const char *name, struct error *error)
{
    if (name[0] && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && !strchr(name, '/'))
        return true;
    return error_fail(error, ERROR_INVALID, "state.dir: found '%s', expected a name of one folder below it", name);
}

/* Those of an earlier version were open to all. One that another user made is that user's to close. */
static bool close_to_others(const char *folder, struct error *error)
{
    struct stat found;
    if (stat(folder, &found) == 0 &&
        ((found.st_mode & 077) == 0 || found.st_uid != geteuid() || chmod(folder, FOLDER_MODE) == 0))
        return true;
    return error_fail(error, ERROR_FAILED, "state.dir: cannot keep others out of %s: %s", folder, strerror(errno));
}

/* *held: somebody else has it. */
static bool take_lock(const char *folder, int *lock, bool *held, struct error *error)
{
    char *path = path_of(folder, "lock");
    *held = false;
    *lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*lock < 0) {
        error_fail(error, ERROR_FAILED, "state.dir: cannot write %s: %s", path, strerror(errno));
        free(path);
        return false;
    }
    free(path);
    if (flock(*lock, LOCK_EX | LOCK_NB) == 0)
        return true;
    int why = errno;
    close(*lock);
    *lock = -1;
    if (why != EWOULDBLOCK)
        return error_fail(error, ERROR_FAILED, "state.dir: cannot lock %s: %s", folder, strerror(why));
    *held = true;
    return error_fail(error, ERROR_FAILED, "state.dir: %s is in use by another process", folder);
}

static char *take_folder(const char *root, const char *instance, int *lock, struct error *error)
{
    if (!state_dir_make(root, error))
        return NULL;
    for (unsigned i = 0; i < PROCESSES_MAX; i++) {
        char name[32];
        bool held = false;
        snprintf(name, sizeof name, "process-%u", i);
        char *folder = path_of(root, instance[0] ? instance : name);
        if (state_dir_make(folder, error) && close_to_others(folder, error) && take_lock(folder, lock, &held, error))
            return folder;
        free(folder);
        if (instance[0] || !held)
            return NULL;
    }
    error_fail(error, ERROR_FAILED, "state.dir: %d processes share %s; that is all it takes", PROCESSES_MAX, root);
    return NULL;
}

bool state_dir_take(const char *root, const char *instance, const char *installation, struct state_dir **ret_dir,
                    struct error *error)
{
    int lock = -1;
    if ((instance[0] && !check_name(instance, error)) || !check_name(installation, error))
        return false;
    char *folder = take_folder(root, instance, &lock, error);
    if (!folder)
        return false;
    struct state_dir *dir = memory_new(sizeof *dir);
    dir->path = path_of(folder, installation);
    dir->lock = lock;
    free(folder);
    if (!state_dir_make(dir->path, error)) {
        state_dir_release(dir);
        return false;
    }
    *ret_dir = dir;
    return true;
}

const char *state_dir_path(const struct state_dir *dir)
{
    return dir->path;
}

void state_dir_release(struct state_dir *dir)
{
    if (!dir)
        return;
    if (dir->lock >= 0)
        close(dir->lock);
    free(dir->path);
    free(dir);
}
