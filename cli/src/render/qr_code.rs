//! QR codes of URLs, so that a phone can open what a terminal shows.

use super::console::Console;
use super::printable::Printable;

/// The width of the quiet zone in modules; two are enough for the cameras of today.
const QUIET_ZONE: usize = 2;

impl Console {
    /// Shows a URL as a QR code, if stdout is a terminal that can show it.
    pub(crate) fn qr_code(&self, url: &str) {
        if let Some(width) = self.width().filter(|_| self.can_draw())
            && let Some(rows) = rows(url, width)
        {
            // Light on dark, whatever the colours of the terminal are.
            let style = anstyle::AnsiColor::BrightWhite.on(anstyle::AnsiColor::Black);
            rows.iter().for_each(|row| self.data(&Printable::styled(style, row).end()));
        }
    }
}

/// Draws the QR code in half blocks, or returns `None` if it does not fit into `width` columns.
fn rows(url: &str, width: usize) -> Option<Vec<String>> {
    let code = qrcode::QrCode::with_error_correction_level(url, qrcode::EcLevel::L).ok()?;
    let size = code.width();
    let side = size.saturating_add(2 * QUIET_ZONE);
    if side > width {
        return None;
    }
    let inside = |at: usize| at.checked_sub(QUIET_ZONE).filter(|at| *at < size);
    let is_dark = |x: usize, y: usize| match (inside(x), inside(y)) {
        (Some(x), Some(y)) => code[(x, y)] == qrcode::Color::Dark,
        _ => false,
    };
    let row = |y: usize| {
        let cell = |x: usize| match (is_dark(x, y), is_dark(x, y.saturating_add(1))) {
            // The light modules are the ones that are drawn.
            (false, false) => '█',
            (false, true) => '▀',
            (true, false) => '▄',
            (true, true) => ' ',
        };
        (0..side).map(cell).collect()
    };
    Some((0..side).step_by(2).map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the drawing back as a camera would, module by module.
    #[test]
    fn the_drawing_is_the_code_of_the_url() {
        let url = "https://auth.trakt.tv/activate/5055CC52";
        let modules: Vec<Vec<bool>> = rows(url, 80)
            .unwrap()
            .iter()
            .flat_map(|line| {
                let upper = line.chars().map(|c| matches!(c, ' ' | '▄')).collect();
                let lower = line.chars().map(|c| matches!(c, ' ' | '▀')).collect();
                [upper, lower]
            })
            .collect();
        let side = modules[0].len();
        assert!(modules.len() == side + side % 2 && modules.iter().all(|row| row.len() == side));
        let code = qrcode::QrCode::with_error_correction_level(url, qrcode::EcLevel::L).unwrap();
        for y in 0..modules.len() {
            for x in 0..side {
                let inside = |at: usize| (QUIET_ZONE..side - QUIET_ZONE).contains(&at);
                let expected = inside(x) && inside(y) && code[(x - QUIET_ZONE, y - QUIET_ZONE)] == qrcode::Color::Dark;
                assert_eq!(modules[y][x], expected, "{x}, {y}");
            }
        }
        assert!(rows(url, side).is_some() && rows(url, side - 1).is_none());
    }
}
