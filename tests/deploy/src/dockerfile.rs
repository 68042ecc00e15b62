//! A Dockerfile as stages of instructions: as much of its language as ours uses. No I/O.

/// One instruction, on one line, without flags that only an engine heeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// `RUN`, `COPY`, `ENV`, …
    pub name: String,
    /// What stands after it.
    pub text: String,
}

/// One `FROM` and what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// What it begins with.
    pub image: String,
    /// Its name (`AS`), if it has one.
    pub name: Option<String>,
    /// What is done, in order.
    pub instructions: Vec<Instruction>,
}

impl Stage {
    /// What stands after each instruction of this name, in order.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let of_name = self.instructions.iter().filter(|one| one.name == name);
        of_name.map(|one| one.text.as_str()).collect()
    }
}

/// Reads a Dockerfile. Instructions before the first `FROM` are passed over.
pub fn stages(text: &str) -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::new();
    for line in logical_lines(text) {
        let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((&line, ""));
        let rest = without_mounts(rest.trim());
        if name.eq_ignore_ascii_case("from") {
            let mut words = rest.split_whitespace();
            let image = words.next().unwrap_or_default().to_owned();
            let name = words.nth(1).map(str::to_owned);
            stages.push(Stage {
                image,
                name,
                instructions: Vec::new(),
            });
        } else if let Some(stage) = stages.last_mut() {
            stage.instructions.push(Instruction {
                name: name.to_ascii_uppercase(),
                text: rest,
            });
        }
    }
    stages
}

/// Lines without comments, continued ones put together.
fn logical_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut open = String::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
        if let Some(begun) = line.trim_end().strip_suffix('\\') {
            open.push_str(begun);
        } else {
            open.push_str(line);
            lines.push(std::mem::take(&mut open));
        }
    }
    lines.retain(|line| !line.trim().is_empty());
    lines
}

/// `--mount=…` is a cache, which a clean folder does not have.
fn without_mounts(text: &str) -> String {
    let mut rest = text;
    while let Some(after) = rest.strip_prefix("--mount=") {
        rest = after
            .split_once(char::is_whitespace)
            .map_or("", |(_, rest)| rest.trim_start());
    }
    rest.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_put_together_and_mounts_left_out() {
        let read = stages(
            "# syntax\nFROM a:1 AS build\nRUN --mount=type=cache,target=/x \\\n    --mount=type=cache,target=/y \\\n  one && \\\n# a remark\n  two\nFROM b\nCOPY --from=build /o/ /\n",
        );
        assert_eq!((read.len(), read[0].name.as_deref()), (2, Some("build")));
        assert_eq!(read[0].all("RUN"), ["one &&   two"]);
        assert_eq!(read[1].all("COPY"), ["--from=build /o/ /"]);
    }
}
