//! A cache that asks once for many (single flight) and gives an old answer while it fetches a new one
//! (stale-while-revalidate, RFC 5861).

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// How long answers are good, and how many are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// How long an answer is fresh.
    pub ttl: Duration,
    /// How much longer it may be given while a new one is fetched.
    pub stale: Duration,
    /// Most answers kept.
    pub max_entries: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    fetched: Instant,
    refreshing: AtomicBool,
}

/// Answers by key. Clones share them.
#[derive(Debug, Clone)]
pub struct FreshCache<V: Clone + Send + Sync + 'static> {
    freshness: Freshness,
    entries: moka::future::Cache<String, Arc<Entry<V>>>,
}

impl<V: Clone + Send + Sync + 'static> FreshCache<V> {
    /// An empty cache.
    pub fn new(freshness: Freshness) -> Self {
        let entries = moka::future::Cache::builder()
            .max_capacity(freshness.max_entries)
            .time_to_live(
                freshness
                    .ttl
                    .saturating_add(freshness.stale)
                    .max(Duration::from_millis(1)),
            )
            .build();
        Self { freshness, entries }
    }

    /// The answer for `key`: from the cache, or by `fetch`, which runs once for all who ask at the same time.
    /// A failure is told to all of them and not kept.
    pub async fn get<E, F, Fut>(&self, key: &str, fetch: F) -> Result<V, Arc<E>>
    where
        E: Send + Sync + 'static,
        F: FnOnce() -> Fut + Send,
        Fut: Future<Output = Result<V, E>> + Send + 'static,
    {
        if let Some(entry) = self.entries.get(key).await {
            let age = entry.fetched.elapsed();
            if age <= self.freshness.ttl {
                return Ok(entry.value.clone());
            }
            if age <= self.freshness.ttl.saturating_add(self.freshness.stale) {
                self.refresh(key, &entry, fetch);
                return Ok(entry.value.clone());
            }
            self.entries.invalidate(key).await;
        }
        let fetching = async {
            let value = fetch().await?;
            Ok(entry_now(value))
        };
        self.entries
            .try_get_with(key.to_owned(), fetching)
            .await
            .map(|entry| entry.value.clone())
    }

    fn refresh<E, F, Fut>(&self, key: &str, entry: &Arc<Entry<V>>, fetch: F)
    where
        E: Send + Sync + 'static,
        F: FnOnce() -> Fut + Send,
        Fut: Future<Output = Result<V, E>> + Send + 'static,
    {
        if entry.refreshing.swap(true, Ordering::AcqRel) {
            return;
        }
        let (entries, key, entry, fetching) =
            (self.entries.clone(), key.to_owned(), Arc::clone(entry), fetch());
        tokio::spawn(async move {
            match fetching.await {
                Ok(value) => entries.insert(key, entry_now(value)).await,
                // The next who asks may try; the breaker keeps that from becoming a storm.
                Err(_) => entry.refreshing.store(false, Ordering::Release),
            }
        });
    }
}

fn entry_now<V>(value: V) -> Arc<Entry<V>> {
    Arc::new(Entry {
        value,
        fetched: Instant::now(),
        refreshing: AtomicBool::new(false),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;

    const FRESHNESS: Freshness = Freshness {
        ttl: Duration::from_mins(1),
        stale: Duration::from_mins(10),
        max_entries: 100,
    };

    #[derive(Clone, Default)]
    struct Source(Arc<AtomicU32>);

    impl Source {
        fn next(&self) -> impl Future<Output = Result<u32, String>> + Send + 'static {
            let count = Arc::clone(&self.0);
            async move {
                tokio::task::yield_now().await;
                Ok(count.fetch_add(1, Ordering::SeqCst) + 1)
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn many_askers_make_one_call() {
        let (cache, source) = (FreshCache::new(FRESHNESS), Source::default());
        let (a, b, c) = tokio::join!(
            cache.get("k", || source.next()),
            cache.get("k", || source.next()),
            cache.get("k", || source.next())
        );
        assert_eq!((a, b, c), (Ok(1), Ok(1), Ok(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn an_old_answer_is_given_while_a_new_one_is_fetched() {
        let (cache, source) = (FreshCache::new(FRESHNESS), Source::default());
        assert_eq!(cache.get("k", || source.next()).await, Ok(1));
        tokio::time::advance(Duration::from_secs(61)).await;
        assert_eq!(cache.get("k", || source.next()).await, Ok(1));
        while source.0.load(Ordering::SeqCst) < 2 {
            tokio::task::yield_now().await;
        }
        tokio::task::yield_now().await;
        assert_eq!(cache.get("k", || source.next()).await, Ok(2));
        tokio::time::advance(Duration::from_secs(661)).await;
        assert_eq!(
            cache.get("k", || source.next()).await,
            Ok(3),
            "beyond stale it is fetched before it is given"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_refresh_keeps_the_old_answer_and_a_failed_fetch_is_not_kept() {
        let cache = FreshCache::new(FRESHNESS);
        let failing = || async { Err::<u32, _>("away".to_owned()) };
        assert!(cache.get("k", failing).await.is_err());
        assert_eq!(cache.get("k", || async { Ok::<_, String>(7) }).await, Ok(7));
        tokio::time::advance(Duration::from_secs(61)).await;
        for _ in 0..3 {
            assert_eq!(cache.get("k", failing).await, Ok(7));
            tokio::task::yield_now().await;
        }
    }
}
