//! The cluster as it is: topics, configuration, lag; and making it as the table wants it.
