"""The books: accounts, the journal of transfers, holds, and the seal that lets outsiders check all of it."""
