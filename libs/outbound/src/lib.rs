//! Every call to the outside world: budgets, retries, caches, guards.
