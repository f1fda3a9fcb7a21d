# inarch_embed(<symbol> <output.cpp> <base-dir> <files...>): the files' text as a table
# `inarch::embedded::<symbol>()` of {relative name, content}, so that the binary needs no data directory.
function(inarch_embed symbol output base)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DSYMBOL=${symbol} -DOUTPUT=${output} -DBASE=${base} "-DFILES=${ARGN}"
            -P ${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake
    DEPENDS ${ARGN} ${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake
    VERBATIM)
endfunction()
