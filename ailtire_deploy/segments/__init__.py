"""Who can reach whom in a tree of stacks.

``matrix`` says it from the definition alone: services that stand on one network reach each other at every
port, and beyond that a gateway answers what its face for their network lists. ``asking`` makes the questions
that are asked inside each living network, ``dialogue`` has them travel, ``comparing`` finds where the answers
differ from the matrix, and ``keeping`` is the short form of that which a revision bears.
"""
