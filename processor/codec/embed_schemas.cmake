# cmake -DOUT=<file.c> -P embed_schemas.cmake -- <file.avsc>…: the files as byte arrays.
set(arrays "")
set(rows "")
set(count 0)
set(in_files FALSE)
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(i RANGE ${last})
  set(argument "${CMAKE_ARGV${i}}")
  if(in_files)
    get_filename_component(name "${argument}" NAME_WE)
    file(READ "${argument}" bytes HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
    string(APPEND arrays "static const unsigned char ${name}_bytes[] = { ${bytes} };\n")
    string(APPEND rows "    { \"${name}\", { (const char *)${name}_bytes, sizeof ${name}_bytes } },\n")
    math(EXPR count "${count} + 1")
  elseif(argument STREQUAL "--")
    set(in_files TRUE)
  endif()
endforeach()
file(WRITE "${OUT}" "/* Generated from the .avsc files by embed_schemas.cmake. */
#include \"codec/schemas.h\"

${arrays}
const struct shipped_schema shipped_schemas[] = {
${rows}};
const size_t shipped_schema_count = ${count};
")
