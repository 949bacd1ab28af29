//! How fast is a site crawled, many requests at once, no page twice?
//!
//! One operation finds every page that the root of a seeded site leads to. A task is started for each page as
//! soon as a link to it is seen; it waits for one of `at_once` permits of the runner's semaphore, fetches the page
//! over a connection that is free then, finds the links in its text, and reports. There are as many connections as
//! permits, kept from crawl to crawl. Half of the pages come in chunks.
//!
//! It cannot tell what a crawler does besides: names, politeness, parsing of real pages. The set of seen pages is
//! kept by one task, so it is no contended lock.

use crate::{
    Class, Digest, Erased, Measure, Needs, ParameterError, Parameters, Peer, Profile, Receiver,
    Runtime, Semaphore, Sender, Shape, Surroundings, Workload, http,
    site::{MOST_PAGES, Resource, Site},
    wire::Wire,
};
use std::{
    collections::HashSet,
    io,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

/// See the module's documentation.
#[derive(Debug)]
pub struct Crawl {
    pages: u64,
    at_once: u32,
    page_bytes: u64,
    seed: u64,
    answers: OnceLock<Vec<Digest>>,
}

/// A page as its task reports it.
#[derive(Debug)]
pub struct Page {
    digest: Digest,
    links: Vec<String>,
}

/// One actor's connections, at rest between crawls, and how its tasks report.
pub struct State<R: Runtime> {
    desk: Arc<Desk<R>>,
    found: R::Receiver<io::Result<Page>>,
    report: R::Sender<io::Result<Page>>,
    next: u64,
}

/// What the tasks of an actor share.
struct Desk<R: Runtime> {
    permits: R::Semaphore,
    /// Those that nobody uses. Whoever has a permit finds one; the lock is never held over an await.
    connections: Mutex<Vec<Wire<R::Tcp>>>,
}

/// How many different sites there are: crawls that follow one another differ, and the peer keeps all pages.
const VARIANTS: u64 = 4;

impl Workload for Crawl {
    type State<R: Runtime> = State<R>;
    type Port = Erased;

    const PROFILE: Profile = Profile {
        name: "crawl",
        question: "How fast is a site of linked pages crawled, with a bound on requests at once?",
        class: Class::Io,
        shape: Shape::Session,
        measure: Measure::Makespan,
        parameters: &[("pages", "64"), ("at_once", "8"), ("bytes", "2048")],
        actors: 4,
        figures: &[],
    };

    fn new(parameters: &Parameters, seed: u64) -> Result<Self, ParameterError> {
        Ok(Self {
            pages: parameters.number("pages", 1, MOST_PAGES.min(4096))?,
            at_once: parameters.number("at_once", 1, 256)? as u32,
            // The peer keeps four sites.
            page_bytes: parameters.number("bytes", 0, 4 << 10)?,
            seed,
            answers: OnceLock::new(),
        })
    }

    fn needs(&self, actors: u32) -> Needs {
        Needs {
            // The crawl waits for its requests, and the label promises so many of them at once.
            waiting_tasks: (self.at_once + 1).saturating_mul(actors),
            // By a channel and not by a join, but it waits all the same for tasks that it has started.
            nested_join: true,
            peer: Some(Peer::Http),
            live_tasks: self.pages * u64::from(actors),
            descriptors: u64::from(self.at_once) * u64::from(actors),
            ..Needs::default()
        }
    }

    async fn open<R: Runtime>(
        &self,
        runtime: R,
        surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<Self::State<R>> {
        let mut connections = Vec::new();
        let (report, found) = runtime.channel(self.at_once as usize);
        for _ in 0..self.at_once {
            connections.push(Wire::new(runtime.connect(surroundings.peer()?).await?));
        }
        let permits = runtime.semaphore(self.at_once as usize);
        let desk = Arc::new(Desk { permits, connections: Mutex::new(connections) });
        Ok(State { desk, found, report, next: u64::from(actor) })
    }

    async fn operation<R: Runtime>(
        &self,
        runtime: R,
        state: &mut Self::State<R>,
    ) -> io::Result<Digest> {
        let root = Resource::Page(self.site(state.next), 0).to_string();
        state.next += 1;
        let mut seen = HashSet::from([root.clone()]);
        let mut waiting = vec![root];
        let mut asked = 0;
        let mut sum = Digest::default();
        loop {
            while let Some(path) = waiting.pop() {
                runtime.detach(visit::<R>(path, Arc::clone(&state.desk), state.report.clone()));
                asked += 1;
            }
            if asked == 0 {
                return Ok(sum);
            }
            let page = state.found.receive().await.ok_or_else(gone)??;
            asked -= 1;
            sum = sum.plus(page.digest);
            for path in page.links {
                if !seen.contains(&path) {
                    seen.insert(path.clone());
                    waiting.push(path);
                }
            }
        }
    }

    async fn close<R: Runtime>(&self, _runtime: R, _state: Self::State<R>) -> io::Result<()> {
        Ok(())
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        let answers = self
            .answers
            .get_or_init(|| (0..VARIANTS).map(|number| answer(self.site(number))).collect());
        answers[((u64::from(actor) + index) % VARIANTS) as usize]
    }
}

impl Crawl {
    fn site(&self, number: u64) -> Site {
        let seed = self.seed.wrapping_add(number % VARIANTS);
        Site { seed, pages: self.pages, page_bytes: self.page_bytes }
    }
}

/// Fetches a page and reports it, when its permit is free for others.
async fn visit<R: Runtime>(
    path: String,
    desk: Arc<Desk<R>>,
    mut report: R::Sender<io::Result<Page>>,
) {
    let page = fetch(path, &desk).await;
    // Nobody else may hold on to the connections once the crawl knows all pages.
    drop(desk);
    // Nobody listens any more when the crawl was given up.
    let _ = report.send(page).await;
}

/// Fetches a page and finds its links, as soon as there is a permit.
async fn fetch<R: Runtime>(path: String, desk: &Desk<R>) -> io::Result<Page> {
    let mut body = Vec::new();
    {
        let _permit = desk.permits.acquire().await;
        let mut wire = desk.take().ok_or_else(excess)?;
        http::get(&mut wire, path, |piece| body.extend_from_slice(piece)).await?;
        desk.give_back(wire);
    }
    Ok(Page { digest: Digest::of_bytes(&body), links: links(&body) })
}

impl<R: Runtime> Desk<R> {
    fn take(&self) -> Option<Wire<R::Tcp>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn give_back(&self, wire: Wire<R::Tcp>) {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner).push(wire);
    }
}

/// The links in a page's text. Ours are simple; this is no parser of HTML.
fn links(body: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(body);
    let starts = text.split("<a href=\"").skip(1);
    starts.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
}

/// The semaphore has let in more than it may.
fn excess() -> io::Error {
    io::Error::other("more tasks hold a permit than there are permits")
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "a task of the crawl is gone")
}

/// What a crawl finds, by a search of the site's definition: no text is parsed, nobody is asked.
fn answer(site: Site) -> Digest {
    let mut reached = vec![false; site.pages as usize];
    let mut ahead = vec![0];
    let mut sum = Digest::default();
    while let Some(number) = ahead.pop() {
        if !std::mem::replace(&mut reached[number as usize], true) {
            sum = sum.plus(Digest::of_bytes(&Resource::Page(site, number).body()));
            ahead.extend(site.links(number));
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_have_edges() {
        let with = |values: &'static str| {
            Parameters::parse(&Crawl::PROFILE, values.split(':')).and_then(|p| Crawl::new(&p, 1))
        };
        assert!(with("0").is_err() && with("4097").is_err() && with("4096").is_ok());
        assert!(
            with("64:at_once=0").is_err()
                && with("at_once=257").is_err()
                && with("1:at_once=256").is_ok()
        );
        assert!(with("bytes=4097").is_err() && with("bytes=0").is_ok());
    }

    #[test]
    fn the_answer_is_that_of_the_pages_that_can_be_reached_each_once() {
        let site = Site { seed: 5, pages: 64, page_bytes: 100 };
        // Another way: the set of pages that lead on, grown until it does not grow.
        let mut reached = std::collections::BTreeSet::from([0]);
        loop {
            let grown: std::collections::BTreeSet<_> =
                reached.iter().flat_map(|page| site.links(*page)).chain(reached.clone()).collect();
            if grown == reached {
                break;
            }
            reached = grown;
        }
        assert!((20..57).contains(&reached.len()), "{}", reached.len());
        let pages =
            reached.iter().map(|page| Digest::of_bytes(&Resource::Page(site, *page).body()));
        assert_eq!(answer(site), pages.fold(Digest::default(), Digest::plus));
    }

    #[test]
    fn links_are_found_in_the_text() {
        let site = Site { seed: 5, pages: 64, page_bytes: 500 };
        let found = links(&Resource::Page(site, 3).body());
        let expected = site.links(3).map(|target| Resource::Page(site, target).to_string());
        assert!(found.iter().cloned().eq(expected), "{found:?}");
        assert_eq!(links(b"<a href=\"/half"), Vec::<String>::new());
    }
}
