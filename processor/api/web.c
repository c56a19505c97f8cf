/* api/web.c: the page's files, from the program itself. */
#include "api/api.h"

/* Nothing from elsewhere, nothing inline. */
#define POLICY                                                                                                             \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " \
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

static const struct web_file *find(struct text path)
{
    if (text_equal(path, TEXT("/")))
        path = TEXT("/index.html");
    for (size_t i = 0; i < web_file_count; i++)
        if (text_equal(path, text_of(web_files[i].path)))
            return &web_files[i];
    return NULL;
}

bool web_knows(struct text path)
{
    return find(path) != NULL;
}

bool web_handle(const struct http_request *request, struct http_response *response)
{
    const struct web_file *file = find(request->path);
    if (!file)
        return false;
    http_response_header(response, "ETag", "\"%s\"", file->tag);
    http_response_header(response, "Cache-Control", "no-cache");
    http_response_header(response, "Content-Security-Policy", "%s", POLICY);
    http_response_header(response, "X-Content-Type-Options", "nosniff");
    http_response_header(response, "Referrer-Policy", "no-referrer");
    struct text known = http_header(request, "if-none-match");
    if (known.size && text_contains(known, text_of(file->tag))) {
        response->status = 304;
        return true;
    }
    response->status = 200;
    response->content_type = file->content_type;
    response->fixed_body = file->bytes;
    return true;
}
