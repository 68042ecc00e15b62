//! The strongest axes of a set of rows: eigenvectors of their covariance, by Jacobi's rotations (Golub and Van Loan,
//! section 8.5). Slow and plain, so that the result depends on the rows alone.

/// The mean of each column.
pub fn mean(rows: &[f32], width: usize) -> Vec<f64> {
    let mut mean = vec![0.0; width];
    let count = (rows.len() / width) as f64;
    for row in rows.chunks_exact(width) {
        mean.iter_mut().zip(row).for_each(|(sum, x)| *sum += f64::from(*x));
    }
    mean.iter().map(|sum| sum / count).collect()
}

/// How far a row lies along an axis.
pub fn along(row: &[f32], mean: &[f64], axis: &[f64]) -> f64 {
    row.iter().zip(mean).zip(axis).map(|((x, m), a)| (f64::from(*x) - m) * a).sum()
}

/// The axes of the largest variance, the largest first; the largest number of each is positive.
pub fn strongest(rows: &[f32], mean: &[f64], most: usize) -> Vec<Vec<f64>> {
    let (values, vectors) = eigen(covariance(rows, mean), mean.len());
    let mut order: Vec<usize> = (0..mean.len()).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    order.iter().take(most).map(|&at| signed(&vectors[at])).collect()
}

fn signed(axis: &[f64]) -> Vec<f64> {
    let largest = axis.iter().copied().fold(0.0_f64, |best, x| if x.abs() > best.abs() { x } else { best });
    axis.iter().map(|x| x * largest.signum()).collect()
}

fn covariance(rows: &[f32], mean: &[f64]) -> Vec<f64> {
    let width = mean.len();
    let mut out = vec![0.0; width * width];
    for row in rows.chunks_exact(width) {
        let centred: Vec<f64> = row.iter().zip(mean).map(|(x, m)| f64::from(*x) - m).collect();
        for (i, x) in centred.iter().enumerate() {
            let line = &mut out[i * width..(i + 1) * width];
            line.iter_mut().zip(&centred).for_each(|(sum, y)| *sum += x * y);
        }
    }
    out
}

/// Eigenvalues and, in the same order, eigenvectors of a symmetric matrix.
fn eigen(mut a: Vec<f64>, n: usize) -> (Vec<f64>, Vec<Vec<f64>>) {
    let mut vectors: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    for _ in 0..30 {
        let off: f64 = (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| a[i * n + j].powi(2)).sum();
        let all: f64 = a.iter().map(|x| x * x).sum();
        if off <= all * 1e-28 {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut a, &mut vectors, n, p, q);
            }
        }
    }
    ((0..n).map(|i| a[i * n + i]).collect(), vectors)
}

fn rotate(a: &mut [f64], vectors: &mut [Vec<f64>], n: usize, p: usize, q: usize) {
    let apq = a[p * n + q];
    if apq == 0.0 {
        return;
    }
    let theta = (a[q * n + q] - a[p * n + p]) / (2.0 * apq);
    let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let c = 1.0 / (t * t + 1.0).sqrt();
    let s = t * c;
    for k in 0..n {
        let (x, y) = (a[k * n + p], a[k * n + q]);
        (a[k * n + p], a[k * n + q]) = (c * x - s * y, s * x + c * y);
    }
    for k in 0..n {
        let (x, y) = (a[p * n + k], a[q * n + k]);
        (a[p * n + k], a[q * n + k]) = (c * x - s * y, s * x + c * y);
        let (x, y) = (vectors[p][k], vectors[q][k]);
        (vectors[p][k], vectors[q][k]) = (c * x - s * y, s * x + c * y);
    }
}
