//! Standard output is what was asked for; standard error is everything else. Colours only where a person reads.

use clap::ValueEnum;
use std::fmt::Display;
use std::io::{ErrorKind, Write};

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

pub(crate) const GOOD: anstyle::Style = anstyle::AnsiColor::Green.on_default();
pub(crate) const WARNING: anstyle::Style = anstyle::AnsiColor::Yellow.on_default();
pub(crate) const BAD: anstyle::Style = anstyle::AnsiColor::Red.on_default().bold();
pub(crate) const STRONG: anstyle::Style = anstyle::Style::new().bold();

/// Applies the choice to everything that is printed from here on.
pub(crate) fn choose_colors(color: Color) {
    match color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    }
    .write_global();
}

/// Prints one line of what was asked for.
pub(crate) fn say(line: impl Display) {
    written(writeln!(anstream::stdout(), "{line}"));
}

/// Prints one line about what is going on.
pub(crate) fn tell(line: impl Display) {
    written(writeln!(anstream::stderr(), "{line}"));
}

/// Prints why the command failed.
pub(crate) fn complain(failure: impl Display) {
    tell(format_args!("{BAD}error:{BAD:#} {failure}"));
}

/// The text in this style.
pub(crate) fn styled(style: anstyle::Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Whoever reads through a pipe may stop reading (`| head`): nothing is left to be done then.
fn written(result: std::io::Result<()>) {
    if result.is_err_and(|error| error.kind() == ErrorKind::BrokenPipe) {
        std::process::exit(0);
    }
}
