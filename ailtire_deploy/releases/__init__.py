"""Releases at the gateway: the next version of a service runs beside it, and gets its requests step by step.

Pure. ``course`` says where a release stands next, ``stages`` how that is kept in Swarm, ``wishes`` what it
means for the services of a stack, ``counting`` when it is too bad, ``asking`` what a person can do about it.
"""
