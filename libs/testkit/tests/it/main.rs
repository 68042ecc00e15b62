//! Tests over real servers, and over the files that describe them.

mod servers;
