/*
 * service/folder.h: a folder that `proforma price` wrote, as something to be served.
 *
 * Bills and line items are put into a view of their own, made in a folder of the system's for temporary files and removed
 * afterwards: memory does not grow with them.
 */
#ifndef SERVICE_FOLDER_H
#define SERVICE_FOLDER_H

#include "service/book.h"
#include "service/source.h"

struct folder;

/*
 * `progress` is called now and then with the rows read so far; it may be NULL.
 * Fails: ERROR_INVALID if there is no summary.json (no result, or not a whole one); ERROR_FAILED if it cannot be read.
 */
MUST_USE bool folder_open(const char *path, void (*progress)(uint64_t rows), struct folder **ret_folder,
                          struct error *error);
void folder_close(struct folder *folder);

/* Live as long as the folder. */
struct book *folder_book(struct folder *folder);
struct view *folder_view(struct folder *folder);
struct source folder_source(struct folder *folder);

#endif
