//! Prints the table of instruments as JSON, for those who draw dashboards: `just dashboards`.
#![expect(clippy::print_stdout, reason = "it is what the program is for")]

fn main() -> Result<(), serde_json::Error> {
    let rows = telemetry::INSTRUMENTS.iter().map(|row| {
        let mut value = serde_json::to_value(row)?;
        value["family"] = row.family().into();
        value["series"] = row.series().into();
        Ok::<_, serde_json::Error>(value)
    });
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    println!("{}", serde_json::to_string_pretty(&rows)?);
    Ok(())
}
