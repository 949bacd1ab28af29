//! What does the HTTP peer serve?
//!
//! Bodies that are a function of their path alone, so that the peer keeps no state and whoever asks can say
//! what must come without asking: pages of a site that link to one another, and plain bytes. Peer and oracle
//! share this definition and nothing else. It knows nothing of HTTP but the path.

use crate::{Digest, draw};
use std::fmt::{self, Display, Write as _};

/// Beyond this a body is not made: the peer keeps what it has made.
pub const MOST_BODY_BYTES: u64 = 16 << 20;
/// As many pages as a site may have.
pub const MOST_PAGES: u64 = 1 << 16;
/// How many links a page has; some lead to the same page, and some to where they stand.
const LINKS: u64 = 5;
/// One page in so many lies on an island: no page from elsewhere leads to it.
const ISLAND: u64 = 8;

/// A site of linked pages. The first, 0, is its root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    /// Decides links and texts.
    pub seed: u64,
    /// How many there are.
    pub pages: u64,
    /// How long each is at least.
    pub page_bytes: u64,
}

/// Something that has a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// A page of a site.
    Page(Site, u64),
    /// Bytes that look random.
    Bytes {
        /// Decides them.
        seed: u64,
        /// How many.
        bytes: u64,
        /// Whether they are sent in chunks, their number being unknown at the start.
        chunked: bool,
    },
}

impl Display for Resource {
    /// Its path.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Page(Site { seed, pages, page_bytes }, number) => {
                write!(formatter, "/site/{seed}/{pages}/{page_bytes}/{number}")
            }
            Self::Bytes { seed, bytes, chunked } => {
                let kind = if *chunked { "chunked" } else { "bytes" };
                write!(formatter, "/{kind}/{seed}/{bytes}")
            }
        }
    }
}

impl Resource {
    /// What has this path, if anything.
    #[must_use]
    pub fn find(path: &str) -> Option<Self> {
        let mut parts = path.strip_prefix('/')?.split('/');
        let kind = parts.next()?;
        let numbers = parts.map(|part| part.parse().ok()).collect::<Option<Vec<u64>>>()?;
        match (kind, numbers[..].as_ref()) {
            ("site", &[seed, pages @ 1..=MOST_PAGES, page_bytes @ ..=MOST_BODY_BYTES, number])
                if number < pages =>
            {
                Some(Self::Page(Site { seed, pages, page_bytes }, number))
            }
            ("bytes" | "chunked", &[seed, bytes @ ..=MOST_BODY_BYTES]) => {
                Some(Self::Bytes { seed, bytes, chunked: kind == "chunked" })
            }
            _ => None,
        }
    }

    /// Whether it is sent in chunks.
    #[must_use]
    pub fn is_chunked(&self) -> bool {
        match self {
            // Every other page, so that a crawler must read both.
            Self::Page(_, number) => number % 2 == 1,
            Self::Bytes { chunked, .. } => *chunked,
        }
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        match *self {
            Self::Page(site, number) => site.page(number),
            Self::Bytes { seed, bytes, .. } => {
                let words = (0..bytes.div_ceil(8)).map(|at| draw::below(u64::MAX, seed, 0, at));
                let mut body: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
                body.truncate(bytes as usize);
                body
            }
        }
    }
}

impl Site {
    /// Where a page leads to, with repetitions.
    pub fn links(self, number: u64) -> impl Iterator<Item = u64> {
        let on_island = |number| number % ISLAND == ISLAND - 1;
        (0..LINKS).map(move |link| {
            let target = draw::below(self.pages, self.seed, number as u32, link);
            if on_island(target) && !on_island(number) { target - 1 } else { target }
        })
    }

    /// Text with the links in the midst of it.
    fn page(self, number: u64) -> Vec<u8> {
        let mut page = format!("<!doctype html>\n<title>Page {number}</title>\n");
        for (at, target) in (0..).zip(self.links(number)) {
            let words = self.page_bytes / LINKS / 17;
            for word in 0..words {
                let place = (number << 32) + at * words + word;
                let _ = write!(page, "{:016x} ", Digest::of_number(self.seed ^ place).0);
            }
            let _ = writeln!(page, "<a href=\"{}\">{target}</a>", Resource::Page(self, target));
        }
        page.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: Site = Site { seed: 3, pages: 64, page_bytes: 2048 };

    #[test]
    fn a_path_leads_back_to_what_it_names() {
        for resource in [
            Resource::Page(SITE, 63),
            Resource::Bytes { seed: u64::MAX, bytes: 0, chunked: false },
            Resource::Bytes { seed: 0, bytes: MOST_BODY_BYTES, chunked: true },
        ] {
            assert_eq!(Resource::find(&resource.to_string()), Some(resource));
        }
        for path in [
            "",
            "/",
            "site/1/1/1/0",
            "/site/1/64/2048/64",
            "/site/1/0/9/0",
            "/bytes/1/16777217",
            "/bytes/1/-1",
            "/bytes/1/1/1",
        ] {
            assert_eq!(Resource::find(path), None, "{path}");
        }
    }

    #[test]
    fn islands_are_out_of_reach_and_a_page_names_its_links_and_no_others() {
        for number in 0..SITE.pages {
            let links: Vec<_> = SITE.links(number).collect();
            assert!(links.iter().all(|target| *target < SITE.pages));
            assert!(number % 8 == 7 || links.iter().all(|target| target % 8 != 7), "{number}");
            let page = String::from_utf8(SITE.page(number)).unwrap();
            let paths = page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
            let expected = links.iter().map(|target| Resource::Page(SITE, *target).to_string());
            assert!(paths.eq(expected), "{page}");
        }
    }

    #[test]
    fn bodies_are_as_long_as_their_paths_say_and_differ() {
        let body = |seed, bytes| Resource::Bytes { seed, bytes, chunked: false }.body();
        assert_eq!(body(1, 4099).len(), 4099);
        assert_ne!(body(1, 64), body(2, 64));
        assert_ne!(body(1, 64)[..8], body(1, 64)[8..16]);
        let sizes = (0..SITE.pages).map(|number| SITE.page(number).len());
        assert!(sizes.clone().all(|bytes| (2000..2600).contains(&bytes)), "{:?}", sizes.max());
    }
}
