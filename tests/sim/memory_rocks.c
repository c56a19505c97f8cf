/* sim/memory_rocks.c: a sorted array of entries that are shared with iterators and with what the disk keeps. */
#include "sim/memory_rocks.h"

#include <stdlib.h>

#include "base/memory.h"
#include "sim/trace.h"

struct entry {
    size_t uses, key_size, value_size;
    char bytes[]; /* key, value */
};

struct image { /* by key */
    struct entry **entries;
    size_t count, capacity;
};

enum operation_kind { PUT, DELETE, DELETE_RANGE };

struct operation {
    enum operation_kind kind;
    struct entry *entry; /* of a range: from key to value */
};

struct rocks_batch {
    struct operation *operations;
    size_t count, capacity, bytes;
};

struct folder {
    char *path;
    struct image durable; /* what a crash leaves at least */
    struct rocks_batch *pending;
    size_t pending_count, pending_capacity;
    bool is_open, crashed, damaged;
};

struct rocks {
    struct folder *folder;
    struct image live;
    char *directory;
    bool refuses; /* a write has failed */
};

struct rocks_iterator {
    struct image image;
    size_t next;
};

static struct {
    struct folder **folders;
    size_t count, capacity;
    struct dice *dice;
    struct memory_disk_faults faults;
    bool full;
    char *locked; /* a folder, or NULL */
} disk;

/* ---- images ---- */

static struct entry *entry_new(struct text key, struct text value)
{
    struct entry *entry = memory_new(sizeof *entry + key.size + value.size + 1);
    *entry = (struct entry){ 1, key.size, value.size };
    memcpy(entry->bytes, key.data ? key.data : "", key.size);
    memcpy(entry->bytes + key.size, value.data ? value.data : "", value.size);
    return entry;
}

static struct entry *entry_use(struct entry *entry)
{
    entry->uses++;
    return entry;
}

static void entry_drop(struct entry *entry)
{
    if (--entry->uses == 0)
        free(entry);
}

static struct text key_of(const struct entry *entry)
{
    return (struct text){ entry->bytes, entry->key_size };
}

static struct text value_of(const struct entry *entry)
{
    return (struct text){ entry->bytes + entry->key_size, entry->value_size };
}

static int compare(struct text a, struct text b)
{
    size_t shorter = a.size < b.size ? a.size : b.size;
    int order = shorter ? memcmp(a.data, b.data, shorter) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

/* The first entry that is not below the key. */
static size_t find(const struct image *image, struct text key)
{
    size_t low = 0, high = image->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (compare(key_of(image->entries[middle]), key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool has_at(const struct image *image, size_t at, struct text key)
{
    return at < image->count && compare(key_of(image->entries[at]), key) == 0;
}

static void image_remove(struct image *image, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++)
        entry_drop(image->entries[i]);
    memmove(image->entries + first, image->entries + end, (image->count - end) * sizeof *image->entries);
    image->count -= end - first;
}

static void image_put(struct image *image, struct entry *entry)
{
    size_t at = find(image, key_of(entry));
    if (has_at(image, at, key_of(entry))) {
        entry_drop(image->entries[at]);
        image->entries[at] = entry_use(entry);
        return;
    }
    image->entries = memory_reserve_one(image->entries, image->count, &image->capacity, sizeof *image->entries);
    memmove(image->entries + at + 1, image->entries + at, (image->count - at) * sizeof *image->entries);
    image->entries[at] = entry_use(entry);
    image->count++;
}

static void image_done(struct image *image)
{
    if (image->count)
        image_remove(image, 0, image->count);
    free(image->entries);
    *image = (struct image){ 0 };
}

/* A part of another image; both share its entries. */
static struct image image_copy(const struct image *image, size_t first, size_t end)
{
    struct image copy = { .count = end - first, .capacity = end - first };
    if (copy.count == 0)
        return copy;
    copy.entries = memory_new_array(copy.count, sizeof *copy.entries);
    for (size_t i = first; i < end; i++)
        copy.entries[i - first] = entry_use(image->entries[i]);
    return copy;
}

static void image_apply(struct image *image, const struct rocks_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct entry *entry = batch->operations[i].entry;
        size_t at = find(image, key_of(entry));
        if (batch->operations[i].kind == PUT)
            image_put(image, entry);
        else if (batch->operations[i].kind == DELETE_RANGE && at < find(image, value_of(entry)))
            image_remove(image, at, find(image, value_of(entry)));
        else if (batch->operations[i].kind == DELETE && has_at(image, at, key_of(entry)))
            image_remove(image, at, at + 1);
    }
}

/* ---- batches ---- */

struct rocks_batch *rocks_batch_new(void)
{
    return memory_new(sizeof(struct rocks_batch));
}

static void batch_add(struct rocks_batch *batch, enum operation_kind kind, struct text key, struct text value)
{
    batch->operations = memory_reserve_one(batch->operations, batch->count, &batch->capacity, sizeof *batch->operations);
    batch->operations[batch->count++] = (struct operation){ kind, entry_new(key, value) };
    batch->bytes += key.size + value.size;
}

void rocks_batch_put(struct rocks_batch *batch, struct text key, struct text value)
{
    batch_add(batch, PUT, key, value);
}

void rocks_batch_delete(struct rocks_batch *batch, struct text key)
{
    batch_add(batch, DELETE, key, TEXT_NONE);
}

void rocks_batch_delete_range(struct rocks_batch *batch, struct text first, struct text end)
{
    batch_add(batch, DELETE_RANGE, first, end);
}

size_t rocks_batch_bytes(const struct rocks_batch *batch)
{
    return batch->bytes;
}

static void batch_clear(struct rocks_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        entry_drop(batch->operations[i].entry);
    free(batch->operations);
    *batch = (struct rocks_batch){ 0 };
}

void rocks_batch_free(struct rocks_batch *batch)
{
    if (!batch)
        return;
    batch_clear(batch);
    free(batch);
}

/* ---- the disk ---- */

static struct folder *find_folder(const char *path)
{
    for (size_t i = 0; i < disk.count; i++)
        if (strcmp(disk.folders[i]->path, path) == 0)
            return disk.folders[i];
    return NULL;
}

static bool is_below(const char *directory, const char *path)
{
    size_t size = strlen(path);
    return strncmp(directory, path, size) == 0 && (directory[size] == '/' || directory[size] == '\0');
}

static struct folder *make_folder(const char *path)
{
    struct folder *folder = memory_new(sizeof *folder);
    folder->path = memory_copy_string(path);
    disk.folders = memory_reserve_one(disk.folders, disk.count, &disk.capacity, sizeof *disk.folders);
    disk.folders[disk.count++] = folder;
    return folder;
}

static void forget_pending(struct folder *folder)
{
    for (size_t i = 0; i < folder->pending_count; i++)
        batch_clear(&folder->pending[i]);
    folder->pending_count = 0;
}

static void remove_folder(size_t at)
{
    struct folder *folder = disk.folders[at];
    CHECK(!folder->is_open);
    image_done(&folder->durable);
    forget_pending(folder);
    free(folder->pending);
    free(folder->path);
    free(folder);
    disk.folders[at] = disk.folders[--disk.count];
}

void memory_disk_remove(const char *path)
{
    for (size_t i = disk.count; i-- > 0;)
        if (is_below(disk.folders[i]->path, path))
            remove_folder(i);
}

void memory_disk_reset(struct dice *dice)
{
    while (disk.count > 0)
        remove_folder(disk.count - 1);
    free(disk.folders);
    free(disk.locked);
    memset(&disk, 0, sizeof disk);
    disk.dice = dice;
}

void memory_disk_set_faults(const struct memory_disk_faults *faults)
{
    disk.faults = *faults;
}

void memory_disk_set_full(bool full)
{
    disk.full = full;
}

void memory_disk_lock(const char *path)
{
    free(disk.locked);
    disk.locked = path ? memory_copy_string(path) : NULL;
}

void memory_disk_crash(const char *path)
{
    for (size_t i = 0; i < disk.count; i++)
        disk.folders[i]->crashed |= disk.folders[i]->is_open && is_below(disk.folders[i]->path, path);
}

size_t memory_disk_open_count(void)
{
    size_t count = 0;
    for (size_t i = 0; i < disk.count; i++)
        count += disk.folders[i]->is_open;
    return count;
}

static bool happens(unsigned per_mille)
{
    return per_mille > 0 && dice_below(disk.dice, 1000) < per_mille;
}

/* ERROR_LATER: the machine lacks something now, as store/rocks.c says it of RocksDB's texts. */
static bool fail(struct error *error, enum error_kind kind, const char *directory, const char *doing, const char *reason)
{
    trace("%s: cannot %s: %s", directory, doing, reason);
    return error_fail(error, kind, "%s: cannot %s: %s", directory, doing, reason);
}

/* ---- rocks.h ---- */

bool rocks_open(const char *directory, const struct rocks_options *options, struct rocks **ret_rocks, struct error *error)
{
    static const char doing[] = "open the state store";
    struct folder *folder = find_folder(directory);
    (void)options;
    if ((folder && folder->is_open) || (disk.locked && is_below(directory, disk.locked)))
        return fail(error, ERROR_LATER, directory, doing, "IO error: lock hold by current process");
    if (disk.full && !folder)
        return fail(error, ERROR_LATER, directory, doing, "IO error: No space left on device");
    if (!folder)
        folder = make_folder(directory);
    folder->damaged = folder->damaged || (folder->durable.count > 0 && happens(disk.faults.corrupt_per_mille));
    if (folder->damaged)
        return fail(error, ERROR_DAMAGED, directory, doing, "Corruption: block checksum mismatch");
    struct rocks *rocks = memory_new(sizeof *rocks);
    rocks->folder = folder;
    rocks->directory = folder->path;
    rocks->live = image_copy(&folder->durable, 0, folder->durable.count);
    folder->is_open = true;
    folder->crashed = false;
    *ret_rocks = rocks;
    return true;
}

/* All that is pending comes to disk; after a crash a first part of it. */
static void bring_to_disk(struct folder *folder, size_t batches)
{
    for (size_t i = 0; i < batches; i++)
        image_apply(&folder->durable, &folder->pending[i]);
    forget_pending(folder);
}

const char *rocks_directory(const struct rocks *rocks)
{
    return rocks->directory;
}

void rocks_close(struct rocks *rocks)
{
    if (!rocks)
        return;
    struct folder *folder = rocks->folder;
    size_t kept = folder->crashed ? (size_t)dice_below(disk.dice, folder->pending_count + 1) : folder->pending_count;
    if (kept < folder->pending_count)
        trace("%s: %zu of %zu batches are lost", folder->path, folder->pending_count - kept, folder->pending_count);
    bring_to_disk(folder, kept);
    folder->is_open = false;
    image_done(&rocks->live);
    free(rocks);
}

void rocks_remove(const char *directory)
{
    struct folder *folder = find_folder(directory);
    if (folder && !folder->is_open)
        memory_disk_remove(directory);
}

static bool check_write(struct rocks *rocks, const char *doing, struct error *error)
{
    bool failed = happens(disk.faults.fail_per_mille);
    if (!disk.full && !failed && !rocks->refuses)
        return true;
    rocks->refuses = true;
    return disk.full ? fail(error, ERROR_LATER, rocks->directory, doing, "IO error: No space left on device")
                     : fail(error, ERROR_DAMAGED, rocks->directory, doing, "IO error: simulated");
}

bool rocks_write(struct rocks *rocks, struct rocks_batch *batch, struct error *error)
{
    struct folder *folder = rocks->folder;
    if (!check_write(rocks, "write to the state store", error)) {
        batch_clear(batch);
        return false;
    }
    image_apply(&rocks->live, batch);
    folder->pending =
        memory_reserve_one(folder->pending, folder->pending_count, &folder->pending_capacity, sizeof *folder->pending);
    folder->pending[folder->pending_count++] = *batch;
    *batch = (struct rocks_batch){ 0 };
    return true;
}

/* It only begins to; whether it is through when the crash comes is a matter of luck. */
bool rocks_flush(struct rocks *rocks, struct error *error)
{
    if (!check_write(rocks, "flush the state store", error))
        return false;
    bring_to_disk(rocks->folder, 0);
    image_done(&rocks->folder->durable);
    rocks->folder->durable = image_copy(&rocks->live, 0, rocks->live.count);
    return true;
}

uint64_t rocks_disk_bytes(const struct rocks *rocks)
{
    return rocks->folder->durable.count;
}

bool rocks_fetch(struct rocks *rocks, struct text key, struct buffer *value, bool *found, struct error *error)
{
    size_t at = find(&rocks->live, key);
    buffer_clear(value);
    if (happens(disk.faults.fail_per_mille))
        return fail(error, ERROR_DAMAGED, rocks->directory, "read the state store", "IO error: simulated");
    *found = has_at(&rocks->live, at, key);
    if (*found)
        buffer_append_text(value, value_of(rocks->live.entries[at]));
    return true;
}

struct rocks_iterator *rocks_iterate(struct rocks *rocks, struct text prefix)
{
    return rocks_iterate_from(rocks, prefix, prefix);
}

struct rocks_iterator *rocks_iterate_from(struct rocks *rocks, struct text prefix, struct text start)
{
    struct rocks_iterator *iterator = memory_new(sizeof *iterator);
    size_t first = find(&rocks->live, start), end = first;
    while (end < rocks->live.count && text_starts_with(key_of(rocks->live.entries[end]), prefix))
        end++;
    iterator->image = image_copy(&rocks->live, first, end);
    return iterator;
}

bool rocks_iterator_next(struct rocks_iterator *iterator, struct text *key, struct text *value)
{
    if (iterator->next >= iterator->image.count)
        return false;
    *key = key_of(iterator->image.entries[iterator->next]);
    *value = value_of(iterator->image.entries[iterator->next]);
    iterator->next++;
    return true;
}

bool rocks_iterator_check(struct rocks_iterator *iterator, struct error *error)
{
    (void)iterator;
    (void)error;
    return true;
}

void rocks_iterator_close(struct rocks_iterator *iterator)
{
    if (!iterator)
        return;
    image_done(&iterator->image);
    free(iterator);
}
