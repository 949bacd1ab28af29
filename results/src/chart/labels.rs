//! Where do labels go so that none covers another?
//!
//! As near as possible to where they want to be, in the same order, at least a line apart; long ones are cut or
//! broken. It must not know what they say. Read next: `spectrum.rs`, which needs them at line ends.

/// Moves wanted positions apart by at least `gap`, between `low` and `high`; if they do not fit, evenly and
/// as close as they must be. The answer has the order of the question.
#[must_use]
pub(super) fn apart(wanted: &[f64], gap: f64, low: f64, high: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]));
    let gap = gap.min((high - low) / wanted.len().saturating_sub(1).max(1) as f64);
    let mut placed = vec![low; wanted.len()];
    let mut next = low;
    for &i in &order {
        placed[i] = wanted[i].max(next);
        next = placed[i] + gap;
    }
    // Those that were pushed below the end go back up, pushing others.
    let mut last = high;
    for &i in order.iter().rev() {
        placed[i] = placed[i].min(last);
        last = placed[i] - gap;
    }
    placed
}

/// A name of at most so many letters, with an ellipsis where it was cut.
#[must_use]
pub(super) fn cut(name: &str, letters: usize) -> String {
    if name.chars().count() <= letters {
        return name.into();
    }
    let head: String = name.chars().take(letters.saturating_sub(1)).collect();
    format!("{head}…")
}

/// How wide a letter is as a part of its size, on average, in a wide font.
const WIDE: f64 = 0.58;

/// How wide a text is at most, as a rule: nobody knows the reader's font.
pub(super) fn width(text: &str, size: f64) -> f64 {
    WIDE * size * text.chars().count() as f64
}

/// How many letters of this size fit on a sheet, with its margins.
pub(super) fn letters(sheet: f64, size: f64) -> usize {
    ((sheet - 32.0) / (WIDE * size)).max(1.0) as usize
}

/// A text in lines of at most so many letters, broken between words.
pub(super) fn broken(text: &str, letters: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word = cut(word, letters.max(1));
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= letters => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_broken_between_words() {
        assert_eq!(broken("one two three", 8), ["one two", "three"]);
        assert_eq!(broken("incomprehensible", 6), ["incom…"]);
        assert_eq!(broken("", 6), [""; 0]);
    }

    #[test]
    fn labels_keep_their_order_and_their_distance() {
        let placed = apart(&[50.0, 10.0, 51.0, 52.0], 10.0, 0.0, 100.0);
        assert_eq!(placed, [50.0, 10.0, 60.0, 70.0]);
        let placed = apart(&[99.0, 98.0, 97.0], 10.0, 0.0, 100.0);
        assert_eq!(placed, [100.0, 90.0, 80.0]);
    }

    #[test]
    fn too_many_labels_share_the_room() {
        let placed = apart(&[5.0; 5], 10.0, 0.0, 20.0);
        assert_eq!(placed, [0.0, 5.0, 10.0, 15.0, 20.0]);
        assert_eq!(apart(&[], 10.0, 0.0, 20.0), [0.0; 0]);
    }

    #[test]
    fn long_names_are_cut() {
        assert_eq!((cut("tokio", 5), cut("tokio~null", 6)), ("tokio".into(), "tokio…".into()));
    }
}
