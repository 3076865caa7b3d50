"""The summary of rounds."""

from tests.proof import Proof


def test_counts_are_summed_row_by_row_and_a_short_one_is_marked() -> None:
    proof = Proof()
    proof(4, 49, 50, "two at once")
    proof(3, 41, 41, "crash before")
    proof(3, 40, 40, "crash after")
    assert list(proof.lines()) == [
        "row 3: 81 of 81",
        "    40 of 40  crash after",
        "    41 of 41  crash before",
        "row 4: 49 of 50  SHORT",
        "    49 of 50  two at once",
    ]
