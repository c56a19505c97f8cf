/* log/output_dir.c: the only code that renames or removes results. */
#include "log/output_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

#define PARTIAL_NAME ".partial"
#define LOCK_NAME "lock"
#define STATE_NAME "state"

struct output_dir {
    char *path, *partial;
    int lock;
    bool made;
};

static char *join(const char *directory, const char *name)
{
    size_t size = strlen(directory) + strlen(name) + 2;
    char *path = memory_new(size);
    snprintf(path, size, "%s/%s", directory, name);
    return path;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    remove(path);
    return 0;
}

void remove_tree(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Anything besides an interrupted run's .partial means that the folder is somebody's. */
static bool check_empty(const char *path, struct error *error)
{
    DIR *directory = opendir(path);
    if (!directory)
        return error_fail(error, ERROR_FAILED, "%s: cannot use as output folder: %s", path, strerror(errno));
    const struct dirent *entry;
    bool empty = true;
    while (empty && (entry = readdir(directory)))
        empty = is_dots(entry->d_name) || strcmp(entry->d_name, PARTIAL_NAME) == 0;
    if (!empty)
        error_fail(error, ERROR_INVALID, "%s: the output folder is not empty (it holds %.200s); name a new one", path,
                   entry->d_name);
    closedir(directory);
    return empty;
}

static bool take_lock(struct output_dir *dir, struct error *error)
{
    char *path = join(dir->partial, LOCK_NAME);
    dir->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    int reason = errno;
    free(path);
    if (dir->lock < 0)
        return error_fail(error, ERROR_FAILED, "%s: cannot write: %s", dir->partial, strerror(reason));
    if (flock(dir->lock, LOCK_EX | LOCK_NB) != 0)
        return error_fail(error, ERROR_FAILED, "%s: the output folder is in use by another process", dir->path);
    return true;
}

/* What a run that was killed left behind; the lock stays. */
static void remove_leftovers(const struct output_dir *dir)
{
    DIR *directory = opendir(dir->partial);
    const struct dirent *entry;
    while (directory && (entry = readdir(directory))) {
        if (is_dots(entry->d_name) || strcmp(entry->d_name, LOCK_NAME) == 0)
            continue;
        char *path = join(dir->partial, entry->d_name);
        remove_tree(path);
        free(path);
    }
    if (directory)
        closedir(directory);
}

static void dir_free(struct output_dir *dir)
{
    if (dir->lock >= 0)
        close(dir->lock);
    free(dir->path);
    free(dir->partial);
    free(dir);
}

bool output_dir_open(const char *path, struct output_dir **ret_dir, struct error *error)
{
    struct output_dir *dir = memory_new(sizeof *dir);
    dir->path = memory_copy_string(path);
    dir->partial = join(path, PARTIAL_NAME);
    dir->lock = -1;
    dir->made = mkdir(path, 0755) == 0;
    bool done = dir->made || errno == EEXIST ||
                error_fail(error, ERROR_FAILED, "%s: cannot make the output folder: %s", path, strerror(errno));
    done = done && check_empty(path, error);
    done = done && (mkdir(dir->partial, 0755) == 0 || errno == EEXIST ||
                    error_fail(error, ERROR_FAILED, "%s: cannot write: %s", path, strerror(errno)));
    done = done && take_lock(dir, error);
    if (!done) {
        dir_free(dir);
        return false;
    }
    remove_leftovers(dir);
    *ret_dir = dir;
    return true;
}

const char *output_dir_partial(const struct output_dir *dir)
{
    return dir->partial;
}

const char *output_dir_path(const struct output_dir *dir)
{
    return dir->path;
}

bool output_dir_make(const struct output_dir *dir, const char *relative, struct error *error)
{
    char *path = join(dir->partial, relative);
    bool done = true;
    for (char *at = path + strlen(dir->partial) + 1; done && at;) {
        char *slash = strchr(at, '/');
        if (slash)
            *slash = '\0';
        done = mkdir(path, 0755) == 0 || errno == EEXIST ||
               error_fail(error, ERROR_FAILED, "%s: cannot make the folder: %s", path, strerror(errno));
        if (slash)
            *slash = '/';
        at = slash ? slash + 1 : NULL;
    }
    free(path);
    return done;
}

static bool rename_entry(const char *from_folder, const char *to_folder, const char *name, struct error *error)
{
    char *from = join(from_folder, name), *to = join(to_folder, name);
    bool done =
        rename(from, to) == 0 || error_fail(error, ERROR_FAILED, "%s: cannot rename to %s: %s", from, to, strerror(errno));
    free(from);
    free(to);
    return done;
}

static bool sync_directory(const char *path, struct error *error)
{
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = descriptor >= 0 && fsync(descriptor) == 0;
    if (!done)
        error_fail(error, ERROR_FAILED, "%s: cannot sync: %s", path, strerror(errno));
    if (descriptor >= 0)
        close(descriptor);
    return done;
}

/* Names of what has been renamed into the folder, so that a publish that fails can be undone. */
struct moved {
    char **names;
    size_t count, capacity;
};

static bool move_in(const struct output_dir *dir, const char *name, struct moved *moved, struct error *error)
{
    if (!rename_entry(dir->partial, dir->path, name, error))
        return false;
    moved->names = memory_reserve_one(moved->names, moved->count, &moved->capacity, sizeof *moved->names);
    moved->names[moved->count++] = memory_copy_string(name);
    return true;
}

static bool move_all(const struct output_dir *dir, const char *last, struct moved *moved, struct error *error)
{
    DIR *directory = opendir(dir->partial);
    if (!directory)
        return error_fail(error, ERROR_FAILED, "%s: cannot read: %s", dir->partial, strerror(errno));
    const struct dirent *entry;
    bool done = true;
    while (done && (entry = readdir(directory)))
        if (!is_dots(entry->d_name) && strcmp(entry->d_name, LOCK_NAME) != 0 && strcmp(entry->d_name, last) != 0)
            done = move_in(dir, entry->d_name, moved, error);
    closedir(directory);
    return done && sync_directory(dir->path, error) && move_in(dir, last, moved, error) && sync_directory(dir->path, error);
}

static bool publish_entries(const struct output_dir *dir, const char *last, struct error *error)
{
    struct moved moved = { 0 };
    bool done = move_all(dir, last, &moved, error);
    while (moved.count > 0) { /* the last one first: without it there is no result */
        struct error ignored;
        char *name = moved.names[--moved.count];
        bool undone = done || rename_entry(dir->path, dir->partial, name, &ignored);
        (void)undone;
        free(name);
    }
    free(moved.names);
    return done;
}

bool output_dir_publish(struct output_dir *dir, const char *last, struct error *error)
{
    char *state = join(dir->partial, STATE_NAME);
    remove_tree(state);
    free(state);
    if (!publish_entries(dir, last, error))
        return false;
    remove_tree(dir->partial);
    return true;
}

void output_dir_discard(struct output_dir *dir)
{
    if (!dir)
        return;
    remove_tree(dir->partial);
    if (dir->made)
        rmdir(dir->path);
    dir_free(dir);
}

void output_dir_close(struct output_dir *dir)
{
    if (dir)
        dir_free(dir);
}
