//! From a citizen's text to a typed request: services files, the compiled rule table, explain and lint.
