/* settings/document.h: the table of properties as texts for operators. */
#ifndef SETTINGS_DOCUMENT_H
#define SETTINGS_DOCUMENT_H

#include "base/buffer.h"

void settings_help(struct buffer *out);        /* for --help */
void settings_sample_file(struct buffer *out); /* config/proforma.conf */
void settings_reference(struct buffer *out);   /* config/CONFIGURATION.md */

#endif
