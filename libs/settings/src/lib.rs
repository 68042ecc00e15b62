//! Configuration: defaults, file, environment; validated before a socket opens; watched files.
