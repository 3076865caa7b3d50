"""Runs inside a container: tries names, addresses and URLs at once, and prints what it found as JSON."""

import json
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.error import HTTPError
from urllib.request import Request, urlopen


def resolve(name):
    try:
        return socket.gethostbyname(name)
    except OSError:
        return ""


def accepts(address):
    try:
        with socket.create_connection(address, timeout=2):
            return True
    except OSError:
        return False


def fetch(question):
    method, url, headers = question
    try:
        with urlopen(Request(url, method=method, headers=headers), timeout=5) as answer:
            return answer.status
    except HTTPError as error:
        return error.code
    except OSError as error:
        return str(error)


questions = json.loads(sys.argv[1])
with ThreadPoolExecutor(64) as pool:
    names = questions.get("names", [])
    addresses = [tuple(each) for each in questions.get("addresses", [])]
    found = dict(zip(names, pool.map(resolve, names), strict=True))
    known = {name: address for name, address in found.items() if address}
    accepted = dict(zip(addresses, pool.map(accepts, addresses), strict=True))
    opened = [address for address, accepting in accepted.items() if accepting]
    answers = list(pool.map(fetch, questions.get("requests", [])))
print(json.dumps({"known": known, "open": opened, "answers": answers}))
