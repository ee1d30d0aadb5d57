"""The safeguards that `make test` takes away one by one, once more where everything else goes wrong."""

from tests.rewards.ledger.test_mutations import (  # noqa: F401  (collected here too)
    test_a_mutation_that_finds_nothing_says_so,
    test_the_tests_notice_that,
)
